//! What a run shows to its observer.

use std::sync::Arc;

use candle_core::Tensor;

use super::denoiser::DenoiseOutput;
use super::run_plan::Steered;
use crate::diffusion::SampleError;
use crate::job::StepRecord;
use crate::models::unet::AttentionMap;

/// A call of the network, as a [probe](super::Probe) sees it.
#[derive(Debug)]
pub struct Call<'a> {
    /// Place among the calls of the run, from 0; second-order samplers call twice a step.
    pub index: usize,
    /// The step it belongs to, from 0.
    pub step: usize,
    /// Noise level of `x`.
    pub sigma: f64,
    /// What the network was given.
    pub timestep: f64,
    /// The noisy latents, x₀ + σ·ε.
    pub x: &'a Tensor,
    /// The same as the network was given them, unit variance.
    pub input: &'a Tensor,
    /// The estimate of the clean latents.
    pub x0: &'a Tensor,
    /// The network's output, with and without the prompt.
    pub predicted: &'a DenoiseOutput,
    /// Cross-attention over the prompt, layer by layer, if it is kept.
    pub attention: &'a [AttentionMap],
}

/// A step as the observer of a run sees it.
#[derive(Debug)]
pub struct Observed<'a> {
    /// The step as it is kept.
    pub record: &'a Arc<StepRecord>,
    /// The noisy latents, x₀ + σ·ε.
    pub x: &'a Tensor,
    /// The estimate of the clean latents.
    pub x0: &'a Tensor,
    /// The output of the network's newest call, with and without the prompt.
    pub predicted: &'a DenoiseOutput,
    /// What the record's attention belongs to: the tokens of the step's prompt.
    pub tokens: &'a [String],
    /// Wall time since the run began, in seconds.
    pub elapsed_secs: f64,
}

/// Watches a run.
pub trait Observer {
    /// The network was called for a step, which is about to be taken.
    ///
    /// # Errors
    /// Whatever shall end the run.
    fn stepped(&mut self, observed: &Observed<'_>) -> Result<(), SampleError>;

    /// Something happened that is no step.
    fn steered(&mut self, _what: Steered<'_>) {}
}

/// A closure watches the steps.
impl<F: FnMut(&Observed<'_>) -> Result<(), SampleError>> Observer for F {
    fn stepped(&mut self, observed: &Observed<'_>) -> Result<(), SampleError> {
        self(observed)
    }
}
