//! Which folder a picture belongs to, and how its path is written in the index.

use std::path::{Component, Path, PathBuf};

use rusqlite::types::{Value, ValueRef};

/// Number of the gallery's own folder.
pub(in crate::gallery) const GALLERY_ROOT: i64 = 0;

/// The folders whose pictures are in the index.
#[derive(Debug, Clone)]
pub(in crate::gallery) struct Roots {
    /// The gallery's own folder.
    pub(in crate::gallery) gallery: PathBuf,
    /// The watched ones, with their numbers.
    pub(in crate::gallery) watched: Vec<(i64, PathBuf)>,
}

impl Roots {
    /// All of them, the gallery's own first.
    pub(in crate::gallery) fn all(&self) -> impl Iterator<Item = (i64, &Path)> {
        let watched = self.watched.iter().map(|(root, folder)| (*root, folder.as_path()));
        std::iter::once((GALLERY_ROOT, self.gallery.as_path())).chain(watched)
    }

    /// The folder that `path` is in, of several the innermost but the gallery before all.
    pub(in crate::gallery) fn root_of(&self, path: &Path) -> Option<i64> {
        if path.starts_with(&self.gallery) {
            return Some(GALLERY_ROOT);
        }
        let watched = self.watched.iter().filter(|(_, folder)| path.starts_with(folder));
        watched
            .max_by_key(|(_, folder)| folder.components().count())
            .map(|(root, _)| *root)
    }
}

/// A path as the index has it; `None` for one that cannot be written there.
pub(super) fn to_value(gallery: &Path, root: i64, path: &Path) -> Option<Value> {
    let path = if root == GALLERY_ROOT {
        path.strip_prefix(gallery).ok()?
    } else {
        path
    };
    match path.to_str() {
        Some(text) => Some(Value::Text(text.to_owned())),
        None => bytes_of(path).map(Value::Blob),
    }
}

/// The path of a picture that the index has.
///
/// # Errors
/// If it was not written by [`to_value`]: one that leads out of the gallery, or that is said to be elsewhere and is in it.
/// The gallery, and with it the index, may be a stranger's.
pub(super) fn from_value(gallery: &Path, root: i64, value: ValueRef<'_>) -> rusqlite::Result<PathBuf> {
    let path = path_in(value);
    let is_own = root == GALLERY_ROOT;
    let is_sound = if is_own {
        path.file_name().is_some() && path.components().all(|part| matches!(part, Component::Normal(_)))
    } else {
        !path.starts_with(gallery)
    };
    if !is_sound {
        let words = format!("expected a path below the folder of its root, found {}", path.display());
        return Err(rusqlite::Error::FromSqlConversionFailure(
            0,
            value.data_type(),
            words.into(),
        ));
    }
    Ok(if is_own { gallery.join(path) } else { path })
}

/// A path as it is written there.
pub(super) fn path_in(value: ValueRef<'_>) -> PathBuf {
    match value {
        ValueRef::Text(bytes) => PathBuf::from(String::from_utf8_lossy(bytes).into_owned()),
        ValueRef::Blob(bytes) => path_of(bytes),
        _ => PathBuf::new(),
    }
}

#[cfg(unix)]
#[expect(clippy::unnecessary_wraps, reason = "other systems have no bytes")]
fn bytes_of(path: &Path) -> Option<Vec<u8>> {
    use std::os::unix::ffi::OsStrExt as _;
    Some(path.as_os_str().as_bytes().to_vec())
}

#[cfg(not(unix))]
fn bytes_of(_path: &Path) -> Option<Vec<u8>> {
    None
}

#[cfg(unix)]
fn path_of(bytes: &[u8]) -> PathBuf {
    use std::os::unix::ffi::OsStrExt as _;
    PathBuf::from(std::ffi::OsStr::from_bytes(bytes))
}

#[cfg(not(unix))]
fn path_of(bytes: &[u8]) -> PathBuf {
    PathBuf::from(String::from_utf8_lossy(bytes).into_owned())
}
