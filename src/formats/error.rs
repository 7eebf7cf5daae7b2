//! Why a file of tensors could not be read.

use std::io;
use std::path::Path;
use std::path::PathBuf;

/// Why a file of tensors could not be read. One line each: what was expected, what was found, the file last.
#[derive(Debug, thiserror::Error)]
pub enum FormatError {
    /// The operating system refused to read a file.
    #[error("could not read the file. File: {path}", path = path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },

    /// A weight file is shorter or longer than its header says.
    #[error("the weight file has {found_bytes} bytes, its header describes {expected} (an incomplete download?). File: {path}", path = path.display())]
    WrongLength {
        /// What the header asks for, in words.
        expected: String,
        /// Length of the file.
        found_bytes: u64,
        /// The file.
        path: PathBuf,
    },

    /// A weight file's header makes no sense.
    #[error("expected a safetensors file, but its header is not valid ({source}). File: {path}", path = path.display())]
    Header {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: safetensors::SafeTensorError,
    },

    /// A weight file is not what its first bytes promise, or asks for what no weights need.
    #[error("expected {expected}, found {found}. File: {path}", path = path.display())]
    Broken {
        /// What a sound file has.
        expected: String,
        /// What this one has.
        found: String,
        /// The file.
        path: PathBuf,
    },
}

impl FormatError {
    /// For `map_err` of whatever reads this file.
    pub fn read(path: &Path) -> impl FnOnce(io::Error) -> Self + use<> {
        let path = path.to_owned();
        move |source| Self::Read { path, source }
    }
}

/// A mismatch in the bytes of a file; the path is added where it is known.
#[derive(Debug)]
pub(crate) struct Broken {
    expected: String,
    found: String,
}

impl Broken {
    pub(crate) fn new(expected: impl Into<String>, found: impl Into<String>) -> Self {
        Self {
            expected: expected.into(),
            found: found.into(),
        }
    }

    pub(crate) fn at(self, path: &Path) -> FormatError {
        FormatError::Broken {
            expected: self.expected,
            found: self.found,
            path: path.to_owned(),
        }
    }
}
