//! What samplers walk with.

use candle_core::Tensor;

use super::slope;
use crate::diffusion::SampleError;

/// A step as the sampler reports it: before it is taken.
#[derive(Debug, Clone, Copy)]
pub struct Step<'a> {
    /// Place in the run, from 0.
    pub index: usize,
    /// Noise level of `x`.
    pub sigma: f64,
    /// The noisy latents, x₀ + σ·ε.
    pub x: &'a Tensor,
    /// The estimate of the clean latents.
    pub x0: &'a Tensor,
}

/// An earlier step, as the host kept it.
#[derive(Debug, Clone)]
pub struct PastStep {
    /// Noise level of `x`.
    pub sigma: f64,
    /// The noisy latents.
    pub x: Tensor,
    /// The estimate of the clean latents.
    pub x0: Tensor,
}

/// What a sampler may do: ask the model, draw noise, look back, report a step. Nothing else.
pub trait SamplerContext {
    /// The model's estimate x₀ of the clean latents, same shape as `x`. Guidance is already applied.
    ///
    /// # Errors
    /// [`SampleError`]: the network's, or someone asked to stop.
    fn denoise(&mut self, x: &Tensor, sigma: f64) -> Result<Tensor, SampleError>;
    /// N(0, 1) in the shape of `x`, a function of the job's seed and of `index` alone; the same on every device.
    ///
    /// * `index`: which draw. Samplers count it from the step, so that a resumed run draws what the whole one would.
    ///
    /// # Errors
    /// [`SampleError::Tensor`] if the device is out of memory.
    fn noise_like(&mut self, x: &Tensor, index: usize) -> Result<Tensor, SampleError>;
    /// An observed step of this trajectory, `back` = 0 for the newest, 1 for the one before it; `None` before its
    /// start. Multistep methods read their history here and keep none, so that a branch at step k resumes exactly.
    fn past(&self, back: usize) -> Option<&PastStep>;
    /// The newest estimate for the negative prompt alone, if the sampler [wants it](super::Sampler::wants_uncond).
    fn x0_uncond(&self) -> Option<&Tensor> {
        None
    }
    /// The newest estimate before its values were held to the range of pictures; `None` where they are not.
    fn x0_unclipped(&self) -> Option<&Tensor> {
        None
    }
    /// Where the network says how much noise a step may add: −1 the least, 1 the most, in the shape of `x`.
    fn variance(&self) -> Option<&Tensor> {
        None
    }
    /// What the network itself says when its estimate is `x0`; PLMS extrapolates this. ε unless the host knows better.
    ///
    /// # Errors
    /// If the shapes differ.
    fn output_from_x0(&self, x: &Tensor, x0: &Tensor, sigma: f64) -> candle_core::Result<Tensor> {
        slope(x, x0, sigma)
    }
    /// The estimate that goes with an [output](Self::output_from_x0) of the network.
    ///
    /// # Errors
    /// If the shapes differ.
    fn x0_from_output(&self, x: &Tensor, output: &Tensor, sigma: f64) -> candle_core::Result<Tensor> {
        x - (output * sigma)?
    }
    /// Keeps the step in the trajectory and shows it.
    ///
    /// # Errors
    /// [`SampleError::Cancelled`] if the user asked to stop, [`SampleError::NotFinite`] if the latents are lost.
    fn observe(&mut self, step: Step<'_>) -> Result<(), SampleError>;
    /// Ends step `index`: `x` has arrived at the level the next one starts from. Gives back the latents to go on with,
    /// which differ where a part of the picture is known.
    ///
    /// # Errors
    /// Only the device's.
    fn land(&mut self, x: Tensor, index: usize) -> Result<Tensor, SampleError>;
}
