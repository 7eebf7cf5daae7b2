//! Whether a file has its end, and the size of a PNG, both without decoding anything.

use std::fs::File;
use std::io::{self, BufReader, Read as _, Seek as _, SeekFrom};

use image::ImageFormat;

/// How a PNG ends.
const PNG_END: [u8; 12] = *b"\0\0\0\0IEND\xAE\x42\x60\x82";
/// First byte of every marker of a JPEG, and its last marker.
const MARKER: u8 = 0xFF;
const JPEG_END: [u8; 2] = [MARKER, 0xD9];
/// The marker behind which a JPEG's pixels stand.
const SCAN: u8 = 0xDA;

/// Whether the end of a picture is there, as far as its format has one.
pub(super) fn is_whole(file: &mut BufReader<File>, format: ImageFormat) -> io::Result<bool> {
    let num_bytes = file.get_ref().metadata()?.len();
    let found = match format {
        ImageFormat::Png => has_png_end(file, num_bytes),
        ImageFormat::Jpeg => has_jpeg_end(file, num_bytes),
        ImageFormat::WebP => has_webp_end(file, num_bytes),
        _ => Ok(true),
    };
    match found {
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(false),
        found => found,
    }
}

/// Width and height of a PNG that lies upright; `None` if EXIF may say otherwise, or its start is another.
pub(super) fn png_size(file: &mut BufReader<File>) -> io::Result<Option<(u32, u32)>> {
    file.seek(SeekFrom::Start(8))?;
    let mut size = None;
    while let Some((length, kind)) = png_chunk(file)? {
        match &kind {
            b"IHDR" if length >= 8 => {
                let mut sides = [0; 8];
                file.read_exact(&mut sides)?;
                let [a, b, c, d, e, f, g, h] = sides;
                size = Some((u32::from_be_bytes([a, b, c, d]), u32::from_be_bytes([e, f, g, h])));
                file.seek_relative(i64::from(length) - 8 + 4)?;
            }
            b"eXIf" => {
                size = None;
                break;
            }
            b"IDAT" | b"IEND" => break,
            _ => file.seek_relative(i64::from(length) + 4)?,
        }
    }
    file.rewind()?;
    Ok(size)
}

/// Length and name of the next chunk; `None` at the end of the file.
fn png_chunk(file: &mut BufReader<File>) -> io::Result<Option<(u32, [u8; 4])>> {
    let mut header = [0; 8];
    match file.read_exact(&mut header) {
        Ok(()) => {}
        Err(end) if end.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
        Err(error) => return Err(error),
    }
    let [a, b, c, d, kind @ ..] = header;
    Ok(Some((u32::from_be_bytes([a, b, c, d]), kind)))
}

/// The last chunk is at the end of the file or, where something follows it, found by going from chunk to chunk.
fn has_png_end(file: &mut BufReader<File>, num_bytes: u64) -> io::Result<bool> {
    let mut end = [0; PNG_END.len()];
    file.seek(SeekFrom::Start(num_bytes.saturating_sub(end.len() as u64)))?;
    file.read_exact(&mut end)?;
    if end == PNG_END {
        return Ok(true);
    }
    file.seek(SeekFrom::Start(8))?;
    while let Some((length, kind)) = png_chunk(file)? {
        if kind == *b"IEND" {
            file.read_exact(&mut [0; 4])?; // its checksum
            return Ok(true);
        }
        file.seek_relative(i64::from(length) + 4)?;
    }
    Ok(false)
}

/// The last marker is at the end of the file or, where something follows it, found by going from segment to segment.
fn has_jpeg_end(file: &mut BufReader<File>, num_bytes: u64) -> io::Result<bool> {
    let mut end = [0; JPEG_END.len()];
    file.seek(SeekFrom::Start(num_bytes.saturating_sub(end.len() as u64)))?;
    file.read_exact(&mut end)?;
    if end == JPEG_END {
        return Ok(true);
    }
    file.seek(SeekFrom::Start(2))?;
    let mut is_scan = false;
    loop {
        let marker = next_marker(file)?;
        match marker {
            0xD9 => return Ok(true),
            // Bytes of pixels, or markers that stand alone.
            0x00 | 0x01 | 0xD0..=0xD8 => {}
            // A preview inside a segment may have an end of its own.
            SCAN => is_scan = true,
            _ if is_scan && !matches!(marker, 0xC4 | 0xDB | 0xDD | 0xE0..=0xEF | 0xFE | 0xDC) => {}
            _ => {
                let mut length = [0; 2];
                file.read_exact(&mut length)?;
                file.seek_relative(i64::from(u16::from_be_bytes(length).saturating_sub(2)))?;
            }
        }
    }
}

fn next_marker(file: &mut BufReader<File>) -> io::Result<u8> {
    let mut byte = [0];
    loop {
        file.read_exact(&mut byte)?;
        if byte[0] != MARKER {
            continue;
        }
        while byte[0] == MARKER {
            file.read_exact(&mut byte)?;
        }
        return Ok(byte[0]);
    }
}

/// RIFF says its length.
fn has_webp_end(file: &mut BufReader<File>, num_bytes: u64) -> io::Result<bool> {
    let mut start = [0; 8];
    file.rewind()?;
    file.read_exact(&mut start)?;
    let [_, _, _, _, a, b, c, d] = start;
    Ok(num_bytes >= u64::from(u32::from_le_bytes([a, b, c, d])) + 8)
}
