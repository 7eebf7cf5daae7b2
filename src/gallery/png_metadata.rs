//! PNG files and the texts in them.

use std::io::{self, Read, Seek};

use super::GalleryError;
use super::exif_record;
use super::texts::{Contents, MAX_TEXT_BYTES, TextChunk};
use crate::job::RgbImage;

/// Largest chunk that is read, and most bytes of texts; longer ones are left where they are.
const MAX_CHUNK_BYTES: usize = MAX_TEXT_BYTES + 1024;
/// Most texts of a file; programs write a handful.
const MAX_TEXTS: usize = 1024;
/// Most texts that are unpacked and then refused as too long.
const MAX_BAD_TEXTS: usize = 16;
/// Longest keyword of a text.
const MAX_KEYWORD_BYTES: usize = 79;

/// How a text is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TextKind {
    /// iTXt, UTF-8.
    Utf8,
    /// tEXt if Latin-1 can hold it, as Pillow and so A1111 do, else iTXt.
    Customary,
}

/// The bytes of an 8-bit RGB PNG with `texts` (keyword, text, kind) before its pixels.
///
/// * `pixels`: as many as its size says.
pub(super) fn encode(pixels: &RgbImage, texts: &[(&str, &str, TextKind)]) -> Result<Vec<u8>, GalleryError> {
    let RgbImage {
        width_px,
        height_px,
        pixels,
    } = pixels;
    let mut bytes = Vec::with_capacity(pixels.len() / 2 + 4096);
    let mut encoder = png::Encoder::new(&mut bytes, *width_px, *height_px);
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_depth(png::BitDepth::Eight);
    encoder.set_source_srgb(png::SrgbRenderingIntent::Perceptual);
    for &(keyword, text, kind) in texts {
        let text = text.replace('\0', " "); // the one character that neither kind can hold
        if kind == TextKind::Customary && text.chars().all(|c| u32::from(c) <= 0xFF) {
            encoder.add_text_chunk(keyword.to_owned(), text)?;
        } else {
            encoder.add_itxt_chunk(keyword.to_owned(), text)?;
        }
    }
    let mut writer = encoder.write_header()?;
    writer.write_image_data(pixels)?;
    writer.finish()?;
    Ok(bytes)
}

/// What a PNG file says beside its pixels: the texts whose keyword is among `keywords`, in the order of the file, wherever
/// they stand in it. Reads no more of the file than these; a text that is too long is not read at all.
///
/// * `file`: behind the signature.
///
/// # Errors
/// If the file is torn before there is a text.
pub(super) fn read(file: &mut (impl Read + Seek), keywords: &[&str]) -> io::Result<Contents> {
    let mut contents = Contents::default();
    let mut num_bad = 0;
    loop {
        let mut header = [0; 8];
        match file.read_exact(&mut header) {
            Ok(()) => {}
            Err(_torn) if !contents.texts.is_empty() => return Ok(contents),
            Err(torn) => return Err(torn),
        }
        let [a, b, c, d, kind @ ..] = header;
        let length = u32::from_be_bytes([a, b, c, d]);
        if !kind.iter().all(u8::is_ascii_alphabetic) {
            return Err(io::Error::new(
                io::ErrorKind::InvalidData,
                "expected the name of a chunk, found other bytes",
            ));
        }
        let is_read = matches!(&kind, b"IHDR" | b"tEXt" | b"zTXt" | b"iTXt" | b"eXIf");
        match &kind {
            b"IEND" => return Ok(contents),
            b"IDAT" if !contents.texts.is_empty() => return Ok(contents),
            _ if is_read
                && length as usize <= MAX_CHUNK_BYTES
                && contents.texts.len() < MAX_TEXTS
                && num_bad < MAX_BAD_TEXTS
                && contents.num_bytes() <= MAX_CHUNK_BYTES =>
            {
                let mut data = vec![0; length as usize];
                file.read_exact(&mut data)?;
                let mut checksum = [0; 4];
                file.read_exact(&mut checksum)?;
                let mut crc = flate2::Crc::new();
                crc.update(&kind);
                crc.update(&data);
                let is_whole = crc.sum() == u32::from_be_bytes(checksum);
                num_bad += usize::from(!contents.take_chunk(kind, &data, is_whole, keywords));
            }
            _ => {
                let mut start = [0; MAX_KEYWORD_BYTES + 1];
                let known = if is_read { start.len().min(length as usize) } else { 0 };
                file.read_exact(&mut start[..known])?;
                if let Some(keyword) = keyword_of(&start[..known], keywords) {
                    contents.bad.get_or_insert(keyword);
                }
                file.seek_relative(i64::from(length - known as u32) + 4)?;
            }
        }
    }
}

impl Contents {
    fn num_bytes(&self) -> usize {
        self.texts.iter().map(|text| text.text.len()).sum()
    }

    /// Returns whether what is wanted of the chunk could be read.
    fn take_chunk(&mut self, kind: [u8; 4], data: &[u8], is_whole: bool, keywords: &[&str]) -> bool {
        match &kind {
            b"IHDR" => {
                if let [a, b, c, d, e, f, g, h, ..] = *data {
                    self.size = Some((u32::from_be_bytes([a, b, c, d]), u32::from_be_bytes([e, f, g, h])));
                }
            }
            b"eXIf" => self.texts.extend(exif_record::texts_in(data)),
            _ => {
                let Some(keyword) = keyword_of(data, keywords) else {
                    return true;
                };
                let text = is_whole.then(|| text_of(kind, &data[keyword.len() + 1..])).flatten();
                let Some(text) = text else {
                    self.bad.get_or_insert(keyword);
                    return false;
                };
                self.texts.push(TextChunk { keyword, text });
            }
        }
        true
    }
}

/// The keyword that a chunk begins with, if it is one of those.
fn keyword_of(data: &[u8], keywords: &[&str]) -> Option<String> {
    let end = data.iter().take(MAX_KEYWORD_BYTES + 1).position(|byte| *byte == 0)?;
    let found = keywords.iter().find(|keyword| keyword.as_bytes() == &data[..end]);
    found.map(|keyword| (*keyword).to_owned())
}

/// The text of a chunk.
///
/// * `data`: behind the keyword and its end.
fn text_of(kind: [u8; 4], data: &[u8]) -> Option<String> {
    match &kind {
        b"tEXt" => Some(latin_1(data)),
        b"zTXt" => Some(latin_1(&unpacked(data.split_first()?.1)?)),
        _ => {
            let [is_packed, _method, rest @ ..] = data else {
                return None;
            };
            // The language, the keyword in that language, the text.
            let text = rest.splitn(3, |byte| *byte == 0).nth(2)?;
            let text = if *is_packed == 1 {
                unpacked(text)?
            } else {
                text.to_vec()
            };
            String::from_utf8(text).ok()
        }
    }
}

fn unpacked(data: &[u8]) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    let limit = MAX_TEXT_BYTES as u64 + 1;
    flate2::read::ZlibDecoder::new(data)
        .take(limit)
        .read_to_end(&mut bytes)
        .ok()?;
    (bytes.len() <= MAX_TEXT_BYTES).then_some(bytes)
}

fn latin_1(bytes: &[u8]) -> String {
    let text: String = bytes.iter().copied().map(char::from).collect();
    undo_mislabelled_utf8(&text)
}

/// Some programs (stable-diffusion.cpp) write UTF-8 where the format asks for Latin-1.
fn undo_mislabelled_utf8(text: &str) -> String {
    if text.is_ascii() {
        return text.to_owned();
    }
    let bytes: Option<Vec<u8>> = text.chars().map(|c| u8::try_from(c).ok()).collect();
    bytes
        .and_then(|bytes| String::from_utf8(bytes).ok())
        .unwrap_or_else(|| text.to_owned())
}
