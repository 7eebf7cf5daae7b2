//! Numbers as vectors: timesteps and guidance scales.

use super::Linear;
use crate::kernels;
use crate::models::WeightBuilder;
use candle_core::{DType, Device, Result, Tensor};

/// Sines and cosines of `values` at `channels / 2` frequencies from 1 down towards 1/10000, computed in f32 as
/// diffusers does.
///
/// * `cos_first`: cosines before sines (`flip_sin_to_cos`).
/// * `freq_shift`: subtracted from the number of frequencies in the exponent's denominator; 0 or 1.
///
/// Returns `(values, channels)` in f32; with odd `channels` the last column is 0.
///
/// Source: <https://arxiv.org/abs/1706.03762>, section 3.5
pub(in crate::models) fn sinusoid(
    values: &[f64],
    channels: usize,
    cos_first: bool,
    freq_shift: f64,
    device: &Device,
) -> Result<Tensor> {
    const MAX_PERIOD: f32 = 10_000.0;
    let half = channels / 2;
    let denominator = half as f32 - freq_shift as f32;
    let mut rows = Vec::with_capacity(values.len() * channels);
    for value in values {
        let angles = (0..half).map(|i| *value as f32 * (-MAX_PERIOD.ln() * i as f32 / denominator).exp());
        let (sines, cosines): (Vec<f32>, Vec<f32>) = angles.map(f32::sin_cos).unzip();
        let (first, second) = if cos_first { (cosines, sines) } else { (sines, cosines) };
        rows.extend(first);
        rows.extend(second);
        rows.extend(std::iter::repeat_n(0.0, channels % 2));
    }
    Tensor::from_vec(rows, (values.len(), channels), device)?.to_dtype(DType::F32)
}

/// Two linear maps with [`kernels::silu`] between, optionally with a second condition added before the first.
#[derive(Debug, Clone)]
pub(in crate::models) struct TimestepEmbedding {
    linear_1: Linear,
    linear_2: Linear,
    cond_proj: Option<Linear>,
}

impl TimestepEmbedding {
    /// * `cond_channels`: width of the second condition (`time_cond_proj_dim`), if there is one.
    pub(in crate::models) fn new(
        vb: &WeightBuilder<'_>,
        inputs: usize,
        outputs: usize,
        cond_channels: Option<usize>,
    ) -> Result<Self> {
        Ok(Self {
            linear_1: Linear::new(&vb.pp("linear_1"), inputs, outputs)?,
            linear_2: Linear::new(&vb.pp("linear_2"), outputs, outputs)?,
            cond_proj: cond_channels
                .map(|channels| Linear::without_bias(&vb.pp("cond_proj"), channels, inputs))
                .transpose()?,
        })
    }

    /// * `x`: `(batch, inputs)`.
    /// * `cond`: `(batch, cond_channels)`; left out, nothing is added.
    ///
    /// Returns `(batch, outputs)`.
    pub(in crate::models) fn forward(&self, x: &Tensor, cond: Option<&Tensor>) -> Result<Tensor> {
        let x = match (&self.cond_proj, cond) {
            (Some(cond_proj), Some(cond)) => x.broadcast_add(&cond_proj.forward(cond)?)?,
            (None, Some(_)) => candle_core::bail!("this U-Net takes no embedded guidance (time_cond_proj_dim is null)"),
            (_, None) => x.clone(),
        };
        self.linear_2.forward(&kernels::silu(&self.linear_1.forward(&x)?)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sinusoid_should_start_at_frequency_one_and_end_near_the_longest_period() {
        let rows = sinusoid(&[0.0, 500.0], 8, true, 0.0, &Device::Cpu)
            .unwrap()
            .to_vec2::<f32>()
            .unwrap();
        assert_eq!(rows[0], [1.0, 1.0, 1.0, 1.0, 0.0, 0.0, 0.0, 0.0]);
        for (i, frequency) in [1.0, 0.1, 0.01, 0.001].into_iter().enumerate() {
            let angle: f64 = 500.0 * frequency;
            assert!((f64::from(rows[1][i]) - angle.cos()).abs() < 1e-4, "cosine {i}");
            assert!((f64::from(rows[1][4 + i]) - angle.sin()).abs() < 1e-4, "sine {i}");
        }
    }

    #[test]
    fn freq_shift_and_order_should_follow_their_flags() {
        let rows = sinusoid(&[3.0], 5, false, 1.0, &Device::Cpu)
            .unwrap()
            .to_vec2::<f32>()
            .unwrap();
        let angles = [3.0f32, 3.0e-4];
        let expected = [angles[0].sin(), angles[1].sin(), angles[0].cos(), angles[1].cos(), 0.0];
        for (found, expected) in rows[0].iter().zip(expected) {
            assert!((found - expected).abs() < 1e-6, "{found}, expected {expected}");
        }
    }
}
