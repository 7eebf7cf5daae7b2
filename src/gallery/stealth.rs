//! Texts in the last bits of a PNG's alpha channel, where `NovelAI` and others hide them from programs that strip files.
//!
//! The bits run down each column, the columns from left to right: a signature of 15 bytes, the length of the text in bits as
//! 32 bits, most significant first, then the text, packed by gzip if the signature says so.
//!
//! Source: <https://github.com/ashen-sensored/sd_webui_stealth_pnginfo>

use std::fs::File;
use std::io::{BufReader, Read as _};
use std::path::Path;

use serde_json::Value;

use super::texts::{MAX_TEXT_BYTES, TextChunk};
use crate::config::open_regular;
use crate::job::max_decoder_bytes;
use crate::picture::MAX_PIXELS;

const PACKED: &[u8] = b"stealth_pngcomp";
const PLAIN: &[u8] = b"stealth_pnginfo";
/// Bytes of a signature, and of it with the length behind.
const SIGNATURE_BYTES: usize = 15;
const HEADER_BYTES: usize = SIGNATURE_BYTES + 4;

/// The texts hidden in a picture under the keywords they would have in a PNG; none if there are none, or if it is no PNG of
/// 8 bits with alpha. No more rows are read than it takes to see that there is no signature.
pub(super) fn texts_in(path: &Path) -> Vec<TextChunk> {
    let text = hidden_bits(path).and_then(|bits| text_of(&bits));
    text.map(texts_of).unwrap_or_default()
}

/// The last bits of alpha, column by column.
struct Bits {
    bits: Vec<u8>,
    num_bits: usize,
}

impl Bits {
    /// The bytes from a bit on.
    fn bytes(&self, start: usize, num_bytes: usize) -> Option<Vec<u8>> {
        let end = num_bytes.checked_mul(8).and_then(|num| start.checked_add(num))?;
        if end > self.num_bits {
            return None;
        }
        let bit = |at: usize| self.bits[at / 8] >> (at % 8) & 1;
        let byte = |at: usize| (0..8).fold(0, |byte, place| byte << 1 | bit(start + at * 8 + place));
        Some((0..num_bytes).map(byte).collect())
    }
}

fn hidden_bits(path: &Path) -> Option<Bits> {
    let file = open_regular(path).ok()?;
    let num_bytes = file.metadata().ok()?.len();
    let limits = png::Limits {
        bytes: usize::try_from(max_decoder_bytes(num_bytes)).ok()?,
    };
    let mut reader = png::Decoder::new_with_limits(BufReader::new(file), limits)
        .read_info()
        .ok()?;
    let info = reader.info();
    let (width, height) = (info.width as usize, info.height as usize);
    let is_fit = info.color_type == png::ColorType::Rgba && info.bit_depth == png::BitDepth::Eight && !info.interlaced;
    if !is_fit || (width * height) as u64 > MAX_PIXELS {
        return None;
    }
    let num_bits = width * height;
    let mut hidden = Bits {
        bits: vec![0; num_bits.div_ceil(8)],
        num_bits,
    };
    // Where the signature lies in the first column, it is known before the rest is read.
    let signed = SIGNATURE_BYTES * 8;
    for y in 0..height {
        read_row(&mut reader, &mut hidden, y, height)?;
        if y + 1 == signed && !is_signed(&hidden) {
            return None;
        }
    }
    is_signed(&hidden).then_some(hidden)
}

fn read_row(reader: &mut png::Reader<BufReader<File>>, hidden: &mut Bits, y: usize, height: usize) -> Option<()> {
    let row = reader.next_row().ok()??;
    for (x, pixel) in row.data().chunks_exact(4).enumerate() {
        let at = x * height + y;
        *hidden.bits.get_mut(at / 8)? |= (pixel[3] & 1) << (at % 8);
    }
    Some(())
}

fn is_signed(hidden: &Bits) -> bool {
    let found = hidden.bytes(0, SIGNATURE_BYTES);
    found.is_some_and(|found| found == PACKED || found == PLAIN)
}

fn text_of(hidden: &Bits) -> Option<String> {
    let header = hidden.bytes(0, HEADER_BYTES)?;
    let (signature, length) = header.split_at(SIGNATURE_BYTES);
    let num_bits = u32::from_be_bytes(length.try_into().ok()?) as usize;
    let bytes = hidden.bytes(HEADER_BYTES * 8, (num_bits / 8).min(2 * MAX_TEXT_BYTES))?;
    if signature == PLAIN {
        return String::from_utf8(bytes).ok();
    }
    let mut text = String::new();
    flate2::read::GzDecoder::new(bytes.as_slice())
        .take(MAX_TEXT_BYTES as u64 + 1)
        .read_to_string(&mut text)
        .ok()?;
    (text.len() <= MAX_TEXT_BYTES).then_some(text)
}

/// `NovelAI` hides an object with all texts, others the one that would be `parameters`.
fn texts_of(text: String) -> Vec<TextChunk> {
    let chunk = |keyword: &str, text: String| TextChunk {
        keyword: keyword.to_owned(),
        text,
    };
    if let Ok(Value::Object(fields)) = serde_json::from_str::<Value>(&text)
        && ["Comment", "parameters", "prompt"]
            .iter()
            .any(|key| fields.contains_key(*key))
    {
        let texts = fields.into_iter().map(|(key, value)| match value {
            Value::String(text) => chunk(&key, text),
            other => chunk(&key, other.to_string()),
        });
        return texts.collect();
    }
    vec![chunk("parameters", text)]
}
