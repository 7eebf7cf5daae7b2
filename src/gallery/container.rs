//! What files of pictures say beside their pixels, read without unpacking them.
//!
//! | file | where |
//! |---|---|
//! | PNG | texts, and EXIF |
//! | JPEG | EXIF (APP1); the rest of a record too long for it (APP4, see [`join_jpeg`]); XMP; comments |
//! | WebP | EXIF, XMP |

use std::io::{self, BufReader, Read, Seek};
use std::path::Path;

use super::texts::{Contents, MAX_TEXT_BYTES, TextChunk, XMP_KEYWORD};
use super::{GalleryError, exif_record, png_metadata};
use crate::config::open_regular;

/// Largest EXIF that is read.
const MAX_EXIF_BYTES: u32 = 16 << 20;
/// What a segment of ours begins with.
const JPEG_ID: &[u8] = b"HARERU\0";
/// What a comment of stable-diffusion.cpp begins with.
const JPEG_PARAMETERS: &[u8] = b"parameters\0";
const JPEG_EXIF: &[u8] = b"Exif\0\0";
const JPEG_XMP: &[u8] = b"http://ns.adobe.com/xap/1.0/\0";
/// Most bytes that a segment of a JPEG holds.
const MAX_SEGMENT_BYTES: usize = 65_533;
const PNG_SIGNATURE: [u8; 8] = *b"\x89PNG\r\n\x1a\n";

/// Reads what a file says beside its pixels.
///
/// * `keywords`: of the texts that are wanted.
///
/// # Errors
/// [`GalleryError::Read`]; [`GalleryError::Container`] if it is no picture or a torn one.
pub(super) fn read(path: &Path, keywords: &[&str]) -> Result<Contents, GalleryError> {
    let file = open_regular(path).map_err(GalleryError::read(path))?;
    let mut file = BufReader::new(file);
    let mut read = || -> io::Result<Contents> {
        let mut start = [0; 2];
        file.read_exact(&mut start)?;
        match &start {
            b"\xff\xd8" => read_jpeg(&mut file),
            b"RI" => read_webp(&mut file),
            b"\x89P" => {
                let mut rest = [0; 6];
                file.read_exact(&mut rest)?;
                if rest != PNG_SIGNATURE[2..] {
                    return Err(unknown());
                }
                png_metadata::read(&mut file, keywords)
            }
            _ => Err(unknown()),
        }
    };
    read().map_err(|source| GalleryError::Container {
        path: path.to_owned(),
        source,
    })
}

fn unknown() -> io::Error {
    io::Error::new(
        io::ErrorKind::InvalidData,
        "expected the first bytes of a PNG, JPEG or WebP file, found others",
    )
}

/// * `file`: behind the first marker.
fn read_jpeg(file: &mut (impl Read + Seek)) -> io::Result<Contents> {
    let mut contents = Contents::default();
    let mut record: Vec<u8> = Vec::new();
    loop {
        let mut byte = [0; 1];
        file.read_exact(&mut byte)?;
        if byte[0] != 0xFF {
            continue; // out of step, as some files are
        }
        while byte[0] == 0xFF {
            file.read_exact(&mut byte)?;
        }
        let marker = byte[0];
        match marker {
            0x00 | 0x01 | 0xD0..=0xD8 => continue,
            0xD9 | 0xDA => break, // the pixels
            _ => {}
        }
        let mut length = [0; 2];
        file.read_exact(&mut length)?;
        let length = u16::from_be_bytes(length).saturating_sub(2);
        if !matches!(marker, 0xC0..=0xCF | 0xE1 | 0xE4 | 0xFE) {
            file.seek_relative(i64::from(length))?;
            continue;
        }
        let mut data = vec![0; usize::from(length)];
        file.read_exact(&mut data)?;
        match marker {
            0xC4 | 0xC8 | 0xCC => {}
            0xC0..=0xCF => {
                if let [_precision, a, b, c, d, ..] = data[..] {
                    let side = |high, low| u32::from(u16::from_be_bytes([high, low]));
                    contents.size = Some((side(c, d), side(a, b)));
                }
            }
            0xE1 => {
                if let Some(exif) = data.strip_prefix(JPEG_EXIF) {
                    contents.texts.extend(exif_record::texts_in(exif));
                } else if let Some(xmp) = data.strip_prefix(JPEG_XMP) {
                    contents.texts.extend(xmp_text(xmp));
                }
            }
            0xE4 => {
                if let Some(part) = data.strip_prefix(JPEG_ID)
                    && record.len() + part.len() <= MAX_TEXT_BYTES
                {
                    record.extend_from_slice(part);
                }
            }
            _ => {
                // stable-diffusion.cpp says what its comment is; others write JSON or the customary text.
                let text = data.strip_prefix(JPEG_PARAMETERS).unwrap_or(&data);
                let text = String::from_utf8_lossy(text).trim_matches('\0').to_owned();
                let is_json = text.trim_start().starts_with('{');
                let is_said = data.starts_with(JPEG_PARAMETERS) || text.contains("Steps: ");
                if is_json || is_said {
                    let keyword = if is_said { "parameters" } else { "Comment" }.to_owned();
                    contents.texts.push(TextChunk { keyword, text });
                }
            }
        }
    }
    if !record.is_empty() {
        match String::from_utf8(record) {
            Ok(text) => contents.texts.push(TextChunk {
                keyword: exif_record::RECORD_KEYWORD.to_owned(),
                text,
            }),
            Err(_damaged) => contents.bad = Some(exif_record::RECORD_KEYWORD.to_owned()),
        }
    }
    Ok(contents)
}

/// * `file`: behind its first two bytes.
fn read_webp(file: &mut (impl Read + Seek)) -> io::Result<Contents> {
    let mut start = [0; 10];
    file.read_exact(&mut start)?;
    if start[..2] != *b"FF" || start[6..] != *b"WEBP" {
        return Err(unknown());
    }
    let mut contents = Contents::default();
    let mut header = [0; 8];
    loop {
        match file.read_exact(&mut header) {
            Ok(()) => {}
            Err(end) if end.kind() == io::ErrorKind::UnexpectedEof && contents.size.is_some() => return Ok(contents),
            Err(error) => return Err(error),
        }
        let [kind @ .., a, b, c, d] = header;
        let length = u32::from_le_bytes([a, b, c, d]);
        let known = match &kind {
            b"EXIF" | b"XMP " if length <= MAX_EXIF_BYTES => length,
            b"VP8X" | b"VP8L" | b"VP8 " => length.min(10),
            _ => 0,
        };
        let mut data = vec![0; known as usize];
        file.read_exact(&mut data)?;
        match &kind {
            b"EXIF" => {
                let exif = data.strip_prefix(JPEG_EXIF).unwrap_or(&data);
                contents.texts.extend(exif_record::texts_in(exif));
            }
            b"XMP " => contents.texts.extend(xmp_text(&data)),
            _ => contents.size = contents.size.or_else(|| webp_size(kind, &data)),
        }
        file.seek_relative(i64::from(length - known) + i64::from(length % 2))?;
    }
}

/// XMP under the keyword that it has in a PNG.
fn xmp_text(xmp: &[u8]) -> Option<TextChunk> {
    let text = std::str::from_utf8(xmp)
        .ok()
        .filter(|text| text.len() <= MAX_TEXT_BYTES)?;
    Some(TextChunk {
        keyword: XMP_KEYWORD.to_owned(),
        text: text.to_owned(),
    })
}

/// Width and height as the start of a chunk says them.
///
/// Source: <https://developers.google.com/speed/webp/docs/riff_container>
fn webp_size(kind: [u8; 4], data: &[u8]) -> Option<(u32, u32)> {
    match (&kind, data) {
        (b"VP8X", &[_, _, _, _, a, b, c, d, e, f]) => Some((
            u32::from_le_bytes([a, b, c, 0]) + 1,
            u32::from_le_bytes([d, e, f, 0]) + 1,
        )),
        (b"VP8L", &[0x2F, a, b, c, d, ..]) => {
            let bits = u32::from_le_bytes([a, b, c, d]);
            Some(((bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1))
        }
        (b"VP8 ", &[_, _, _, 0x9D, 0x01, 0x2A, a, b, c, d]) => {
            let side = |low, high| u32::from(u16::from_le_bytes([low, high]) & 0x3FFF);
            Some((side(a, b), side(c, d)))
        }
        _ => None,
    }
}

/// A JPEG with EXIF, and with a record where EXIF has no room for it.
///
/// * `jpeg`: as an encoder gives it, with JFIF at its start.
/// * `exif`: at most [`MAX_JPEG_EXIF_BYTES`].
/// * `record`: goes into as many segments APP4 as it needs, each of which begins with `HARERU` and a zero.
pub(super) fn join_jpeg(jpeg: &[u8], exif: &[u8], record: Option<&str>) -> Vec<u8> {
    let is_jfif = jpeg.get(2..4) == Some(&[0xFF, 0xE0]);
    let length = jpeg
        .get(4..6)
        .map_or(0, |b| usize::from(u16::from_be_bytes([b[0], b[1]])));
    let start = if is_jfif { (4 + length).min(jpeg.len()) } else { 2 };
    let mut joined = jpeg[..start].to_vec();
    push_segment(&mut joined, 0xE1, JPEG_EXIF, exif);
    let parts = record.map(str::as_bytes).unwrap_or_default();
    for part in parts.chunks(MAX_SEGMENT_BYTES - JPEG_ID.len()) {
        push_segment(&mut joined, 0xE4, JPEG_ID, part);
    }
    joined.extend_from_slice(&jpeg[start..]);
    joined
}

/// Most bytes of EXIF in a JPEG.
pub(super) const MAX_JPEG_EXIF_BYTES: usize = MAX_SEGMENT_BYTES - JPEG_EXIF.len();

fn push_segment(file: &mut Vec<u8>, marker: u8, id: &[u8], data: &[u8]) {
    file.extend([0xFF, marker]);
    file.extend(((id.len() + data.len() + 2) as u16).to_be_bytes());
    file.extend(id);
    file.extend(data);
}
