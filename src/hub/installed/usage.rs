//! When models, adapters and embeddings were used last.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use crate::config::{MAX_OWN_FILE_BYTES, PendingFile, read_regular};
use crate::hub::HubError;

/// Seconds since 1970-01-01 UTC by absolute path; a file that is missing or broken knows of none.
pub(super) fn read(file: &Path) -> BTreeMap<String, i64> {
    let text = read_regular(file, MAX_OWN_FILE_BYTES).unwrap_or_default();
    serde_json::from_slice(&text).unwrap_or_default()
}

/// How a path is named there.
pub(super) fn key(path: &Path) -> String {
    let path = std::path::absolute(path).unwrap_or_else(|_empty| path.to_owned());
    path.display().to_string()
}

/// Takes note that these are used now.
pub(super) fn note(file: &Path, paths: &[PathBuf]) -> Result<(), HubError> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    let now = now.map_or(0, |now| now.as_secs().cast_signed());
    let mut used = read(file);
    used.extend(paths.iter().map(|path| (key(path), now)));
    let text = serde_json::to_vec_pretty(&used).map_err(std::io::Error::from);
    text.and_then(|text| PendingFile::replace(file, &text))
        .map_err(HubError::io(file))
}
