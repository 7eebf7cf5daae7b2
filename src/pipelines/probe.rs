//! A test's hold on a job: it gives the random numbers, and sees the tensors that other implementations can be held to.

use candle_core::{Device, Tensor};

use super::observer::Call;
use crate::diffusion::noise::{Draw, noise_tensor};
use crate::diffusion::samplers::Options;
use crate::models::vae::Moments;

/// Stands between a job and what makes its result irreproducible elsewhere. A job without one draws its own noise from
/// the seed and takes the mean of each encoded picture; with one it takes what the probe gives, and is otherwise the same.
pub trait Probe {
    /// Standard normal numbers of `shape` in place of those that [`noise_tensor`] makes of `seed` and `draw`; `None` keeps
    /// those.
    fn noise(&self, _seed: u64, _draw: Draw, _shape: &[usize]) -> Option<Tensor> {
        None
    }

    /// Latents `(1, channels, height, width)`, not scaled, from the distribution of an encoded picture; `None` takes the
    /// mean.
    fn latents(&self, _moments: &Moments) -> Option<Tensor> {
        None
    }

    /// The parameters to run the sampler with; those of the request are `own`.
    fn options(&self, own: Options) -> Options {
        own
    }

    /// Whether a film takes the model's own noise levels in place of those that motion adapters were trained with.
    fn keeps_noise_levels(&self) -> bool {
        false
    }

    /// The network was called.
    fn called(&self, _call: &Call<'_>) {}

    /// The result was decoded to `(1, 3, height, width)` in −1..1, one call for each picture.
    fn decoded(&self, _picture: &Tensor) {}
}

/// The noise of a draw: the probe's, else that of the seed.
pub(super) fn drawn(
    probe: Option<&dyn Probe>,
    seed: u64,
    draw: Draw,
    shape: &[usize],
    device: &Device,
) -> candle_core::Result<Tensor> {
    match probe.and_then(|probe| probe.noise(seed, draw, shape)) {
        Some(noise) => Ok(noise),
        None => noise_tensor(seed, draw, shape, device),
    }
}

/// Latents of an encoded picture: the probe's, else the mean.
pub(super) fn latents_of(probe: Option<&dyn Probe>, moments: Moments) -> Tensor {
    probe.and_then(|probe| probe.latents(&moments)).unwrap_or(moments.mean)
}
