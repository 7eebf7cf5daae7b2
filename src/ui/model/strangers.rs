//! Paths that records have brought in and that nobody has agreed to open.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// The paths that records name outside the known folders. A record may be a stranger's: whatever it names is not opened
/// before the user has said so.
#[derive(Debug, Clone, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
#[serde(transparent)]
pub struct Strangers {
    paths: BTreeSet<PathBuf>,
}

impl Strangers {
    /// Notes paths that must not be opened.
    pub(super) fn extend(&mut self, paths: impl IntoIterator<Item = PathBuf>) {
        self.paths.extend(paths);
    }

    /// The user has chosen this file.
    pub fn accept(&mut self, path: &Path) {
        self.paths.remove(path);
    }

    /// Whether this path was noted.
    pub fn contains(&self, path: &Path) -> bool {
        self.paths.contains(path)
    }

    /// Whether none was noted.
    pub fn is_empty(&self) -> bool {
        self.paths.is_empty()
    }
}
