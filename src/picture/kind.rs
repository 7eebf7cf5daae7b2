//! What a file is, by its first bytes.

use std::fs::File;
use std::io::{BufReader, Read as _, Seek as _};
use std::path::Path;

use image::ImageFormat;

use super::PictureError;
use crate::config::open_regular;

/// Bytes that are looked at.
const START_BYTES: u64 = 512;
/// How files of the formats that are read begin.
const READ: [(&[u8], ImageFormat); 4] = [
    (b"\x89PNG\r\n\x1a\n", ImageFormat::Png),
    (b"\xFF\xD8\xFF", ImageFormat::Jpeg),
    (b"GIF87a", ImageFormat::Gif),
    (b"GIF89a", ImageFormat::Gif),
];
/// How other files begin.
const OTHERS: [(&[u8], &str); 22] = [
    (b"\xFF\x0A", "a JPEG XL picture, which is not read"),
    (b"\0\0\0\x0CJXL ", "a JPEG XL picture, which is not read"),
    (b"II*\0", "a TIFF picture or a camera's raw file, which is not read"),
    (b"MM\0*", "a TIFF picture or a camera's raw file, which is not read"),
    (b"BM", "a BMP picture, which is not read"),
    (b"8BPS", "a Photoshop file"),
    (b"gimp xcf", "a GIMP file"),
    (b"DDS ", "a DDS texture"),
    (b"v/1\x01", "an OpenEXR picture"),
    (b"#?RADIANCE", "a Radiance picture"),
    (b"<svg", "an SVG drawing"),
    (b"%PDF", "a PDF document"),
    (b"PK\x03\x04", "a ZIP archive"),
    (b"\x1F\x8B", "a gzip archive"),
    (b"7z\xBC\xAF", "a 7z archive"),
    (b"Rar!", "a RAR archive"),
    (b"\x1A\x45\xDF\xA3", "a video"),
    (b"GGUF", "a model in GGUF"),
    (
        b"version https://git-lfs",
        "a Git LFS pointer, which stands for a file that was not fetched",
    ),
    (b"<!DOCTYPE", "a web page"),
    (b"<html", "a web page"),
    (b"<?xml", "an XML document"),
];
/// Brands of files that begin as MP4 does.
const BRANDS: [(&[u8], &str); 4] = [
    (b"avi", "an AVIF picture, which is not read"),
    (b"hei", "a HEIC picture, which is not read"),
    (b"hev", "a HEIC picture, which is not read"),
    (b"mif1", "a HEIC picture, which is not read"),
];

/// What a file is, in words with their article; of a picture that is read, its format.
///
/// # Errors
/// If it cannot be read.
pub fn kind_of(path: &Path) -> std::io::Result<&'static str> {
    let start = start_of(&mut BufReader::new(open_regular(path)?))?;
    Ok(match format_in(&start) {
        Some(ImageFormat::Png) => "a PNG picture",
        Some(ImageFormat::Jpeg) => "a JPEG picture",
        Some(ImageFormat::WebP) => "a WebP picture",
        Some(_) => "a GIF picture",
        None => other_kind(&start),
    })
}

/// The format of a picture.
pub(super) fn format_of(file: &mut BufReader<File>) -> Result<ImageFormat, PictureError> {
    let start = start_of(file).map_err(PictureError::Read)?;
    let found = || PictureError::Kind {
        found: other_kind(&start),
    };
    format_in(&start).ok_or_else(found)
}

fn start_of(file: &mut BufReader<File>) -> std::io::Result<Vec<u8>> {
    let mut start = Vec::new();
    file.by_ref().take(START_BYTES).read_to_end(&mut start)?;
    file.rewind()?;
    Ok(start)
}

fn format_in(start: &[u8]) -> Option<ImageFormat> {
    if start.starts_with(b"RIFF") && start.get(8..12) == Some(b"WEBP") {
        return Some(ImageFormat::WebP);
    }
    let known = READ.iter().find(|(magic, _)| start.starts_with(magic));
    known.map(|(_, format)| *format)
}

fn other_kind(start: &[u8]) -> &'static str {
    if start.is_empty() {
        return "an empty file";
    }
    if start.get(4..8) == Some(b"ftyp") {
        let brand = start.get(8..12).unwrap_or_default();
        let known = BRANDS.iter().find(|(known, _)| brand.starts_with(known));
        return known.map_or("a video", |(_, kind)| kind);
    }
    let text = start.trim_ascii_start();
    let known = OTHERS
        .iter()
        .find(|(magic, _)| start.starts_with(magic) || text.starts_with(magic));
    if let Some((_, kind)) = known {
        return kind;
    }
    // The length of its header, and the header.
    if start.get(8) == Some(&b'{') && start.get(4..8) == Some(&[0; 4]) {
        return "a model in safetensors";
    }
    if text.starts_with(b"{") || text.starts_with(b"[") {
        return "JSON";
    }
    let is_text = std::str::from_utf8(start).is_ok_and(|text| !text.contains('\0'));
    if is_text { "a text" } else { "a file of another kind" }
}
