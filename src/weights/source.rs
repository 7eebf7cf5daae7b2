//! Whatever the format: named tensors, read when they are asked for.

use super::Bytes;
use super::GgufFile;
use super::LoadError;
use super::PickleFile;
use super::SafetensorsFile;
use candle_core::DType;
use candle_core::Device;
use candle_core::Tensor;
use std::path::Path;
use std::path::PathBuf;
use std::sync::Arc;

/// A file of named tensors. Opening one checks all of it that can be checked without reading the tensors themselves;
/// a tensor is made when it is asked for.
pub trait TensorSource: std::fmt::Debug + Send + Sync {
    /// Names of all tensors, sorted.
    fn names(&self) -> Vec<String>;

    /// Shape of a tensor, outermost dimension first; `None` if there is none of this name.
    fn shape(&self, name: &str) -> Option<&[usize]>;

    /// Kind of number a tensor comes in if it is not converted: as it is stored where candle has such a kind, f32 for
    /// packed blocks and 8-bit floats. `None` if there is no such tensor or it cannot be read.
    fn dtype(&self, name: &str) -> Option<DType>;

    /// A tensor, converted to `dtype`; `None` if there is none of this name.
    ///
    /// # Errors
    /// [`LoadError::UnsupportedDtype`], or [`LoadError::Tensor`] if the device has no room for it.
    fn tensor_as(&self, name: &str, dtype: DType, device: &Device) -> Result<Option<Tensor>, LoadError>;

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

/// Opens a weight file of any kind: safetensors, `PyTorch`'s (`.ckpt`, `.pt`, `.bin`; zipped or not), GGUF. What it is,
/// its first bytes say, not its name.
///
/// # Errors
/// [`LoadError::Read`], or whatever the format's reader says of a broken file.
pub fn open_tensors(path: impl Into<PathBuf>) -> Result<Arc<dyn TensorSource>, LoadError> {
    let path = path.into();
    let bytes = Bytes::map(&path).map_err(|source| LoadError::Read {
        path: path.clone(),
        source,
    })?;
    tensors_from(bytes, path)
}

/// As [`open_tensors`], of bytes that are there already.
///
/// * `path`: for messages only.
///
/// # Errors
/// As [`open_tensors`].
pub fn tensors_from(bytes: Bytes, path: PathBuf) -> Result<Arc<dyn TensorSource>, LoadError> {
    if GgufFile::recognises(&bytes) {
        return Ok(Arc::new(GgufFile::new(bytes, path)?));
    }
    if PickleFile::recognises(&bytes) {
        return Ok(Arc::new(PickleFile::new(bytes, path)?));
    }
    Ok(Arc::new(SafetensorsFile::new(bytes, path)?))
}
