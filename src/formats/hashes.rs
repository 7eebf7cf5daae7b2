//! The names by which people and other programs know a weight file.

use super::bytes::Bytes;
use super::error::FormatError;
use super::kind::FileKind;
use super::kind::detect;
use super::open::open_tensors;
use super::tensor_file::TensorFile;
use crate::config::{PendingFile, read_regular};
use serde::Deserialize;
use serde::Serialize;
use sha2::Digest as _;
use sha2::Sha256;
use std::collections::BTreeMap;
use std::fs::File;
use std::io;
use std::path::Path;
use std::time::UNIX_EPOCH;

/// The most that a file of known hashes may have.
const MAX_CACHE_BYTES: u64 = 64 << 20;
/// Bytes hashed at a time.
const CHUNK: usize = 1 << 22;
/// The piece that A1111's old hash looks at.
const LEGACY_START: usize = 0x10_0000;
/// Its length in bytes.
const LEGACY_BYTES: usize = 0x1_0000;
/// Where the trainers of kohya-ss keep the hash of a LoRA.
const LORA_NOTE: &str = "sshs_model_hash";

/// Hashes of one file, in hexadecimal.
///
/// Source: `modules/hashes.py`, `modules/sd_models.py` and `extensions-builtin/Lora/network.py` of
/// <https://github.com/AUTOMATIC1111/stable-diffusion-webui>
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileHashes {
    /// SHA-256 of the whole file, 64 digits.
    pub sha256: String,
    /// A1111's name for a checkpoint before 2023, 8 digits: of 64 KiB after the first MiB.
    pub legacy: String,
    /// A1111's name for a LoRA, 12 digits: of what follows the header, or as the trainer noted; `None` for other files.
    pub lora: Option<String>,
}

impl FileHashes {
    /// A1111's name for a checkpoint: the first 10 digits.
    pub fn short(&self) -> &str {
        self.sha256.get(..10).unwrap_or(&self.sha256)
    }

    /// Reads the whole file, which takes seconds for a large one.
    ///
    /// # Errors
    /// [`FormatError::Read`].
    pub fn of(path: &Path) -> Result<Self, FormatError> {
        let hashes = || {
            let bytes = Bytes::map(path)?;
            let legacy_end = (LEGACY_START + LEGACY_BYTES).min(bytes.len());
            let legacy = bytes.part(LEGACY_START.min(legacy_end)..legacy_end)?;
            Ok(Self {
                sha256: sha256(&bytes, 0)?,
                legacy: cut(format!("{:x}", Sha256::digest(&legacy)), 8),
                lora: lora_hash(path, &bytes)?,
            })
        };
        hashes().map_err(FormatError::read(path))
    }
}

/// The hashes of a file, from the cache if it knows a file of this path, length and time of change; else read, and
/// kept there. To be called where waiting does no harm.
///
/// * `cache`: a JSON file; made if it is not there, begun anew if it is broken.
///
/// # Errors
/// [`FormatError::Read`] if the file cannot be read. A cache that cannot be written is only logged.
pub fn file_hashes(path: &Path, cache: &Path) -> Result<FileHashes, FormatError> {
    if let Some(hashes) = HashCache::read(cache).get(path) {
        return Ok(hashes);
    }
    let (key, state) = identity(path).map_err(FormatError::read(path))?;
    let hashes = FileHashes::of(path)?;
    let cached = Cached {
        state,
        hashes: hashes.clone(),
    };
    if let Err(error) = HashCache::add(cache, key, cached) {
        tracing::warn!("hashes are not kept: {error}. File: {}", cache.display());
    }
    Ok(hashes)
}

/// Hashes by the full paths of files, kept in a JSON file that several threads and programs share.
#[derive(Debug, Default)]
pub struct HashCache(BTreeMap<String, Cached>);

/// What the cache knows of a file.
#[derive(Debug, Serialize, Deserialize)]
struct Cached {
    #[serde(flatten)]
    state: FileState,
    hashes: FileHashes,
}

/// What changes when a file does.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
struct FileState {
    bytes: u64,
    modified_nanos: u64,
}

impl HashCache {
    /// One that is missing or broken is empty.
    pub fn read(file: &Path) -> Self {
        let text = read_regular(file, MAX_CACHE_BYTES).unwrap_or_default();
        Self(serde_json::from_slice(&text).unwrap_or_default())
    }

    /// The hashes of a file that has not changed since; no file is read for them.
    pub fn get(&self, path: &Path) -> Option<FileHashes> {
        let (key, state) = identity(path).ok()?;
        let cached = self.0.get(&key)?;
        (cached.state == state).then(|| cached.hashes.clone())
    }

    /// Adds to the file, which others may be adding to at the same time: a lock beside it lets one after the other read
    /// what is there and replace it.
    fn add(file: &Path, key: String, cached: Cached) -> io::Result<()> {
        let folder = file.parent().unwrap_or_else(|| Path::new("."));
        std::fs::create_dir_all(folder)?;
        let lock = File::create(file.with_extension("lock"))?;
        if let Err(error) = lock.lock() {
            tracing::debug!("could not lock a file: {error}: {}", file.display()); // not every file system has locks
        }
        let mut known = Self::read(file);
        known.0.insert(key, cached);
        PendingFile::replace(file, &serde_json::to_vec_pretty(&known.0)?)
    }
}

/// A file's full path and state.
fn identity(path: &Path) -> io::Result<(String, FileState)> {
    let metadata = std::fs::metadata(path)?;
    let modified = metadata.modified()?.duration_since(UNIX_EPOCH);
    let state = FileState {
        bytes: metadata.len(),
        modified_nanos: modified.map_or(0, |time| time.as_nanos() as u64),
    };
    Ok((std::path::absolute(path)?.display().to_string(), state))
}

/// SHA-256 of the bytes from `start` on.
fn sha256(bytes: &Bytes, start: usize) -> io::Result<String> {
    let mut hash = Sha256::new();
    for from in (start..bytes.len()).step_by(CHUNK) {
        hash.update(&bytes.part(from..(from + CHUNK).min(bytes.len()))?);
    }
    Ok(format!("{:x}", hash.finalize()))
}

fn lora_hash(path: &Path, bytes: &Bytes) -> io::Result<Option<String>> {
    let is_lora = |source: &dyn TensorFile| matches!(detect(source), Ok(FileKind::Lora));
    let Some(source) = open_tensors(path).ok().filter(|source| is_lora(&**source)) else {
        return Ok(None);
    };
    let noted = source.header_text(LORA_NOTE).map(str::to_owned);
    let hash = noted.map_or_else(
        || {
            // Other formats have no header that a tool could have changed.
            let header = bytes
                .first_chunk()
                .and_then(|length| usize::try_from(u64::from_le_bytes(*length)).ok())
                .and_then(|length| length.checked_add(size_of::<u64>()))
                .filter(|end| *end <= bytes.len());
            sha256(bytes, header.unwrap_or_default())
        },
        Ok,
    )?;
    Ok(Some(cut(hash, 12)))
}

fn cut(mut hash: String, digits: usize) -> String {
    if hash.is_char_boundary(digits) {
        hash.truncate(digits);
    }
    hash
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_should_all_be_kept_when_several_threads_add_to_the_cache_at_once() {
        let folder = tempfile::tempdir().unwrap();
        let cache = folder.path().join("cache/hashes.json");
        let files: Vec<_> = (0..16)
            .map(|index| folder.path().join(format!("{index}.bin")))
            .collect();
        for path in &files {
            std::fs::write(path, path.display().to_string()).unwrap();
        }
        std::thread::scope(|scope| {
            for path in &files {
                scope.spawn(|| file_hashes(path, &cache).unwrap());
            }
        });
        let known = HashCache::read(&cache);
        for path in &files {
            let expected = FileHashes::of(path).unwrap();
            assert_eq!(known.get(path), Some(expected), "{}", path.display());
        }
    }
}
