//! Pictures that are known by their address only, such as those dragged out of a browser.

use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use image::ImageFormat;

use super::HubError;
use super::http::{Client, HttpRequest, host_of, refusal};
use crate::config::{PendingFile, PublishError};

/// Largest file of a picture that is fetched, in bytes.
pub const MAX_PICTURE_BYTES: u64 = 64 << 20;
/// Longest time that one may take.
const LONGEST: Duration = Duration::from_mins(2);
/// Bytes read at a time.
const CHUNK: usize = 64 << 10;
/// Letters of the file's name that are kept.
const MAX_NAME: usize = 80;

/// Fetches a picture into a folder, which is made if needed, and returns its file: named as the address names it, with
/// the ending of what it is. Waits for the network, at most two minutes: not for the window's thread.
///
/// * `url`: begins with `https://`, and leads to a server on the public internet, as does every redirect from there.
///
/// # Errors
/// [`HubError`]: no address, not encrypted, on this computer or its network, nobody answers, not given, more than [`MAX_PICTURE_BYTES`], neither PNG nor
/// JPEG nor WebP by its first bytes whatever the server says, or cannot be written.
pub fn fetch_picture(url: &str, dir: &Path) -> Result<PathBuf, HubError> {
    fetch(&Client::for_strangers(), url.trim(), dir)
}

fn fetch(client: &Client, url: &str, dir: &Path) -> Result<PathBuf, HubError> {
    let deadline = Instant::now() + LONGEST;
    let response = client.get(HttpRequest {
        url,
        ..HttpRequest::default()
    })?;
    if !response.status().is_success() {
        return Err(refusal(response.status(), "such picture", false));
    }
    let mut body = response.into_body();
    let promised = body.content_length();
    let too_large = |found| HubError::TooLarge {
        limit: MAX_PICTURE_BYTES,
        found,
    };
    if let Some(bytes) = promised.filter(|bytes| *bytes > MAX_PICTURE_BYTES) {
        return Err(too_large(bytes));
    }

    let mut bytes = Vec::new();
    let mut reader = body.as_reader();
    let mut chunk = vec![0; CHUNK];
    loop {
        let stalled = |source| HubError::Stalled {
            host: host_of(url),
            source,
        };
        let count = reader.read(&mut chunk).map_err(stalled)?;
        if count == 0 {
            break;
        }
        let is_first = bytes.is_empty();
        bytes.extend_from_slice(&chunk[..count]);
        if bytes.len() as u64 > MAX_PICTURE_BYTES {
            return Err(too_large(bytes.len() as u64));
        }
        if is_first && bytes.len() >= SNIFFED {
            ending(&bytes)?; // a page of text is not read to its end
        }
        if Instant::now() > deadline {
            return Err(stalled(std::io::ErrorKind::TimedOut.into()));
        }
    }
    if let Some(expected) = promised.filter(|expected| *expected != bytes.len() as u64) {
        return Err(HubError::Length {
            file: name_in(url),
            expected,
            found: bytes.len() as u64,
        });
    }
    let ending = ending(&bytes)?;
    write_new(dir, &name_in(url), ending, &bytes)
}

/// First bytes that show what a file is.
const SNIFFED: usize = 12;

/// What the file is, by its first bytes.
fn ending(bytes: &[u8]) -> Result<&'static str, HubError> {
    match image::guess_format(bytes) {
        Ok(ImageFormat::Png) => Ok("png"),
        Ok(ImageFormat::Jpeg) => Ok("jpg"),
        Ok(ImageFormat::WebP) => Ok("webp"),
        _ if bytes.is_empty() => Err(not_a_picture("nothing")),
        _ => {
            let start = String::from_utf8_lossy(&bytes[..bytes.len().min(SNIFFED)]);
            Err(not_a_picture(format!("a file that begins with {start:?}")))
        }
    }
}

fn not_a_picture(found: impl Into<String>) -> HubError {
    HubError::NotAPicture { found: found.into() }
}

/// The last part of the address without its ending, as far as it makes a name on every system.
fn name_in(url: &str) -> String {
    let path = url.split(['?', '#']).next().unwrap_or_default();
    let last = path.trim_end_matches('/').rsplit('/').next().unwrap_or_default();
    let stem = last.rsplit_once('.').map_or(last, |(stem, _)| stem);
    let name: String = stem
        .chars()
        .map(|c| {
            if c.is_alphanumeric() || c == '-' || c == '_' {
                c
            } else {
                '-'
            }
        })
        .take(MAX_NAME)
        .collect();
    let name = name.trim_matches('-');
    if name.is_empty() {
        "picture".to_owned()
    } else {
        name.to_owned()
    }
}

/// Writes a file of a name that is free: `name.png`, else `name-2.png` …
fn write_new(dir: &Path, name: &str, ending: &str, bytes: &[u8]) -> Result<PathBuf, HubError> {
    std::fs::create_dir_all(dir).map_err(HubError::io(dir))?;
    let mut pending = PendingFile::create(dir).map_err(HubError::io(dir))?;
    pending.file().write_all(bytes).map_err(HubError::io(dir))?;
    let mut number = 1_u32;
    loop {
        let suffix = if number == 1 {
            String::new()
        } else {
            format!("-{number}")
        };
        let path = dir.join(format!("{name}{suffix}.{ending}"));
        match pending.publish_new(&path) {
            Ok(()) => return Ok(path),
            Err(PublishError::NameTaken(back)) => pending = back,
            Err(PublishError::Io(source)) => return Err(HubError::Io { path, source }),
        }
        number += 1;
    }
}

#[cfg(test)]
mod tests;
