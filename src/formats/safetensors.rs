//! One safetensors file.

use super::bytes::Bytes;
use super::encoding::Encoding;
use super::encoding::StoredDtype;
use super::error::FormatError;
use super::tensor_file::TensorFile;
use safetensors::Dtype;
use safetensors::SafeTensorError;
use safetensors::SafeTensors;
use safetensors::tensor::Metadata;
use safetensors::tensor::TensorInfo;
use std::borrow::Cow;
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
    /// [`FormatError::WrongLength`] if the file is cut or has something behind its end, [`FormatError::Header`] if the
    /// header is not valid.
    ///
    /// Source: <https://github.com/huggingface/safetensors#format>
    pub fn new(bytes: Bytes, path: PathBuf) -> Result<Self, FormatError> {
        let found_bytes = bytes.len() as u64;
        let (header_bytes, metadata) = match SafeTensors::read_metadata(&bytes) {
            Ok(read) => read,
            Err(SafeTensorError::MetadataIncompleteBuffer) => {
                let expected = described_length(&bytes).map_or_else(|| "another number".to_owned(), |n| n.to_string());
                return Err(FormatError::WrongLength {
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
                return Err(FormatError::WrongLength {
                    expected,
                    found_bytes,
                    path,
                });
            }
            Err(source) => return Err(FormatError::Header { path, source }),
        };
        Ok(Self {
            bytes,
            metadata,
            data_start: LENGTH_BYTES + header_bytes,
            path,
        })
    }

    fn info(&self, name: &str) -> Option<&TensorInfo> {
        self.metadata.info(name)
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

fn encoding(dtype: Dtype) -> Encoding {
    Encoding::Plain(match dtype {
        Dtype::F64 => StoredDtype::F64,
        Dtype::F32 => StoredDtype::F32,
        Dtype::F16 => StoredDtype::F16,
        Dtype::BF16 => StoredDtype::Bf16,
        Dtype::F8_E4M3 => StoredDtype::F8E4m3,
        Dtype::F8_E5M2 => StoredDtype::F8E5m2,
        Dtype::I64 => StoredDtype::I64,
        Dtype::I32 => StoredDtype::I32,
        Dtype::I16 => StoredDtype::I16,
        Dtype::U32 => StoredDtype::U32,
        Dtype::U8 => StoredDtype::U8,
        Dtype::I8 => StoredDtype::I8,
        Dtype::BOOL => StoredDtype::Bool,
        Dtype::F4 => return Encoding::Unsupported("F4"),
        Dtype::F6_E2M3 => return Encoding::Unsupported("F6_E2M3"),
        Dtype::F6_E3M2 => return Encoding::Unsupported("F6_E3M2"),
        Dtype::F8_E8M0 => return Encoding::Unsupported("F8_E8M0"),
        Dtype::U16 => return Encoding::Unsupported("U16"),
        Dtype::U64 => return Encoding::Unsupported("U64"),
        Dtype::C64 => return Encoding::Unsupported("C64"),
        _ => return Encoding::Unsupported("unknown"),
    })
}

impl TensorFile for SafetensorsFile {
    fn names(&self) -> Vec<String> {
        let mut names = self.metadata.offset_keys();
        names.sort();
        names
    }

    fn shape(&self, name: &str) -> Option<&[usize]> {
        self.info(name).map(|info| info.shape.as_slice())
    }

    fn encoding(&self, name: &str) -> Option<Encoding> {
        self.info(name).map(|info| encoding(info.dtype))
    }

    fn data(&self, name: &str) -> Result<Option<Cow<'_, [u8]>>, FormatError> {
        let part = self.info(name).map(|info| self.bytes.part(self.data_range(info)));
        part.transpose().map_err(FormatError::read(&self.path))
    }

    fn path(&self) -> &Path {
        &self.path
    }

    fn header_text(&self, field: &str) -> Option<&str> {
        let fields = self.metadata.metadata().as_ref()?;
        fields.get(field).map(String::as_str)
    }
}
