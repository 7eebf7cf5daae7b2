//! PNG files and the texts in them.

use std::fs::File;
use std::io::BufReader;
use std::path::Path;

use super::GalleryError;
use crate::job::RgbImage;

/// Longest text that is read; a record is some kilobytes.
const MAX_TEXT_BYTES: usize = 4 << 20;
/// Most memory the PNG reader may take for what is not pixels.
const MAX_CHUNK_BYTES: usize = 64 << 20;

/// A text in a PNG file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Text {
    pub(super) keyword: String,
    pub(super) text: String,
}

/// How a text is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TextKind {
    /// iTXt, UTF-8.
    Utf8,
    /// tEXt if Latin-1 can hold it, as Pillow and so A1111 do, else iTXt.
    Customary,
}

/// The bytes of an 8-bit RGB PNG with `texts` (keyword, text, kind) before its pixels.
pub(super) fn encode(pixels: &RgbImage, texts: &[(&str, &str, TextKind)]) -> Result<Vec<u8>, GalleryError> {
    let &RgbImage {
        width_px, height_px, ..
    } = pixels;
    let expected = width_px as usize * height_px as usize * 3;
    if pixels.pixels.len() != expected {
        return Err(GalleryError::PixelCount {
            width_px,
            height_px,
            expected,
            found: pixels.pixels.len(),
        });
    }
    let mut bytes = Vec::with_capacity(expected / 2 + 4096);
    let mut encoder = png::Encoder::new(&mut bytes, width_px, height_px);
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
    writer.write_image_data(&pixels.pixels)?;
    writer.finish()?;
    Ok(bytes)
}

/// The texts of a PNG file whose keyword is among `keywords`, in the order of the file, wherever they stand in it.
pub(super) fn read_texts(path: &Path, keywords: &[&str]) -> Result<Vec<Text>, GalleryError> {
    let decode_error = |source| GalleryError::DecodePng {
        path: path.to_owned(),
        source,
    };
    let file = File::open(path).map_err(GalleryError::read(path))?;
    let limits = png::Limits { bytes: MAX_CHUNK_BYTES };
    let mut reader = png::Decoder::new_with_limits(BufReader::new(file), limits)
        .read_info()
        .map_err(decode_error)?;
    let texts = texts_of(path, reader.info(), keywords)?;
    if !texts.is_empty() {
        return Ok(texts);
    }
    // Some programs put their texts after the pixels, which this skips without unpacking them.
    reader.finish().map_err(decode_error)?;
    texts_of(path, reader.info(), keywords)
}

fn texts_of(path: &Path, info: &png::Info<'_>, keywords: &[&str]) -> Result<Vec<Text>, GalleryError> {
    let bad_text = |keyword: &str| GalleryError::BadText {
        path: path.to_owned(),
        keyword: keyword.to_owned(),
        limit: MAX_TEXT_BYTES,
    };
    let mut texts = Vec::new();
    let mut keep = |keyword: &str, text: String| {
        if text.len() > MAX_TEXT_BYTES {
            return Err(bad_text(keyword));
        }
        texts.push(Text {
            keyword: keyword.to_owned(),
            text,
        });
        Ok(())
    };
    let wanted = |keyword: &str| keywords.contains(&keyword);

    for chunk in info.utf8_text.iter().filter(|chunk| wanted(&chunk.keyword)) {
        let mut chunk = chunk.clone();
        chunk
            .decompress_text_with_limit(MAX_TEXT_BYTES)
            .map_err(|_damaged| bad_text(&chunk.keyword))?;
        let text = chunk.get_text().map_err(|_damaged| bad_text(&chunk.keyword))?;
        keep(&chunk.keyword, text)?;
    }
    for chunk in info
        .uncompressed_latin1_text
        .iter()
        .filter(|chunk| wanted(&chunk.keyword))
    {
        keep(&chunk.keyword, undo_mislabelled_utf8(&chunk.text))?;
    }
    for chunk in info
        .compressed_latin1_text
        .iter()
        .filter(|chunk| wanted(&chunk.keyword))
    {
        let mut chunk = chunk.clone();
        chunk
            .decompress_text_with_limit(MAX_TEXT_BYTES)
            .map_err(|_damaged| bad_text(&chunk.keyword))?;
        let text = chunk.get_text().map_err(|_damaged| bad_text(&chunk.keyword))?;
        keep(&chunk.keyword, undo_mislabelled_utf8(&text))?;
    }
    Ok(texts)
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
