//! The names by which people and other programs know a file of weights.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::header::Header;
use super::kind::{ModelKind, kind_and_family};
use crate::config::PendingFile;
use crate::hub::HubError;

/// Bytes hashed at a time.
const CHUNK: usize = 1 << 20;
/// The piece that A1111's old hash looks at: from here …
const LEGACY_START: u64 = 0x10_0000;
/// … to here.
const LEGACY_END: u64 = LEGACY_START + 0x1_0000;

/// Hashes of one file in hexadecimal, as the engine computes and keeps them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hashes {
    /// SHA-256 of the whole file, 64 digits.
    pub sha256: String,
    /// A1111's name for a checkpoint before 2023, 8 digits.
    pub legacy: String,
    /// A1111's name for a LoRA, 12 digits; `None` for other files.
    pub lora: Option<String>,
}

impl Hashes {
    /// A1111's name for a checkpoint, and `AutoV2` elsewhere: the first 10 digits.
    pub fn short(&self) -> &str {
        self.sha256.get(..10).unwrap_or(&self.sha256)
    }

    /// Reads the whole file.
    fn of(path: &Path) -> Result<Self, HubError> {
        let header = Header::read(path).ok();
        let is_lora = header
            .as_ref()
            .is_some_and(|header| kind_and_family(header).0 == Some(ModelKind::Lora));
        let noted = header.and_then(|mut header| header.notes.remove("sshs_model_hash"));

        let mut file = File::open(path).map_err(HubError::io(path))?;
        let (mut whole, mut legacy, mut body) = (Sha256::new(), Sha256::new(), Sha256::new());
        let (mut at, mut body_start) = (0_u64, 0_u64);
        let mut chunk = vec![0; CHUNK];
        loop {
            let count = file.read(&mut chunk).map_err(HubError::io(path))?;
            if count == 0 {
                break;
            }
            let bytes = &chunk[..count];
            if at == 0 {
                body_start = header_end(bytes);
            }
            whole.update(bytes);
            legacy.update(between(bytes, at, LEGACY_START, LEGACY_END));
            if is_lora && noted.is_none() {
                body.update(between(bytes, at, body_start, u64::MAX));
            }
            at += count as u64;
        }
        let cut = |hash: String, digits: usize| hash.chars().take(digits).collect::<String>();
        let lora = is_lora.then(|| cut(noted.unwrap_or_else(|| format!("{:x}", body.finalize())), 12));
        Ok(Self {
            sha256: format!("{:x}", whole.finalize()),
            legacy: cut(format!("{:x}", legacy.finalize()), 8),
            lora,
        })
    }
}

/// Where the tensors begin.
fn header_end(bytes: &[u8]) -> u64 {
    let length = bytes.first_chunk().map_or(0, |length| u64::from_le_bytes(*length));
    length.saturating_add(size_of::<u64>() as u64)
}

/// Those of `bytes`, which stand at `at` in the file, that are from `start` to `end` in it.
fn between(bytes: &[u8], at: u64, start: u64, end: u64) -> &[u8] {
    let place = |offset: u64| (offset.saturating_sub(at)).min(bytes.len() as u64) as usize;
    &bytes[place(start)..place(end)]
}

/// What the cache knows of a file.
#[derive(Debug, Serialize, Deserialize)]
struct Cached {
    bytes: u64,
    modified_nanos: u64,
    hashes: Hashes,
}

/// Hashes by file, in the file that the engine uses too.
#[derive(Debug, Default)]
pub(super) struct Cache(BTreeMap<String, Cached>);

impl Cache {
    /// One that is missing or broken is empty.
    pub(super) fn read(file: &Path) -> Self {
        let text = std::fs::read(file).unwrap_or_default();
        Self(serde_json::from_slice(&text).unwrap_or_default())
    }

    /// The hashes of a file of this path, length and time of change.
    pub(super) fn get(&self, path: &Path) -> Option<Hashes> {
        let (key, bytes, modified_nanos) = identity(path).ok()?;
        let cached = self.0.get(&key)?;
        let is_same = cached.bytes == bytes && cached.modified_nanos == modified_nanos;
        is_same.then(|| cached.hashes.clone())
    }

    fn write(&self, file: &Path) -> std::io::Result<()> {
        let folder = file.parent().unwrap_or_else(|| Path::new("."));
        std::fs::create_dir_all(folder)?;
        let mut pending = PendingFile::create(folder)?;
        pending.file().write_all(&serde_json::to_vec_pretty(&self.0)?)?;
        pending.publish(file)
    }
}

fn identity(path: &Path) -> std::io::Result<(String, u64, u64)> {
    let metadata = std::fs::metadata(path)?;
    let modified = metadata.modified()?.duration_since(UNIX_EPOCH);
    let nanos = modified.map_or(0, |time| time.as_nanos() as u64);
    let key: PathBuf = std::path::absolute(path)?;
    Ok((key.display().to_string(), metadata.len(), nanos))
}

/// The hashes of a file, from the cache if it knows them, else read and kept there.
pub(super) fn hashes(path: &Path, cache: &Path) -> Result<Hashes, HubError> {
    if let Some(hashes) = Cache::read(cache).get(path) {
        return Ok(hashes);
    }
    let (key, bytes, modified_nanos) = identity(path).map_err(HubError::io(path))?;
    let hashes = Hashes::of(path)?;
    let mut known = Cache::read(cache); // again: others may have added to it meanwhile
    let cached = Cached {
        bytes,
        modified_nanos,
        hashes: hashes.clone(),
    };
    known.0.insert(key, cached);
    if let Err(error) = known.write(cache) {
        tracing::warn!("hashes are not kept: {error}. File: {}", cache.display());
    }
    Ok(hashes)
}
