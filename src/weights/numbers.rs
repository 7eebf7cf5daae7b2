//! Numbers as files store them → tensors.

use super::halves;
use crate::formats::StoredDtype;
use candle_core::{DType, Device, Tensor};
use half::f16;
use rayon::prelude::*;

/// The number type of the tensor that stored numbers become unless they are converted.
pub(super) fn candle_dtype(stored: StoredDtype) -> DType {
    match stored {
        StoredDtype::F64 => DType::F64,
        StoredDtype::F32 | StoredDtype::F8E4m3 | StoredDtype::F8E5m2 => DType::F32,
        StoredDtype::F16 => DType::F16,
        StoredDtype::Bf16 => DType::BF16,
        StoredDtype::I64 => DType::I64,
        StoredDtype::I32 => DType::I32,
        StoredDtype::I16 | StoredDtype::I8 => DType::I16,
        StoredDtype::U32 => DType::U32,
        StoredDtype::U8 | StoredDtype::Bool => DType::U8,
    }
}

/// A tensor of `shape` in `dtype` from exactly its bytes.
///
/// # Errors
/// If the bytes are not as many as the shape needs, or the device has no room.
pub(super) fn tensor(
    data: &[u8],
    stored: StoredDtype,
    shape: &[usize],
    dtype: DType,
    device: &Device,
) -> candle_core::Result<Tensor> {
    if device.is_cpu() && halves::serves(candle_dtype(stored), dtype) {
        return Tensor::from_vec(halves::f16_to_bf16(data), shape, device);
    }
    let tensor = match stored {
        StoredDtype::F8E4m3 => by_table(data, e4m3_to_f32, shape, device)?,
        StoredDtype::F8E5m2 => by_table(
            data,
            |byte| f16::from_bits(u16::from(byte) << 8).to_f32(),
            shape,
            device,
        )?,
        StoredDtype::I8 => {
            let numbers: Vec<i16> = data.iter().map(|byte| i16::from(byte.cast_signed())).collect();
            Tensor::from_vec(numbers, shape, device)?
        }
        _ => Tensor::from_raw_buffer(data, candle_dtype(stored), shape, device)?,
    };
    tensor.to_dtype(dtype)
}

/// One byte to one number, all 256 worked out beforehand.
fn by_table(data: &[u8], number: impl Fn(u8) -> f32, shape: &[usize], device: &Device) -> candle_core::Result<Tensor> {
    let table: Vec<f32> = (0..=u8::MAX).map(number).collect();
    let numbers: Vec<f32> = data.par_iter().map(|byte| table[usize::from(*byte)]).collect();
    Tensor::from_vec(numbers, shape, device)
}

fn e4m3_to_f32(byte: u8) -> f32 {
    let (exponent, mantissa) = (i32::from(byte >> 3 & 0xf), f32::from(byte & 7));
    let magnitude = match (exponent, byte & 7) {
        (15, 7) => f32::NAN,
        (0, _) => mantissa / 8.0 * 2f32.powi(-6),
        _ => (1.0 + mantissa / 8.0) * 2f32.powi(exponent - 7),
    };
    if byte & 0x80 == 0 { magnitude } else { -magnitude }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn eight_bit_floats_should_be_what_their_formats_say() {
        // torch.tensor([...], dtype=torch.uint8).view(torch.float8_e4m3fn).float(), and the same with float8_e5m2
        let bytes = [0x00u8, 0x01, 0x38, 0x39, 0x7e, 0x80, 0xb8, 0x08];
        let read = |stored| {
            let tensor = tensor(&bytes, stored, &[8], DType::F32, &Device::Cpu).unwrap();
            tensor.to_vec1::<f32>().unwrap()
        };
        assert_eq!(
            read(StoredDtype::F8E4m3),
            [0.0, 0.001_953_125, 1.0, 1.125, 448.0, -0.0, -1.0, 0.015_625]
        );
        let found = read(StoredDtype::F8E5m2);
        assert!(found[4].is_nan(), "0x7e is no number in E5M2");
        assert_eq!(found[..4], [0.0, 1.525_878_9e-5, 0.5, 0.625]);
        assert_eq!(found[5..], [-0.0, -0.5, 0.000_122_070_31]);
    }
}
