//! Whatever the format: named tensors, described without being read.

use super::encoding::Encoding;
use super::error::FormatError;
use std::borrow::Cow;
use std::path::Path;

/// A file of named tensors. Opening one checks all of it that can be checked without reading the tensors' numbers.
pub trait TensorFile: std::fmt::Debug + Send + Sync {
    /// Names of all tensors, sorted.
    fn names(&self) -> Vec<String>;

    /// Shape of a tensor, outermost dimension first; `None` if there is none of this name.
    fn shape(&self, name: &str) -> Option<&[usize]>;

    /// How a tensor's numbers are stored; `None` if there is none of this name.
    fn encoding(&self, name: &str) -> Option<Encoding>;

    /// A tensor's numbers in row-major order, as they are stored, read from the file now; `None` if there is none of this
    /// name. Gathered into one piece where the file has them strided.
    ///
    /// # Errors
    /// [`FormatError::Read`], also of a file that has become shorter since it was opened.
    fn data(&self, name: &str) -> Result<Option<Cow<'_, [u8]>>, FormatError>;

    /// The file's path, for messages.
    fn path(&self) -> &Path;

    /// Whether there is a tensor of this name.
    fn contains(&self, name: &str) -> bool {
        self.shape(name).is_some()
    }

    /// A text that the file's maker attached, e.g. `modelspec.architecture`; `None` if there is none.
    fn header_text(&self, _field: &str) -> Option<&str> {
        None
    }
}
