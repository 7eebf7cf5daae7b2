//! What weights do to embeddings.

use candle_core::Tensor;

use super::Chunk;
use crate::prompt::Emphasis;

/// The embeddings of a chunk, weighed. Where all weights are 1 they stay as they are, bit by bit.
///
/// * `states`: of the chunk, `(1, positions, width)`.
/// * `empty`: the same of the empty prompt; called where the rule needs it.
///
/// # Errors
/// Only the device's, and those of `empty`.
pub(super) fn weighed<E: From<candle_core::Error>>(
    states: &Tensor,
    chunk: &Chunk,
    emphasis: Emphasis,
    empty: impl FnOnce() -> Result<Tensor, E>,
) -> Result<Tensor, E> {
    if !chunk.is_weighed() {
        return Ok(states.clone());
    }
    let weights = Tensor::from_slice(&chunk.weights, (1, chunk.weights.len(), 1), states.device())?;
    Ok(match emphasis {
        Emphasis::KeepMean => {
            let weighed = states.broadcast_mul(&weights.to_dtype(states.dtype())?)?;
            let means = [states, &weighed].map(mean);
            let [before, after] = means;
            let ratio = before? / after?;
            let ratio = if ratio.is_finite() { ratio } else { 1.0 };
            (weighed * ratio)?
        }
        Emphasis::Interpolate => {
            // empty + w (states − empty), written so that a weight of 1 changes nothing at all.
            let beyond = (weights - 1.0)?.to_dtype(states.dtype())?;
            (states + (states - empty()?)?.broadcast_mul(&beyond)?)?
        }
    })
}

/// The mean of all values, summed as f64: it is near 0, and two of them are divided.
fn mean(states: &Tensor) -> candle_core::Result<f64> {
    states.to_dtype(candle_core::DType::F64)?.mean_all()?.to_scalar::<f64>()
}
