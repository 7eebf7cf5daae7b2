//! How files store numbers.
//!
//! Packed encodings as in `ggml-common.h` of <https://github.com/ggml-org/ggml>.

/// Numbers in a small block.
const SMALL: usize = 32;
/// Numbers in a large block.
const LARGE: usize = 256;

/// The kinds of number that weight files hold, little-endian.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StoredDtype {
    /// IEEE double.
    F64,
    /// IEEE single.
    F32,
    /// IEEE half.
    F16,
    /// The upper half of an f32.
    Bf16,
    /// 1 sign, 4 exponent, 3 mantissa bits, no infinity. Source: <https://arxiv.org/abs/2209.05433>
    F8E4m3,
    /// 1 sign, 5 exponent, 2 mantissa bits: the upper half of an f16.
    F8E5m2,
    /// Signed, 64 bits.
    I64,
    /// Signed, 32 bits.
    I32,
    /// Signed, 16 bits.
    I16,
    /// Unsigned, 32 bits.
    U32,
    /// Unsigned, 8 bits.
    U8,
    /// Signed, 8 bits.
    I8,
    /// One byte, 0 or 1.
    Bool,
}

impl StoredDtype {
    /// Bytes of one number.
    pub fn bytes(self) -> usize {
        match self {
            Self::F64 | Self::I64 => 8,
            Self::F32 | Self::I32 | Self::U32 => 4,
            Self::F16 | Self::Bf16 | Self::I16 => 2,
            Self::F8E4m3 | Self::F8E5m2 | Self::U8 | Self::I8 | Self::Bool => 1,
        }
    }
}

/// How the numbers of a tensor are stored: one by one, or packed in blocks as ggml does, named as there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names are those of ggml")]
pub enum Encoding {
    /// One after the other.
    Plain(StoredDtype),
    /// Numbers that nothing here can read, by their name.
    Unsupported(&'static str),
    Q4_0,
    Q4_1,
    Q5_0,
    Q5_1,
    Q8_0,
    Q2K,
    Q3K,
    Q4K,
    Q5K,
    Q6K,
}

impl Encoding {
    /// By ggml's number for it; `None` if it is not known here.
    pub fn from_id(id: u32) -> Option<Self> {
        Some(match id {
            0 => Self::Plain(StoredDtype::F32),
            1 => Self::Plain(StoredDtype::F16),
            2 => Self::Q4_0,
            3 => Self::Q4_1,
            6 => Self::Q5_0,
            7 => Self::Q5_1,
            8 => Self::Q8_0,
            10 => Self::Q2K,
            11 => Self::Q3K,
            12 => Self::Q4K,
            13 => Self::Q5K,
            14 => Self::Q6K,
            24 => Self::Plain(StoredDtype::I8),
            25 => Self::Plain(StoredDtype::I16),
            26 => Self::Plain(StoredDtype::I32),
            27 => Self::Plain(StoredDtype::I64),
            28 => Self::Plain(StoredDtype::F64),
            30 => Self::Plain(StoredDtype::Bf16),
            _ => return None,
        })
    }

    /// Numbers and bytes of a block.
    pub fn layout(self) -> (usize, usize) {
        match self {
            Self::Plain(stored) => (1, stored.bytes()),
            Self::Unsupported(_) => (1, 1),
            Self::Q4_0 => (SMALL, 18),
            Self::Q4_1 => (SMALL, 20),
            Self::Q5_0 => (SMALL, 22),
            Self::Q5_1 => (SMALL, 24),
            Self::Q8_0 => (SMALL, 34),
            Self::Q2K => (LARGE, 84),
            Self::Q3K => (LARGE, 110),
            Self::Q4K => (LARGE, 144),
            Self::Q5K => (LARGE, 176),
            Self::Q6K => (LARGE, 210),
        }
    }
}
