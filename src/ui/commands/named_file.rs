//! What can become of a file that a picture's settings name elsewhere.

use std::path::PathBuf;

/// One thing to do with a file that the form names and that is not opened; each begins with its path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NamedFileCommand {
    /// Names the installed file of the same name instead.
    Find(PathBuf),
    /// Asks for another file.
    Choose(PathBuf),
    /// Opens it where it is.
    Open(PathBuf),
    /// Names the second file instead.
    Replace(PathBuf, PathBuf),
}

impl NamedFileCommand {
    /// Key of its name among the texts; `None` for what only answers another.
    pub(super) fn key(&self) -> Option<&'static str> {
        match self {
            Self::Find(_) => Some("named-find"),
            Self::Choose(_) => Some("named-choose"),
            Self::Open(_) => Some("named-open"),
            Self::Replace(..) => None,
        }
    }
}
