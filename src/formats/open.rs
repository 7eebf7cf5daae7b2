//! Opens a file in whichever format it is.

use super::bytes::Bytes;
use super::error::FormatError;
use super::gguf::GgufFile;
use super::pickle::PickleFile;
use super::safetensors::SafetensorsFile;
use super::tensor_file::TensorFile;
use std::path::PathBuf;
use std::sync::Arc;

/// Opens a weight file of any kind: safetensors, `PyTorch`'s (`.ckpt`, `.pt`, `.bin`; zipped or not), GGUF. What it is,
/// its first bytes say, not its name.
///
/// # Errors
/// [`FormatError::Read`], or whatever the format's reader says of a broken file.
pub fn open_tensors(path: impl Into<PathBuf>) -> Result<Arc<dyn TensorFile>, FormatError> {
    let path = path.into();
    let bytes = Bytes::map(&path).map_err(FormatError::read(&path))?;
    tensors_from(bytes, path)
}

/// As [`open_tensors`], of bytes that are there already.
///
/// * `path`: for messages only.
///
/// # Errors
/// As [`open_tensors`].
pub fn tensors_from(bytes: Bytes, path: PathBuf) -> Result<Arc<dyn TensorFile>, FormatError> {
    if GgufFile::recognises(&bytes) {
        return Ok(Arc::new(GgufFile::new(bytes, path)?));
    }
    if PickleFile::recognises(&bytes) {
        return Ok(Arc::new(PickleFile::new(bytes, path)?));
    }
    Ok(Arc::new(SafetensorsFile::new(bytes, path)?))
}
