//! What a GGUF file says it holds. Nothing is reserved for a count before what it counts has been seen.

use crate::formats::encoding::Encoding;
use crate::formats::error::Broken;
use std::collections::BTreeMap;
use std::ops::Range;

pub(super) const MAGIC: &[u8] = b"GGUF";
const DEFAULT_ALIGNMENT: u64 = 32;
/// Dimensions of a tensor; ggml has four.
const MAX_RANK: u32 = 8;
/// Arrays in arrays.
const MAX_NESTING: usize = 4;
/// Bytes of a note that is kept; tokenizers and chat templates are passed over.
const MAX_NOTE: usize = 1024;
/// Before the name of a tensor: the shape it had before it was packed as something else.
const ORIGINAL_SHAPE: &str = "comfy.gguf.orig_shape.";

/// A tensor's description.
#[derive(Debug)]
pub(super) struct TensorInfo {
    pub(super) encoding: Encoding,
    /// Outermost dimension first.
    pub(super) shape: Vec<usize>,
    /// Where its blocks lie in the file.
    pub(super) data: Range<usize>,
}

/// All of it.
pub(super) struct GgufHeader {
    pub(super) tensors: BTreeMap<String, TensorInfo>,
    /// Texts that the maker attached.
    pub(super) notes: BTreeMap<String, String>,
}

/// Reads the header and checks it.
pub(super) fn read(bytes: &[u8]) -> Result<GgufHeader, Broken> {
    let mut cursor = Cursor { bytes, at: MAGIC.len() };
    let version = cursor.u32()?;
    if !matches!(version, 2 | 3) {
        let found = if matches!(version.swap_bytes(), 2 | 3) {
            "a big-endian file".to_owned()
        } else {
            format!("version {version}")
        };
        return Err(Broken::new("GGUF of version 2 or 3, little-endian", found));
    }
    let (tensors, pairs) = (cursor.u64()?, cursor.u64()?);
    let mut meta = Meta::default();
    for _ in 0..pairs {
        let key = cursor.text()?;
        let kind = cursor.u32()?;
        meta.read(key, kind, &mut cursor)?;
    }

    let mut found = Vec::new();
    for _ in 0..tensors {
        found.push(Info::read(&mut cursor)?);
    }
    let alignment = meta.alignment.unwrap_or(DEFAULT_ALIGNMENT);
    if !alignment.is_power_of_two() || alignment > 1 << 20 {
        return Err(Broken::new(
            "an alignment that is a power of two",
            alignment.to_string(),
        ));
    }
    let start = (cursor.at as u64).next_multiple_of(alignment);
    let mut entries = BTreeMap::new();
    let mut spans = Vec::with_capacity(found.len());
    for info in found {
        let entry = info.place(start, bytes.len(), &meta.shapes)?;
        spans.push(entry.data.clone());
        if entries.insert(info.name.to_owned(), entry).is_some() {
            return Err(Broken::new("every tensor once", format!("{:?} twice", info.name)));
        }
    }
    spans.retain(|span| !span.is_empty());
    spans.sort_by_key(|span| span.start);
    if let Some(pair) = spans.windows(2).find(|pair| pair[0].end > pair[1].start) {
        return Err(Broken::new(
            "tensors beside each other",
            format!("two that share byte {}", pair[1].start),
        ));
    }
    Ok(GgufHeader {
        tensors: entries,
        notes: meta.notes,
    })
}

/// A tensor as it is described.
struct Info<'a> {
    name: &'a str,
    /// Innermost dimension first.
    dims: Vec<usize>,
    kind: u32,
    offset: u64,
}

impl<'a> Info<'a> {
    fn read(cursor: &mut Cursor<'a>) -> Result<Self, Broken> {
        let name = cursor.text()?;
        let rank = cursor.u32()?;
        if rank > MAX_RANK {
            return Err(Broken::new(
                format!("at most {MAX_RANK} dimensions for tensor {name:?}"),
                rank.to_string(),
            ));
        }
        let dims = (0..rank)
            .map(|_| {
                let size = cursor.u64()?;
                usize::try_from(size).map_err(|_too_large| Broken::new("sizes of tensors", size.to_string()))
            })
            .collect::<Result<_, _>>()?;
        Ok(Self {
            name,
            dims,
            kind: cursor.u32()?,
            offset: cursor.u64()?,
        })
    }

    fn place(&self, start: u64, length: usize, shapes: &BTreeMap<String, Vec<usize>>) -> Result<TensorInfo, Broken> {
        let Self { name, dims, kind, .. } = self;
        let encoding = Encoding::from_id(*kind).ok_or_else(|| {
            Broken::new(
                format!("tensor {name:?} as F32, F16, BF16, Q8_0, Q4_0, Q4_1, Q5_0, Q5_1 or Q2_K to Q6_K"),
                format!("kind {kind}"),
            )
        })?;
        let (numbers, bytes) = encoding.layout();
        let rows_fit = dims.first().copied().unwrap_or(1).is_multiple_of(numbers);
        // Empty ones do not make the rest of an absurd shape sound.
        let count = dims
            .iter()
            .try_fold(1usize, |product, size| product.checked_mul((*size).max(1)));
        let count = count
            .filter(|_| rows_fit)
            .map(|count| if dims.contains(&0) { 0 } else { count });
        let data = count.and_then(|count| {
            let begin = usize::try_from(start.checked_add(self.offset)?).ok()?;
            let end = (count / numbers).checked_mul(bytes)?.checked_add(begin)?;
            (end <= length).then_some(begin..end)
        });
        let data = data.ok_or_else(|| {
            Broken::new(
                format!("tensor {name:?} of size {dims:?} at {} inside the file", self.offset),
                format!("{length} bytes in all (an incomplete download?)"),
            )
        })?;
        let stored: Vec<usize> = dims.iter().rev().copied().collect();
        let original = shapes.get(*name).filter(|shape| {
            let product = shape
                .iter()
                .try_fold(1usize, |product, size| product.checked_mul(*size));
            product == count
        });
        Ok(TensorInfo {
            encoding,
            shape: original.cloned().unwrap_or(stored),
            data,
        })
    }
}

/// What of the metadata is of use here.
#[derive(Default)]
struct Meta {
    alignment: Option<u64>,
    notes: BTreeMap<String, String>,
    /// By the name of the tensor.
    shapes: BTreeMap<String, Vec<usize>>,
}

impl Meta {
    fn read(&mut self, key: &str, kind: u32, cursor: &mut Cursor<'_>) -> Result<(), Broken> {
        match (key, kind) {
            ("general.alignment", 4) => self.alignment = Some(u64::from(cursor.u32()?)),
            (_, 8) => {
                let text = cursor.text()?;
                if key.len() + text.len() <= MAX_NOTE {
                    self.notes.insert(key.to_owned(), text.to_owned());
                }
            }
            // An array of i32.
            (_, 9) if key.starts_with(ORIGINAL_SHAPE) && cursor.peek_array() == Some((5, true)) => {
                cursor.u32()?;
                let count = cursor.u64()?;
                let sizes: Option<Vec<usize>> = (0..count)
                    .map(|_| Ok(usize::try_from(cursor.u32()?.cast_signed()).ok()))
                    .collect::<Result<_, Broken>>()?;
                let name = key.strip_prefix(ORIGINAL_SHAPE).unwrap_or_default();
                self.shapes.extend(sizes.map(|sizes| (name.to_owned(), sizes)));
            }
            _ => cursor.skip(kind, 0)?,
        }
        Ok(())
    }
}

/// Reads on, never beyond the end.
struct Cursor<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Cursor<'a> {
    fn take(&mut self, length: u64) -> Result<&'a [u8], Broken> {
        let end = usize::try_from(length)
            .ok()
            .and_then(|length| self.at.checked_add(length));
        let taken = end.and_then(|end| self.bytes.get(self.at..end)).ok_or_else(|| {
            Broken::new(
                format!("a GGUF header with {length} more bytes at {}", self.at),
                format!("{} in all", self.bytes.len()),
            )
        })?;
        self.at += taken.len();
        Ok(taken)
    }

    fn u32(&mut self) -> Result<u32, Broken> {
        let bytes = self.take(4)?;
        Ok(bytes.first_chunk().map_or(0, |chunk| u32::from_le_bytes(*chunk)))
    }

    fn u64(&mut self) -> Result<u64, Broken> {
        let bytes = self.take(8)?;
        Ok(bytes.first_chunk().map_or(0, |chunk| u64::from_le_bytes(*chunk)))
    }

    fn text(&mut self) -> Result<&'a str, Broken> {
        let length = self.u64()?;
        let bytes = self.take(length)?;
        std::str::from_utf8(bytes).map_err(|error| Broken::new("texts in UTF-8", error.to_string()))
    }

    /// The kind of an array's items, and whether there are no more of them than a tensor has dimensions.
    fn peek_array(&self) -> Option<(u32, bool)> {
        let mut ahead = Self {
            bytes: self.bytes,
            at: self.at,
        };
        let kind = ahead.u32().ok()?;
        Some((kind, ahead.u64().ok()? <= u64::from(MAX_RANK)))
    }

    /// Passes over a value.
    fn skip(&mut self, kind: u32, depth: usize) -> Result<(), Broken> {
        if let Some(width) = width(kind) {
            self.take(width)?;
            return Ok(());
        }
        match kind {
            8 => _ = self.text()?,
            9 if depth < MAX_NESTING => {
                let (kind, count) = (self.u32()?, self.u64()?);
                if let Some(width) = width(kind) {
                    self.take(count.saturating_mul(width))?;
                } else {
                    for _ in 0..count {
                        self.skip(kind, depth + 1)?;
                    }
                }
            }
            _ => {
                return Err(Broken::new(
                    "known kinds of metadata",
                    format!("kind {kind} at byte {}", self.at),
                ));
            }
        }
        Ok(())
    }
}

/// Bytes of a plain value.
fn width(kind: u32) -> Option<u64> {
    match kind {
        0 | 1 | 7 => Some(1),
        2 | 3 => Some(2),
        4..=6 => Some(4),
        10..=12 => Some(8),
        _ => None,
    }
}
