//! The archive around a checkpoint: which part of the file is which entry. Nothing is unpacked, nothing written.
//!
//! `PyTorch` stores its entries as they are, so an entry is a range of the file, and no archive can hold more than the
//! file does. Source: <https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT>

use crate::formats::error::Broken;
use std::collections::BTreeMap;
use std::ops::Range;

/// The end of the central directory.
const END: &[u8] = b"PK\x05\x06";
const END_BYTES: usize = 22;
/// Longest comment behind it.
const MAX_COMMENT: usize = u16::MAX as usize;
/// Where the 64-bit end is, for archives over 4 GiB.
const LOCATOR64: &[u8] = b"PK\x06\x07";
const LOCATOR64_BYTES: usize = 20;
const END64: &[u8] = b"PK\x06\x06";
const CENTRAL: &[u8] = b"PK\x01\x02";
const CENTRAL_BYTES: usize = 46;
const LOCAL: &[u8] = b"PK\x03\x04";
const LOCAL_BYTES: usize = 30;
/// Marks a size or an offset that is in the extra field instead.
const IN_EXTRA: u64 = 0xffff_ffff;

/// Where every entry's contents lie.
pub(super) type Entries = BTreeMap<String, Range<usize>>;

/// The entries of an archive whose entries are all stored uncompressed.
pub(super) fn entries(bytes: &[u8]) -> Result<Entries, Broken> {
    let (count, mut at) = directory(bytes)?;
    let (mut found, mut spans) = (Entries::new(), Vec::new());
    for _ in 0..count {
        let header = field(bytes, at, CENTRAL_BYTES)?;
        if !header.starts_with(CENTRAL) {
            return Err(Broken::new(
                format!("an archive of {count} entries"),
                format!("only {} in its directory", found.len()),
            ));
        }
        let [name_bytes, extra_bytes, comment_bytes] = [28, 30, 32].map(|offset| u16_at(header, offset) as usize);
        let name = field(bytes, at + CENTRAL_BYTES, name_bytes)?;
        let extra = field(bytes, at + CENTRAL_BYTES + name_bytes, extra_bytes)?;
        at += CENTRAL_BYTES + name_bytes + extra_bytes + comment_bytes;

        let name = plain_name(name)?;
        if u16_at(header, 10) != 0 || u16_at(header, 8) & 1 != 0 {
            return Err(Broken::new(
                "an archive whose entries are stored as they are",
                format!("{name:?}, which is compressed or encrypted"),
            ));
        }
        let [packed, unpacked, start] = sizes(header, extra)?;
        if packed != unpacked {
            return Err(Broken::new(
                format!("{packed} bytes in {name:?}, as are stored"),
                format!("a promise of {unpacked}"),
            ));
        }
        let (span, data) = contents(bytes, start, unpacked, name)?;
        spans.push(span);
        if found.insert(name.to_owned(), data).is_some() {
            return Err(Broken::new(
                "every entry of the archive once",
                format!("{name:?} twice"),
            ));
        }
    }
    spans.sort_by_key(|span| span.start);
    if let Some(pair) = spans.windows(2).find(|pair| pair[0].end > pair[1].start) {
        return Err(Broken::new(
            "entries of the archive beside each other",
            format!("two that share byte {}", pair[1].start),
        ));
    }
    Ok(found)
}

/// How many entries there are and where their list begins.
fn directory(bytes: &[u8]) -> Result<(u64, usize), Broken> {
    let cut = || Broken::new("a whole archive", "no directory at its end (an incomplete download?)");
    let from = bytes.len().saturating_sub(END_BYTES + MAX_COMMENT);
    let tail = &bytes[from..];
    let end = tail
        .windows(END.len())
        .rposition(|window| window == END)
        .map(|at| from + at)
        .ok_or_else(cut)?;
    let footer = bytes.get(end..end + END_BYTES).ok_or_else(cut)?;
    let (mut count, mut start) = (u64::from(u16_at(footer, 10)), u64::from(u32_at(footer, 16)));
    let locator = end
        .checked_sub(LOCATOR64_BYTES)
        .and_then(|at| bytes.get(at..end))
        .filter(|locator| locator.starts_with(LOCATOR64));
    if let Some(locator) = locator {
        let footer = to_usize(u64_at(locator, 8)).and_then(|at| field(bytes, at, 56))?;
        if !footer.starts_with(END64) {
            return Err(cut());
        }
        (count, start) = (u64_at(footer, 32), u64_at(footer, 48));
    }
    Ok((count, to_usize(start)?))
}

/// Stored size, unpacked size and offset of an entry.
fn sizes(header: &[u8], mut extra: &[u8]) -> Result<[u64; 3], Broken> {
    let [packed, unpacked, start] = [20, 24, 42].map(|offset| u64::from(u32_at(header, offset)));
    // The 64-bit field lists only those that did not fit, in this order.
    let mut values = [unpacked, packed, start];
    while values.contains(&IN_EXTRA) && extra.len() >= 4 {
        let (kind, length) = (u16_at(extra, 0), u16_at(extra, 2) as usize);
        let body = field(extra, 4, length)?;
        if kind == 1 {
            let wide = body.as_chunks::<8>().0.iter().map(|chunk| u64::from_le_bytes(*chunk));
            for (value, wide) in values.iter_mut().filter(|value| **value == IN_EXTRA).zip(wide) {
                *value = wide;
            }
            break;
        }
        extra = &extra[4 + length..];
    }
    let [unpacked, packed, start] = values;
    Ok([packed, unpacked, start])
}

/// The range of an entry with its header, and of its contents alone.
fn contents(bytes: &[u8], start: u64, length: u64, name: &str) -> Result<(Range<usize>, Range<usize>), Broken> {
    let start = to_usize(start)?;
    let header = field(bytes, start, LOCAL_BYTES)?;
    let [name_bytes, extra_bytes] = [26, 28].map(|offset| u16_at(header, offset) as usize);
    let is_same = field(bytes, start + LOCAL_BYTES, name_bytes)? == name.as_bytes();
    if !header.starts_with(LOCAL) || !is_same {
        return Err(Broken::new(
            format!("entry {name:?} where the directory says"),
            "something else",
        ));
    }
    let data = start + LOCAL_BYTES + name_bytes + extra_bytes;
    let length = to_usize(length)?;
    field(bytes, data, length)?;
    Ok((start..data + length, data..data + length))
}

/// A path inside the archive, of the plain kind.
fn plain_name(name: &[u8]) -> Result<&str, Broken> {
    let shown = String::from_utf8_lossy(name);
    let is_plain = !shown.starts_with('/')
        && !shown.contains(['\\', ':', '\0'])
        && shown.split('/').all(|part| part != ".." && part != ".");
    match std::str::from_utf8(name) {
        Ok(name) if is_plain && !name.is_empty() => Ok(name),
        _ => Err(Broken::new("plain names in the archive", format!("{shown:?}"))),
    }
}

fn field(bytes: &[u8], at: usize, length: usize) -> Result<&[u8], Broken> {
    let end = at.checked_add(length);
    end.and_then(|end| bytes.get(at..end)).ok_or_else(|| {
        Broken::new(
            format!("an archive with {length} bytes at {at}"),
            format!("{} in all", bytes.len()),
        )
    })
}

fn to_usize(number: u64) -> Result<usize, Broken> {
    usize::try_from(number).map_err(|_too_large| Broken::new("a place in the archive", format!("byte {number}")))
}

/// Reads at an offset that is known to be inside; 0 beyond the end.
fn u16_at(bytes: &[u8], at: usize) -> u16 {
    bytes[at..].first_chunk().map_or(0, |chunk| u16::from_le_bytes(*chunk))
}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    bytes[at..].first_chunk().map_or(0, |chunk| u32::from_le_bytes(*chunk))
}

fn u64_at(bytes: &[u8], at: usize) -> u64 {
    bytes[at..].first_chunk().map_or(0, |chunk| u64::from_le_bytes(*chunk))
}
