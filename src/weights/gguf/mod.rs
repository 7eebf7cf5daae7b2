//! GGUF: tensors packed in small blocks, unpacked when asked for.
//!
//! Source: <https://github.com/ggml-org/ggml/blob/master/docs/gguf.md>

mod blocks;
mod header;

use super::Bytes;
use super::LoadError;
use super::TensorSource;
use super::numbers;
use blocks::GgmlType;
use candle_core::DType;
use candle_core::Device;
use candle_core::Tensor;
use header::TensorInfo;
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
    /// [`LoadError::Broken`] if the header makes no sense or a tensor is packed in an unknown way.
    pub fn new(bytes: Bytes, path: PathBuf) -> Result<Self, LoadError> {
        let header = header::read(&bytes).map_err(|broken| broken.at(&path))?;
        Ok(Self {
            bytes,
            tensors: header.tensors,
            notes: header.notes,
            path,
        })
    }
}

impl TensorSource for GgufFile {
    fn names(&self) -> Vec<String> {
        self.tensors.keys().cloned().collect()
    }

    fn shape(&self, name: &str) -> Option<&[usize]> {
        self.tensors.get(name).map(|entry| entry.shape.as_slice())
    }

    fn dtype(&self, name: &str) -> Option<DType> {
        self.tensors.get(name).map(|entry| match entry.packing {
            GgmlType::Plain(stored) => stored.dtype(),
            _ => DType::F32,
        })
    }

    fn tensor_as(&self, name: &str, dtype: DType, device: &Device) -> Result<Option<Tensor>, LoadError> {
        let Some(entry) = self.tensors.get(name) else {
            return Ok(None);
        };
        let data = &self.bytes[entry.data.clone()];
        let tensor = match entry.packing {
            GgmlType::Plain(stored) => numbers::tensor(data, stored, &entry.shape, dtype, device)?,
            packing => {
                let tensor = Tensor::from_vec(blocks::unpack(data, packing), entry.shape.as_slice(), &Device::Cpu)?;
                tensor.to_dtype(dtype)?.to_device(device)?
            }
        };
        self.bytes.let_go(entry.data.clone());
        Ok(Some(tensor))
    }

    fn path(&self) -> &Path {
        &self.path
    }

    fn header_text(&self, field: &str) -> Option<&str> {
        self.notes.get(field).map(String::as_str)
    }
}
