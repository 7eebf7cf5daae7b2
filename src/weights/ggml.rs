//! Numbers that ggml packed in blocks → f32, by candle's quantised types.

use crate::formats::Encoding;
use candle_core::quantized::GgmlDType;
use candle_core::quantized::ggml_file::qtensor_from_ggml;
use candle_core::{Device, Result};
use rayon::prelude::*;

/// Blocks that a thread takes.
const BLOCKS_PER_TASK: usize = 512;

/// The numbers in whole blocks, by all threads.
///
/// # Errors
/// If the encoding is none of ggml's.
pub(super) fn unpack(data: &[u8], encoding: Encoding) -> Result<Vec<f32>> {
    let dtype = match encoding {
        Encoding::Q4_0 => GgmlDType::Q4_0,
        Encoding::Q4_1 => GgmlDType::Q4_1,
        Encoding::Q5_0 => GgmlDType::Q5_0,
        Encoding::Q5_1 => GgmlDType::Q5_1,
        Encoding::Q8_0 => GgmlDType::Q8_0,
        Encoding::Q2K => GgmlDType::Q2K,
        Encoding::Q3K => GgmlDType::Q3K,
        Encoding::Q4K => GgmlDType::Q4K,
        Encoding::Q5K => GgmlDType::Q5K,
        Encoding::Q6K => GgmlDType::Q6K,
        Encoding::Plain(_) | Encoding::Unsupported(_) => candle_core::bail!("{encoding:?} is no encoding in blocks"),
    };
    let (numbers, bytes) = encoding.layout();
    let unpacked = data.par_chunks(BLOCKS_PER_TASK * bytes).map(|data| {
        let blocks = qtensor_from_ggml(dtype, data, vec![data.len() / bytes * numbers], &Device::Cpu)?;
        blocks.dequantize(&Device::Cpu)?.to_vec1::<f32>()
    });
    Ok(unpacked.collect::<Result<Vec<_>>>()?.concat())
}

#[cfg(test)]
mod tests {
    use super::*;
    use candle_core::Tensor;
    use candle_core::quantized::QTensor;

    /// Numbers in the largest block.
    const LARGE: usize = 256;

    #[test]
    fn every_packing_should_be_unpacked_to_what_was_packed() {
        let numbers: Vec<f32> = (0..4 * LARGE)
            .map(|i| (i as f32 * 0.37).sin() * (i % 7) as f32 + 0.1)
            .collect();
        let tensor = Tensor::from_vec(numbers.clone(), (4, LARGE), &Device::Cpu).unwrap();
        let peak = numbers.iter().fold(0f32, |peak, number| peak.max(number.abs()));
        for (packing, dtype, bits) in [
            (Encoding::Q4_0, GgmlDType::Q4_0, 4),
            (Encoding::Q4_1, GgmlDType::Q4_1, 4),
            (Encoding::Q5_0, GgmlDType::Q5_0, 5),
            (Encoding::Q5_1, GgmlDType::Q5_1, 5),
            (Encoding::Q8_0, GgmlDType::Q8_0, 8),
            (Encoding::Q2K, GgmlDType::Q2K, 2),
            (Encoding::Q3K, GgmlDType::Q3K, 3),
            (Encoding::Q4K, GgmlDType::Q4K, 4),
            (Encoding::Q5K, GgmlDType::Q5K, 5),
            (Encoding::Q6K, GgmlDType::Q6K, 6),
        ] {
            let packed = QTensor::quantize(&tensor, dtype).unwrap();
            let expected = packed.dequantize(&Device::Cpu).unwrap().flatten_all().unwrap();
            let found = unpack(&packed.data().unwrap(), packing).unwrap();
            assert_eq!(found, expected.to_vec1::<f32>().unwrap(), "{packing:?}");
            // Between −peak and peak there are 2 to the power of the bits steps. At the end that a format with as many
            // numbers below zero as above cannot reach, a whole one is lost.
            let step = 2.0 * peak / f32::from(1u16 << bits);
            for (number, found) in numbers.iter().zip(found) {
                assert!((number - found).abs() <= step, "{packing:?}: {number} became {found}");
            }
        }
    }
}
