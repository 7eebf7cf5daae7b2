//! GGUF: tensors packed in small blocks, described by a header.
//!
//! Source: <https://github.com/ggml-org/ggml/blob/master/docs/gguf.md>

mod header;

use super::bytes::Bytes;
use super::encoding::Encoding;
use super::error::FormatError;
use super::tensor_file::TensorFile;
use header::TensorInfo;
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::path::Path;
use std::path::PathBuf;

/// A GGUF file of version 2 or 3, little-endian.
#[derive(Debug)]
pub struct GgufFile {
    bytes: Bytes,
    tensors: BTreeMap<String, TensorInfo>,
    notes: BTreeMap<String, String>,
    path: PathBuf,
}

impl GgufFile {
    /// Whether a file that starts like this is one.
    pub fn recognises(bytes: &[u8]) -> bool {
        bytes.starts_with(header::MAGIC)
    }

    /// Reads the header, and checks that every tensor lies inside the file, beside the others.
    ///
    /// * `path`: for messages only.
    ///
    /// # Errors
    /// [`FormatError::Broken`] if the header makes no sense or a tensor is packed in an unknown way.
    pub fn new(bytes: Bytes, path: PathBuf) -> Result<Self, FormatError> {
        let header = header::read(&bytes).map_err(|broken| broken.at(&path))?;
        Ok(Self {
            bytes,
            tensors: header.tensors,
            notes: header.notes,
            path,
        })
    }
}

impl TensorFile for GgufFile {
    fn names(&self) -> Vec<String> {
        self.tensors.keys().cloned().collect()
    }

    fn shape(&self, name: &str) -> Option<&[usize]> {
        self.tensors.get(name).map(|info| info.shape.as_slice())
    }

    fn encoding(&self, name: &str) -> Option<Encoding> {
        self.tensors.get(name).map(|info| info.encoding)
    }

    fn data(&self, name: &str) -> Result<Option<Cow<'_, [u8]>>, FormatError> {
        let part = self.tensors.get(name).map(|info| self.bytes.part(info.data.clone()));
        part.transpose().map_err(FormatError::read(&self.path))
    }

    fn path(&self) -> &Path {
        &self.path
    }

    fn header_text(&self, field: &str) -> Option<&str> {
        self.notes.get(field).map(String::as_str)
    }
}
