//! The names by which people and other programs know a weight file.

use super::Bytes;
use super::FileKind;
use super::LoadError;
use super::detect;
use super::open_tensors;
use serde::Deserialize;
use serde::Serialize;
use sha2::Digest as _;
use sha2::Sha256;
use std::collections::BTreeMap;
use std::path::Path;
use std::time::UNIX_EPOCH;

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
    /// [`LoadError::Read`].
    pub fn of(path: &Path) -> Result<Self, LoadError> {
        let bytes = Bytes::map(path).map_err(|source| LoadError::Read {
            path: path.to_owned(),
            source,
        })?;
        let legacy_end = (LEGACY_START + LEGACY_BYTES).min(bytes.len());
        let legacy = bytes.get(LEGACY_START..legacy_end).unwrap_or_default();
        Ok(Self {
            sha256: sha256(&bytes, 0),
            legacy: cut(format!("{:x}", Sha256::digest(legacy)), 8),
            lora: lora_hash(path, &bytes),
        })
    }
}

/// The hashes of a file, from the cache if it knows a file of this path, length and time of change; else read, and
/// kept there. To be called where waiting does no harm.
///
/// * `cache`: a JSON file; made if it is not there, begun anew if it is broken.
///
/// # Errors
/// [`LoadError::Read`] if the file cannot be read. A cache that cannot be written is only logged.
pub fn file_hashes(path: &Path, cache: &Path) -> Result<FileHashes, LoadError> {
    let read_error = |source| LoadError::Read {
        path: path.to_owned(),
        source,
    };
    let metadata = std::fs::metadata(path).map_err(read_error)?;
    let modified = metadata.modified().map_err(read_error)?.duration_since(UNIX_EPOCH);
    let modified_nanos = modified.map_or(0, |time| time.as_nanos() as u64);
    let key = std::path::absolute(path).map_err(read_error)?.display().to_string();
    let known = |cached: &Cached| cached.bytes == metadata.len() && cached.modified_nanos == modified_nanos;
    if let Some(cached) = read_cache(cache).remove(&key).filter(known) {
        return Ok(cached.hashes);
    }

    let hashes = FileHashes::of(path)?;
    // Read again: another thread may have added to it meanwhile.
    let mut entries = read_cache(cache);
    let cached = Cached {
        bytes: metadata.len(),
        modified_nanos,
        hashes: hashes.clone(),
    };
    entries.insert(key, cached);
    if let Err(error) = write_cache(cache, &entries) {
        tracing::warn!("hashes are not kept: {error}. File: {}", cache.display());
    }
    Ok(hashes)
}

/// What the cache knows of a file.
#[derive(Debug, Serialize, Deserialize)]
struct Cached {
    bytes: u64,
    modified_nanos: u64,
    hashes: FileHashes,
}

fn read_cache(cache: &Path) -> BTreeMap<String, Cached> {
    let text = std::fs::read(cache).unwrap_or_default();
    serde_json::from_slice(&text).unwrap_or_default()
}

/// Whole or not at all.
fn write_cache(cache: &Path, entries: &BTreeMap<String, Cached>) -> std::io::Result<()> {
    let folder = cache.parent().unwrap_or_else(|| Path::new("."));
    std::fs::create_dir_all(folder)?;
    let file = tempfile::NamedTempFile::new_in(folder)?;
    serde_json::to_writer_pretty(&file, entries)?;
    file.persist(cache)?;
    Ok(())
}

/// SHA-256 of the bytes from `start` on, which are let go of as they are read.
fn sha256(bytes: &Bytes, start: usize) -> String {
    let mut hash = Sha256::new();
    for from in (start..bytes.len()).step_by(CHUNK) {
        let range = from..(from + CHUNK).min(bytes.len());
        hash.update(&bytes[range.clone()]);
        bytes.let_go(range);
    }
    format!("{:x}", hash.finalize())
}

fn lora_hash(path: &Path, bytes: &Bytes) -> Option<String> {
    let source = open_tensors(path).ok()?;
    if detect(&*source).ok()? != FileKind::Lora {
        return None;
    }
    let noted = source.header_text(LORA_NOTE).map(str::to_owned);
    let hash = noted.unwrap_or_else(|| {
        // Other formats have no header that a tool could have changed.
        let header = bytes
            .first_chunk()
            .and_then(|length| usize::try_from(u64::from_le_bytes(*length)).ok())
            .and_then(|length| length.checked_add(size_of::<u64>()))
            .filter(|end| *end <= bytes.len());
        sha256(bytes, header.unwrap_or_default())
    });
    Some(cut(hash, 12))
}

fn cut(mut hash: String, digits: usize) -> String {
    if hash.is_char_boundary(digits) {
        hash.truncate(digits);
    }
    hash
}
