//! Group and layer normalisation: mean, then variance about it, then the affine map, all while the data is in cache.

use super::contiguous_f32;
use candle_core::CpuStorage;
use candle_core::CustomOp3;
use candle_core::Layout;
use candle_core::Result;
use candle_core::Shape;
use rayon::prelude::*;

/// Normalises groups of channels; see [`crate::kernels::group_norm`].
pub(in crate::kernels) struct GroupNorm {
    /// Divides the channels.
    pub(in crate::kernels) groups: usize,
    /// Added to the variance.
    pub(in crate::kernels) eps: f64,
    /// Whether x · sigmoid(x) follows.
    pub(in crate::kernels) silu: bool,
}

/// Normalises the last axis; see [`crate::kernels::layer_norm`].
pub(in crate::kernels) struct LayerNorm {
    /// Added to the variance.
    pub(in crate::kernels) eps: f64,
}

/// Mean and 1 / √(variance + eps).
///
/// Short runs are summed in f32 and the runs in f64: as fast as f32, and exact enough for millions of numbers.
fn moments(x: &[f32], eps: f64) -> (f32, f32) {
    const RUN: usize = 64;
    let total = |f: &dyn Fn(&[f32]) -> f32| x.chunks(RUN).map(|run| f64::from(f(run))).sum::<f64>();
    let mean = (total(&|run| run.iter().sum()) / x.len() as f64) as f32;
    let variance = total(&|run| run.iter().map(|v| (v - mean) * (v - mean)).sum()) / x.len() as f64;
    (mean, (variance + eps).sqrt().recip() as f32)
}

impl CustomOp3 for GroupNorm {
    fn name(&self) -> &'static str {
        "group-norm"
    }

    fn cpu_fwd(
        &self,
        x: &CpuStorage,
        x_layout: &Layout,
        weight: &CpuStorage,
        weight_layout: &Layout,
        bias: &CpuStorage,
        bias_layout: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        let x = contiguous_f32(x, x_layout)?;
        let weight = contiguous_f32(weight, weight_layout)?;
        let bias = contiguous_f32(bias, bias_layout)?;
        let [batch, channels, ..] = *x_layout.dims() else {
            candle_core::bail!("group norm expects (batch, channels, …), found {:?}", x_layout.dims());
        };
        let mut y = vec![0f32; x.len()];
        let channels_per_group = channels / self.groups;
        let pixels = x.len() / (batch * channels).max(1);
        if pixels == 0 {
            return Ok((CpuStorage::F32(y), x_layout.shape().clone()));
        }

        let per_group = channels_per_group * pixels;
        let groups = y.par_chunks_mut(per_group).zip(x.par_chunks(per_group)).enumerate();
        groups.for_each(|(index, (y, x))| {
            let (mean, scale) = moments(x, self.eps);
            let first = index % self.groups * channels_per_group;
            let planes = y.chunks_mut(pixels).zip(x.chunks(pixels)).enumerate();
            for (channel, (y, x)) in planes {
                let slope = scale * weight[first + channel];
                let offset = bias[first + channel] - mean * slope;
                for (y, x) in y.iter_mut().zip(x) {
                    *y = x * slope + offset;
                }
                if self.silu {
                    for y in y {
                        *y /= 1.0 + (-*y).exp();
                    }
                }
            }
        });
        Ok((CpuStorage::F32(y), x_layout.shape().clone()))
    }
}

impl CustomOp3 for LayerNorm {
    fn name(&self) -> &'static str {
        "layer-norm"
    }

    fn cpu_fwd(
        &self,
        x: &CpuStorage,
        x_layout: &Layout,
        weight: &CpuStorage,
        weight_layout: &Layout,
        bias: &CpuStorage,
        bias_layout: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        let x = contiguous_f32(x, x_layout)?;
        let weight = contiguous_f32(weight, weight_layout)?;
        let bias = contiguous_f32(bias, bias_layout)?;
        let mut y = vec![0f32; x.len()];
        let channels = weight.len().max(1);
        y.par_chunks_mut(channels)
            .zip(x.par_chunks(channels))
            .for_each(|(y, x)| {
                let (mean, scale) = moments(x, self.eps);
                for (((y, x), weight), bias) in y.iter_mut().zip(x).zip(weight).zip(bias) {
                    *y = (x - mean) * scale * weight + bias;
                }
            });
        Ok((CpuStorage::F32(y), x_layout.shape().clone()))
    }
}
