//! How ggml packs numbers: blocks of a few bits each, with scales.
//!
//! Layouts as in `ggml-common.h` and `ggml-quants.c` of <https://github.com/ggml-org/ggml>. Fields are named as there:
//! `d` scales a block, `m` or `dmin` is its minimum, `qs` are the low bits, `qh` the high ones.

use super::super::numbers::StoredDtype;
use half::f16;
use rayon::prelude::*;

/// Numbers in a small block.
const SMALL: usize = 32;
/// Numbers in a large block.
const LARGE: usize = 256;
/// Blocks that a thread takes.
const BLOCKS_PER_TASK: usize = 512;

/// A way of packing numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum GgmlType {
    /// One after the other.
    Plain(StoredDtype),
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

impl GgmlType {
    /// By ggml's number for it; `None` if it is not known here.
    pub(super) fn from_id(id: u32) -> Option<Self> {
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
    pub(super) fn layout(self) -> (usize, usize) {
        match self {
            Self::Plain(stored) => (1, stored.bytes()),
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

/// The numbers in whole blocks, by all threads. Nothing for [`GgmlType::Plain`], which is no packing.
pub(super) fn unpack(data: &[u8], packing: GgmlType) -> Vec<f32> {
    let unpack: fn(&[u8], &mut [f32]) = match packing {
        GgmlType::Plain(_) => return Vec::new(),
        GgmlType::Q4_0 => q4_0,
        GgmlType::Q4_1 => q4_1,
        GgmlType::Q5_0 => q5_0,
        GgmlType::Q5_1 => q5_1,
        GgmlType::Q8_0 => q8_0,
        GgmlType::Q2K => q2_k,
        GgmlType::Q3K => q3_k,
        GgmlType::Q4K => q4_k,
        GgmlType::Q5K => q5_k,
        GgmlType::Q6K => q6_k,
    };
    let (numbers, bytes) = packing.layout();
    let mut out = vec![0.0; data.len() / bytes * numbers];
    out.par_chunks_mut(BLOCKS_PER_TASK * numbers)
        .zip(data.par_chunks(BLOCKS_PER_TASK * bytes))
        .for_each(|(out, data)| {
            for (out, block) in out.chunks_exact_mut(numbers).zip(data.chunks_exact(bytes)) {
                unpack(block, out);
            }
        });
    out
}

fn half(block: &[u8], at: usize) -> f32 {
    f16::from_le_bytes([block[at], block[at + 1]]).to_f32()
}

fn q4_0(block: &[u8], out: &mut [f32]) {
    let (d, qs) = (half(block, 0), &block[2..]);
    for (j, q) in qs.iter().enumerate() {
        out[j] = d * (f32::from(q & 15) - 8.0);
        out[j + SMALL / 2] = d * (f32::from(q >> 4) - 8.0);
    }
}

fn q4_1(block: &[u8], out: &mut [f32]) {
    let (d, m, qs) = (half(block, 0), half(block, 2), &block[4..]);
    for (j, q) in qs.iter().enumerate() {
        out[j] = d * f32::from(q & 15) + m;
        out[j + SMALL / 2] = d * f32::from(q >> 4) + m;
    }
}

/// The fifth bits of both halves' `j`-th numbers, in place.
fn fifth(qh: &[u8], j: usize) -> (u8, u8) {
    let bit = |index: usize| (qh[index / 8] >> (index % 8) & 1) << 4;
    (bit(j), bit(j + SMALL / 2))
}

fn q5_0(block: &[u8], out: &mut [f32]) {
    let (d, qh, qs) = (half(block, 0), &block[2..6], &block[6..]);
    for (j, q) in qs.iter().enumerate() {
        let (low, high) = fifth(qh, j);
        out[j] = d * (f32::from(q & 15 | low) - 16.0);
        out[j + SMALL / 2] = d * (f32::from(q >> 4 | high) - 16.0);
    }
}

fn q5_1(block: &[u8], out: &mut [f32]) {
    let (d, m, qh, qs) = (half(block, 0), half(block, 2), &block[4..8], &block[8..]);
    for (j, q) in qs.iter().enumerate() {
        let (low, high) = fifth(qh, j);
        out[j] = d * f32::from(q & 15 | low) + m;
        out[j + SMALL / 2] = d * f32::from(q >> 4 | high) + m;
    }
}

fn q8_0(block: &[u8], out: &mut [f32]) {
    let d = half(block, 0);
    for (out, q) in out.iter_mut().zip(&block[2..]) {
        *out = d * f32::from(q.cast_signed());
    }
}

/// Sixteen groups of 16, each with a 4-bit scale and a 4-bit minimum.
fn q2_k(block: &[u8], out: &mut [f32]) {
    let (scales, qs) = (&block[..16], &block[16..80]);
    let (d, dmin) = (half(block, 80), half(block, 82));
    for (group, out) in out.chunks_exact_mut(16).enumerate() {
        // 128 numbers share 32 bytes, two bits of each byte at a time.
        let (part, shift) = (group / 8, 2 * (group % 8 / 2));
        let qs = &qs[32 * part + 16 * (group % 2)..];
        let (scale, min) = (d * f32::from(scales[group] & 15), dmin * f32::from(scales[group] >> 4));
        for (out, q) in out.iter_mut().zip(qs) {
            *out = scale * f32::from(q >> shift & 3) - min;
        }
    }
}

/// Sixteen groups of 16, each with a 6-bit scale; the third bits are apart.
fn q3_k(block: &[u8], out: &mut [f32]) {
    let (hmask, qs, packed) = (&block[..32], &block[32..96], &block[96..108]);
    let d = half(block, 108);
    for (group, out) in out.chunks_exact_mut(16).enumerate() {
        let low = packed[group % 8] >> (4 * (group / 8)) & 15;
        let high = packed[8 + group % 4] >> (2 * (group / 4)) & 3;
        let scale = d * (f32::from(low | high << 4) - 32.0);
        let (part, shift) = (group / 8, 2 * (group % 8 / 2));
        let (from, bit) = (16 * (group % 2), 4 * part + group % 8 / 2);
        for (l, out) in out.iter_mut().enumerate() {
            let q = qs[32 * part + from + l] >> shift & 3;
            let missing = if hmask[from + l] >> bit & 1 == 0 { 4.0 } else { 0.0 };
            *out = scale * (f32::from(q) - missing);
        }
    }
}

/// 6-bit scale and minimum of one of eight groups, packed in twelve bytes.
fn scale_min(packed: &[u8], group: usize) -> (f32, f32) {
    let (scale, min) = if group < 4 {
        (packed[group] & 63, packed[group + 4] & 63)
    } else {
        (
            packed[group + 4] & 15 | packed[group - 4] >> 6 << 4,
            packed[group + 4] >> 4 | packed[group] >> 6 << 4,
        )
    };
    (f32::from(scale), f32::from(min))
}

/// Eight groups of 32, two to 32 bytes.
fn q4_k(block: &[u8], out: &mut [f32]) {
    let (d, dmin, packed, qs) = (half(block, 0), half(block, 2), &block[4..16], &block[16..]);
    for (group, out) in out.chunks_exact_mut(SMALL).enumerate() {
        let (scale, min) = scale_min(packed, group);
        let (scale, min, shift) = (d * scale, dmin * min, 4 * (group % 2));
        for (out, q) in out.iter_mut().zip(&qs[32 * (group / 2)..]) {
            *out = scale * f32::from(q >> shift & 15) - min;
        }
    }
}

/// As [`q4_k`], the fifth bits apart.
fn q5_k(block: &[u8], out: &mut [f32]) {
    let (d, dmin, packed) = (half(block, 0), half(block, 2), &block[4..16]);
    let (qh, qs) = (&block[16..48], &block[48..]);
    for (group, out) in out.chunks_exact_mut(SMALL).enumerate() {
        let (scale, min) = scale_min(packed, group);
        let (scale, min, shift) = (d * scale, dmin * min, 4 * (group % 2));
        for ((out, q), high) in out.iter_mut().zip(&qs[32 * (group / 2)..]).zip(qh) {
            *out = scale * f32::from(q >> shift & 15 | (high >> group & 1) << 4) - min;
        }
    }
}

/// Sixteen groups of 16, each with an 8-bit scale; the two high bits are apart.
fn q6_k(block: &[u8], out: &mut [f32]) {
    let (ql, qh, scales) = (&block[..128], &block[128..192], &block[192..208]);
    let d = half(block, 208);
    for (group, out) in out.chunks_exact_mut(16).enumerate() {
        let scale = d * f32::from(scales[group].cast_signed());
        // 128 numbers are four quarters of 32; two quarters share 32 bytes of `ql`, all four 32 bytes of `qh`.
        let (part, quarter, from) = (group / 8, group % 8 / 2, 16 * (group % 2));
        let ql = &ql[64 * part + 32 * (quarter % 2) + from..];
        let qh = &qh[32 * part + from..];
        for ((out, low), high) in out.iter_mut().zip(ql).zip(qh) {
            let q = low >> (4 * (quarter / 2)) & 15 | (high >> (2 * quarter) & 3) << 4;
            *out = scale * (f32::from(q) - 32.0);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use candle_core::Device;
    use candle_core::Tensor;
    use candle_core::quantized::GgmlDType;
    use candle_core::quantized::QTensor;

    #[test]
    fn every_packing_should_be_unpacked_as_candle_does() {
        let numbers: Vec<f32> = (0..4 * LARGE)
            .map(|i| (i as f32 * 0.37).sin() * (i % 7) as f32 + 0.1)
            .collect();
        let tensor = Tensor::from_vec(numbers.clone(), (4, LARGE), &Device::Cpu).unwrap();
        let peak = numbers.iter().fold(0f32, |peak, number| peak.max(number.abs()));
        for (packing, dtype, bits) in [
            (GgmlType::Q4_0, GgmlDType::Q4_0, 4),
            (GgmlType::Q4_1, GgmlDType::Q4_1, 4),
            (GgmlType::Q5_0, GgmlDType::Q5_0, 5),
            (GgmlType::Q5_1, GgmlDType::Q5_1, 5),
            (GgmlType::Q8_0, GgmlDType::Q8_0, 8),
            (GgmlType::Q2K, GgmlDType::Q2K, 2),
            (GgmlType::Q3K, GgmlDType::Q3K, 3),
            (GgmlType::Q4K, GgmlDType::Q4K, 4),
            (GgmlType::Q5K, GgmlDType::Q5K, 5),
            (GgmlType::Q6K, GgmlDType::Q6K, 6),
        ] {
            let packed = QTensor::quantize(&tensor, dtype).unwrap();
            let expected = packed.dequantize(&Device::Cpu).unwrap().flatten_all().unwrap();
            let found = unpack(&packed.data().unwrap(), packing);
            assert_eq!(found, expected.to_vec1::<f32>().unwrap(), "{packing:?}");
            // Between −peak and peak there are 2 to the power of the bits steps. At the end that a format with as many
            // numbers below zero as above cannot reach, a whole one is lost.
            let step = 2.0 * peak / f32::from(1u16 << bits);
            for (number, found) in numbers.iter().zip(found) {
                assert!((number - found).abs() <= step, "{packing:?}: {number} became {found}");
            }
        }
    }
}
