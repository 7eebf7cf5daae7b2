//! One safetensors file.

use super::Bytes;
use super::LoadError;
use super::TensorSource;
use super::numbers;
use super::numbers::StoredDtype;
use candle_core::DType;
use candle_core::Device;
use candle_core::Tensor;
use safetensors::Dtype;
use safetensors::SafeTensorError;
use safetensors::SafeTensors;
use safetensors::tensor::Metadata;
use safetensors::tensor::TensorInfo;
use std::ops::Range;
use std::path::Path;
use std::path::PathBuf;

/// Length of the number that precedes the header, in bytes.
const LENGTH_BYTES: usize = 8;

/// A file of named tensors, checked as a whole when it is opened; tensors are made when asked for.
#[derive(Debug)]
pub struct SafetensorsFile {
    bytes: Bytes,
    metadata: Metadata,
    data_start: usize,
    path: PathBuf,
}

impl SafetensorsFile {
    /// Checks that `bytes` are a safetensors file: a header that parses, tensors that neither overlap nor leave gaps
    /// nor reach beyond the end.
    ///
    /// * `path`: for messages only.
    ///
    /// # Errors
    /// [`LoadError::WrongLength`] if the file is cut or has something behind its end, [`LoadError::Header`] if the
    /// header is not valid.
    ///
    /// Source: <https://github.com/huggingface/safetensors#format>
    pub fn new(bytes: Bytes, path: PathBuf) -> Result<Self, LoadError> {
        let found_bytes = bytes.len() as u64;
        let (header_bytes, metadata) = match SafeTensors::read_metadata(&bytes) {
            Ok(read) => read,
            Err(SafeTensorError::MetadataIncompleteBuffer) => {
                let expected = described_length(&bytes).map_or_else(|| "another number".to_owned(), |n| n.to_string());
                return Err(LoadError::WrongLength {
                    expected,
                    found_bytes,
                    path,
                });
            }
            Err(SafeTensorError::HeaderTooSmall | SafeTensorError::InvalidHeaderLength) => {
                let header = bytes
                    .first_chunk::<LENGTH_BYTES>()
                    .map(|length| u64::from_le_bytes(*length));
                let expected = match header {
                    Some(header) => format!("at least {}", header.saturating_add(LENGTH_BYTES as u64)),
                    None => format!("at least {LENGTH_BYTES}"),
                };
                return Err(LoadError::WrongLength {
                    expected,
                    found_bytes,
                    path,
                });
            }
            Err(source) => return Err(LoadError::Header { path, source }),
        };
        Ok(Self {
            bytes,
            metadata,
            data_start: LENGTH_BYTES + header_bytes,
            path,
        })
    }

    /// Names of all tensors, sorted.
    pub fn names(&self) -> Vec<String> {
        let mut names = self.metadata.offset_keys();
        names.sort();
        names
    }

    /// Whether there is a tensor of this name.
    pub fn contains(&self, name: &str) -> bool {
        self.info(name).is_some()
    }

    /// Shape of a tensor; `None` if there is none of this name.
    pub fn shape(&self, name: &str) -> Option<&[usize]> {
        self.info(name).map(|info| info.shape.as_slice())
    }

    /// Kind of number a tensor comes in, f32 for 8-bit floats; `None` if there is no such tensor or it cannot be read.
    pub fn dtype(&self, name: &str) -> Option<DType> {
        self.info(name)
            .and_then(|info| stored(info.dtype))
            .map(StoredDtype::dtype)
    }

    /// The file's path, for messages.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// A field of the header's free text; `None` if there is none of this name.
    pub fn header_text(&self, field: &str) -> Option<&str> {
        let fields = self.metadata.metadata().as_ref()?;
        fields.get(field).map(String::as_str)
    }

    fn info(&self, name: &str) -> Option<&TensorInfo> {
        self.metadata.info(name)
    }

    /// A tensor in the kind of number that [`dtype`](Self::dtype) tells; `None` if there is none of this name.
    ///
    /// # Errors
    /// [`LoadError::UnsupportedDtype`], or [`LoadError::Tensor`] if the device has no room for it.
    pub fn tensor(&self, name: &str, device: &Device) -> Result<Option<Tensor>, LoadError> {
        self.read(name, None, device)
    }

    /// As [`tensor`](Self::tensor), converted to `dtype`.
    ///
    /// # Errors
    /// As [`tensor`](Self::tensor).
    pub fn tensor_as(&self, name: &str, dtype: DType, device: &Device) -> Result<Option<Tensor>, LoadError> {
        self.read(name, Some(dtype), device)
    }

    fn read(&self, name: &str, dtype: Option<DType>, device: &Device) -> Result<Option<Tensor>, LoadError> {
        let Some(info) = self.info(name) else {
            return Ok(None);
        };
        let Some(stored) = stored(info.dtype) else {
            return Err(LoadError::UnsupportedDtype {
                name: name.to_owned(),
                found: format!("{:?}", info.dtype),
                path: self.path.clone(),
            });
        };
        let data = self.data_range(info);
        let dtype = dtype.unwrap_or_else(|| stored.dtype());
        let tensor = numbers::tensor(&self.bytes[data.clone()], stored, &info.shape, dtype, device)?;
        self.bytes.let_go(data);
        Ok(Some(tensor))
    }

    /// Where a tensor lies in the file.
    fn data_range(&self, info: &TensorInfo) -> Range<usize> {
        let (start, end) = info.data_offsets;
        self.data_start + start..self.data_start + end
    }
}

/// Length in bytes that a file with this header should have, if the header is one.
fn described_length(bytes: &[u8]) -> Option<u64> {
    let header_bytes = u64::from_le_bytes(*bytes.first_chunk::<LENGTH_BYTES>()?);
    let header_end = (LENGTH_BYTES as u64).checked_add(header_bytes)?;
    let header = bytes.get(LENGTH_BYTES..usize::try_from(header_end).ok()?)?;
    let entries: serde_json::Map<String, serde_json::Value> = serde_json::from_slice(header).ok()?;
    let ends = entries.values().filter_map(|entry| entry["data_offsets"][1].as_u64());
    header_end.checked_add(ends.max().unwrap_or_default())
}

fn stored(dtype: Dtype) -> Option<StoredDtype> {
    match dtype {
        Dtype::F64 => Some(StoredDtype::F64),
        Dtype::F32 => Some(StoredDtype::F32),
        Dtype::F16 => Some(StoredDtype::F16),
        Dtype::BF16 => Some(StoredDtype::Bf16),
        Dtype::F8_E4M3 => Some(StoredDtype::F8E4m3),
        Dtype::F8_E5M2 => Some(StoredDtype::F8E5m2),
        Dtype::I64 => Some(StoredDtype::I64),
        Dtype::I32 => Some(StoredDtype::I32),
        Dtype::I16 => Some(StoredDtype::I16),
        Dtype::U32 => Some(StoredDtype::U32),
        Dtype::U8 => Some(StoredDtype::U8),
        Dtype::I8 => Some(StoredDtype::I8),
        Dtype::BOOL => Some(StoredDtype::Bool),
        _ => None,
    }
}

impl TensorSource for SafetensorsFile {
    fn names(&self) -> Vec<String> {
        self.names()
    }

    fn shape(&self, name: &str) -> Option<&[usize]> {
        self.shape(name)
    }

    fn dtype(&self, name: &str) -> Option<DType> {
        self.dtype(name)
    }

    fn tensor_as(&self, name: &str, dtype: DType, device: &Device) -> Result<Option<Tensor>, LoadError> {
        self.tensor_as(name, dtype, device)
    }

    fn path(&self) -> &Path {
        self.path()
    }

    fn header_text(&self, field: &str) -> Option<&str> {
        self.header_text(field)
    }
}
