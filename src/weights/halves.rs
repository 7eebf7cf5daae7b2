//! From one 16-bit format to the other, by all threads: what most checkpoints need on most processors.

use candle_core::DType;
use half::slice::HalfFloatSliceExt as _;
use half::{bf16, f16};
use rayon::prelude::*;

/// Numbers converted at a time; they stay in the first cache.
const CHUNK: usize = 2048;
/// Numbers that a thread takes.
const CHUNKS_PER_TASK: usize = 64;

/// The little-endian f16 of a file as bf16, rounded once: every f16 is a number of f32.
pub(super) fn f16_to_bf16(data: &[u8]) -> Vec<bf16> {
    let mut numbers = vec![bf16::ZERO; data.len() / size_of::<f16>()];
    numbers
        .par_chunks_mut(CHUNKS_PER_TASK * CHUNK)
        .zip(data.par_chunks(CHUNKS_PER_TASK * CHUNK * size_of::<f16>()))
        .for_each(|(numbers, data)| {
            let (mut halves, mut floats) = ([f16::ZERO; CHUNK], [0f32; CHUNK]);
            for (numbers, data) in numbers.chunks_mut(CHUNK).zip(data.chunks(CHUNK * size_of::<f16>())) {
                let (halves, floats) = (&mut halves[..numbers.len()], &mut floats[..numbers.len()]);
                for (half, bytes) in halves.iter_mut().zip(data.as_chunks().0) {
                    *half = f16::from_le_bytes(*bytes);
                }
                halves.convert_to_f32_slice(floats);
                for (number, float) in numbers.iter_mut().zip(floats) {
                    *number = bf16::from_f32(*float);
                }
            }
        });
    numbers
}

/// Whether [`f16_to_bf16`] is what is needed.
pub(super) fn serves(stored: DType, wanted: DType) -> bool {
    stored == DType::F16 && wanted == DType::BF16
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_f16_should_become_the_nearest_bf16() {
        let all: Vec<f16> = (0..=u16::MAX).map(f16::from_bits).filter(|x| !x.is_nan()).collect();
        let bytes: Vec<u8> = all.iter().flat_map(|x| x.to_le_bytes()).collect();
        let found = f16_to_bf16(&bytes);
        assert_eq!(found.len(), all.len());
        for (x, found) in all.iter().zip(found) {
            assert_eq!(found, bf16::from_f32(x.to_f32()), "{x}");
        }
    }
}
