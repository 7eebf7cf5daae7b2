//! The file of the index among other files.

use std::fs::Metadata;
use std::path::{Path, PathBuf};
#[cfg(not(unix))]
use std::time::UNIX_EPOCH;

use crate::gallery::GalleryError;

/// What a file that could not be used is called; an earlier one makes way.
const ASIDE_NAME: &str = "index-set-aside.sqlite";
/// What the names of its logs end with.
pub(super) const LOG_ENDS: [&str; 3] = ["-wal", "-shm", "-journal"];

/// Gives the file and its logs other names.
pub(super) fn put_aside(file: &Path) -> Result<PathBuf, GalleryError> {
    let aside = file.with_file_name(ASIDE_NAME);
    for path in [with_end(&aside, "-wal"), with_end(&aside, "-shm")] {
        std::fs::remove_file(path).ok(); // of an earlier one
    }
    std::fs::rename(with_end(file, "-wal"), with_end(&aside, "-wal")).ok(); // there need not be one
    std::fs::remove_file(with_end(file, "-shm")).ok(); // says nothing that the others do not
    std::fs::remove_file(with_end(file, "-journal")).ok(); // it is not written here
    std::fs::rename(file, &aside).map_err(GalleryError::write(file))?;
    remove_logs(file);
    Ok(aside)
}

/// Removes what `SQLite` would take for the log of a new file.
pub(super) fn remove_logs(file: &Path) {
    for end in LOG_ENDS {
        std::fs::remove_file(with_end(file, end)).ok(); // there need not be one
    }
}

pub(super) fn with_end(file: &Path, end: &str) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(end);
    PathBuf::from(name)
}

/// Identifies a file, so that a replaced one is noticed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Identity(u64, u64);

pub(super) fn identity_of(file: &Path) -> Option<Identity> {
    std::fs::metadata(file).ok().map(|metadata| identity(&metadata))
}

#[cfg(unix)]
fn identity(metadata: &Metadata) -> Identity {
    use std::os::unix::fs::MetadataExt as _;
    Identity(metadata.dev(), metadata.ino())
}

#[cfg(not(unix))]
fn identity(metadata: &Metadata) -> Identity {
    let created = metadata
        .created()
        .ok()
        .and_then(|time| time.duration_since(UNIX_EPOCH).ok());
    Identity(created.unwrap_or_default().as_nanos() as u64, 0)
}
