//! What a sampler is given: the step to take, and the context that answers its questions.

use candle_core::Tensor;

use super::{Options, slope};
use crate::diffusion::SampleError;
use crate::diffusion::forward_process::ForwardProcess;
use crate::diffusion::schedule::SigmaTable;

/// A step before it is taken. The model has been called at its start.
#[derive(Debug, Clone, Copy)]
pub struct Step<'a> {
    /// Place in the run, from 0.
    pub index: usize,
    /// The noisy latents, x₀ + σ·ε.
    pub x: &'a Tensor,
    /// The estimate of the clean latents, k-diffusion's `denoised`.
    pub x0: &'a Tensor,
    /// The noise levels of the run.
    pub table: &'a SigmaTable,
    /// The sampler's parameters at this step.
    pub options: Options,
}

impl Step<'_> {
    /// Noise level of `x`, k-diffusion's `sigmas[i]`.
    pub fn sigma(&self) -> f64 {
        self.table.sigmas()[self.index]
    }

    /// Noise level the step leads to, k-diffusion's `sigmas[i + 1]`; see [`SigmaTable::target`].
    pub fn target(&self) -> f64 {
        self.table.target(self.index)
    }

    /// Noise level the next step starts from, which differs from [`Self::target`] where strides do not divide the
    /// training length.
    pub fn next_sigma(&self) -> f64 {
        self.table.sigmas()[self.index + 1]
    }

    /// Whether no step comes after this one.
    pub fn is_last(&self) -> bool {
        self.index + 1 == self.table.steps()
    }
}

/// A step that the model has been called for, as the context recorded it.
#[derive(Debug, Clone)]
pub struct PastStep {
    /// Noise level of `x`.
    pub sigma: f64,
    /// The noisy latents.
    pub x: Tensor,
    /// The estimate of the clean latents.
    pub x0: Tensor,
    /// The latents after the sampler's corrector; see [`SamplerContext::keep_corrected`].
    pub corrected: Option<Tensor>,
}

impl PastStep {
    /// A step that no corrector has seen.
    pub fn new(sigma: f64, x: Tensor, x0: Tensor) -> Self {
        Self {
            sigma,
            x,
            x0,
            corrected: None,
        }
    }

    /// The noise ε of the step, see [`slope`].
    pub(super) fn noise(&self) -> candle_core::Result<Tensor> {
        slope(&self.x, &self.x0, self.sigma)
    }
}

/// What a sampler may do while it takes a step: call the model, draw noise, look back. Nothing else.
pub trait SamplerContext {
    /// The model's estimate x₀ of the clean latents, same shape as `x`. Guidance is already applied.
    ///
    /// # Errors
    /// [`SampleError`]: the network's, or that the job was cancelled.
    fn denoise(&mut self, x: &Tensor, sigma: f64) -> Result<Tensor, SampleError>;
    /// N(0, 1) in the shape of `x`, a function of the step's seed and of `draw` alone; the same on every device.
    ///
    /// * `step`: the step that adds the noise. A change of the seed holds from its step on.
    /// * `draw`: which draw. Samplers count it from the step, so that a resumed run draws what the whole one would.
    ///
    /// # Errors
    /// [`SampleError::Tensor`] if the device is out of memory.
    fn noise_like(&mut self, x: &Tensor, step: usize, draw: usize) -> Result<Tensor, SampleError>;
    /// A recorded step of this run: `back` = 0 is the one that is being taken, 1 the one before it; `None` before the
    /// start. Multistep methods read their history here and keep none, so that a branch at step k resumes exactly.
    fn past(&self, back: usize) -> Option<&PastStep>;
    /// Keeps what the corrector made of a past step's latents, until another sampler takes over. Only a cache: it can be
    /// derived again from the recorded steps.
    fn keep_corrected(&mut self, back: usize, corrected: Tensor);
    /// The newest estimate for the negative prompt alone, if the sampler [wants it](super::SamplerSpec::wants_uncond).
    fn x0_uncond(&self) -> Option<&Tensor> {
        None
    }
    /// The newest estimate before it was clamped to the range of pictures; `None` where it is not clamped.
    fn x0_unclipped(&self) -> Option<&Tensor> {
        None
    }
    /// The variance that the network predicts for its newest call: −1 the least, 1 the most, in the shape of `x`.
    fn variance(&self) -> Option<&Tensor> {
        None
    }
    /// The forward process that the model was trained on.
    fn process(&self) -> &ForwardProcess;
    /// The noise ε in `x` by the network's newest output, which has one where σ = 0 too.
    ///
    /// # Errors
    /// If the shapes differ.
    fn noise_estimate(&self, x: &Tensor, x0: &Tensor, sigma: f64) -> candle_core::Result<Tensor> {
        slope(x, x0, sigma)
    }
}
