//! Locks on files that several programs replace or remove.

use std::fs::{File, TryLockError};
use std::io;
use std::path::Path;

use crate::config::open_regular;

/// How often a file that is replaced again and again is tried to be locked.
const MAX_ATTEMPTS: usize = 1000;

/// Locks a file that is to be replaced or removed, so that no other program does so meanwhile, until the handle is
/// dropped.
///
/// # Errors
/// [`io::ErrorKind::WouldBlock`] if another program has it or has just replaced it.
pub(super) fn hold(path: &Path) -> io::Result<File> {
    let file = open_regular(path)?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => return Err(io::ErrorKind::WouldBlock.into()),
        Err(TryLockError::Error(error)) => tracing::debug!("could not lock a file: {error}: {}", path.display()),
    }
    if is_same_file(&file, path)? {
        Ok(file)
    } else {
        Err(io::ErrorKind::WouldBlock.into())
    }
}

/// As [`hold`], but waits for another program to be done; `None` if there is no such file.
pub(super) fn hold_to_replace(path: &Path) -> io::Result<Option<File>> {
    for _attempt in 0..MAX_ATTEMPTS {
        let file = match open_regular(path) {
            Err(error) if is_absent(&error) => return Ok(None),
            file => file?,
        };
        if let Err(error) = file.lock() {
            tracing::debug!("could not lock a file: {error}: {}", path.display());
        }
        if is_same_file(&file, path).unwrap_or(false) {
            return Ok(Some(file));
        }
    }
    Err(io::ErrorKind::WouldBlock.into())
}

/// Whether there is no such file; there is none whose name is too long.
pub(super) fn is_absent(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::InvalidFilename)
}

/// Whether that name still is the name of that file.
#[cfg(unix)]
fn is_same_file(file: &File, path: &Path) -> io::Result<bool> {
    use std::os::unix::fs::MetadataExt as _;
    let (open, named) = (file.metadata()?, std::fs::metadata(path)?);
    Ok((open.dev(), open.ino()) == (named.dev(), named.ino()))
}

/// Whether that name still is the name of that file, judged by its size and age.
#[cfg(not(unix))]
fn is_same_file(file: &File, path: &Path) -> io::Result<bool> {
    let (open, named) = (file.metadata()?, std::fs::metadata(path)?);
    Ok((open.len(), open.modified()?) == (named.len(), named.modified()?))
}
