//! Tensors out of files.

use super::{LoadError, ggml, numbers};
use crate::formats::{Encoding, TensorFile};
use candle_core::{DType, Device, Tensor};

/// Makes candle's tensors of those in a [`TensorFile`].
pub trait TensorSource {
    /// Kind of number a tensor comes in if it is not converted: as it is stored where candle has such a kind, f32 for
    /// packed blocks and 8-bit floats. `None` if there is no such tensor or it cannot be read.
    fn dtype(&self, name: &str) -> Option<DType>;

    /// A tensor, converted to `dtype`; `None` if there is none of this name.
    ///
    /// # Errors
    /// [`LoadError::UnsupportedDtype`], [`FormatError::Read`](crate::formats::FormatError::Read), or [`LoadError::Tensor`] if
    /// the device has no room for it.
    fn tensor_as(&self, name: &str, dtype: DType, device: &Device) -> Result<Option<Tensor>, LoadError>;

    /// A tensor in the kind of number that [`dtype`](Self::dtype) says; `None` if there is none of this name.
    ///
    /// # Errors
    /// As [`tensor_as`](Self::tensor_as).
    fn tensor(&self, name: &str, device: &Device) -> Result<Option<Tensor>, LoadError> {
        self.tensor_as(name, self.dtype(name).unwrap_or(DType::F32), device)
    }
}

impl<F: TensorFile + ?Sized> TensorSource for F {
    fn dtype(&self, name: &str) -> Option<DType> {
        match self.encoding(name)? {
            Encoding::Plain(stored) => Some(numbers::candle_dtype(stored)),
            Encoding::Unsupported(_) => None,
            _ => Some(DType::F32),
        }
    }

    fn tensor_as(&self, name: &str, dtype: DType, device: &Device) -> Result<Option<Tensor>, LoadError> {
        let (Some(encoding), Some(shape), Some(data)) = (self.encoding(name), self.shape(name), self.data(name)?)
        else {
            return Ok(None);
        };
        Ok(Some(match encoding {
            Encoding::Plain(stored) => numbers::tensor(&data, stored, shape, dtype, device)?,
            Encoding::Unsupported(found) => {
                return Err(LoadError::UnsupportedDtype {
                    name: name.to_owned(),
                    found: found.to_owned(),
                    path: self.path().to_owned(),
                });
            }
            packed => {
                let tensor = Tensor::from_vec(ggml::unpack(&data, packed)?, shape, &Device::Cpu)?;
                tensor.to_dtype(dtype)?.to_device(device)?
            }
        }))
    }
}
