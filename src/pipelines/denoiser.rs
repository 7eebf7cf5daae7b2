//! Input and output of a network call, and the networks with their conditioning.

use candle_core::{Device, Tensor};

use super::{PipelineError, Scheduler};
use crate::diffusion::guidance::Guidance;
use crate::job::Change;
use crate::models::unet::AttentionMaps;

/// A call of the networks.
#[derive(Debug, Clone, Copy)]
pub struct DenoiseInput<'a> {
    /// Noisy latents as networks see them, unit variance, `(1, channels, height, width)`.
    pub x: &'a Tensor,
    /// Their noise level.
    pub sigma: f64,
    /// The training timestep that goes with it.
    pub timestep: f64,
    /// Which step of the run this call belongs to, from 0.
    pub step: usize,
    /// The first step that is taken; those before it are skipped by a run that starts from a picture.
    pub first: usize,
    /// Steps of the whole run.
    pub steps: usize,
    /// How the two predictions are weighed at this step.
    pub guidance: Guidance,
    /// Whether the prediction without the prompt is wanted even where guidance does not need it.
    pub wants_uncond: bool,
    /// Receives the cross-attention over the prompt; `None` computes nothing for it. Networks without a text leave it empty.
    pub maps: Option<&'a AttentionMaps>,
}

impl DenoiseInput<'_> {
    /// Whether the prediction without the prompt has to be computed too.
    pub fn needs_uncond(&self) -> bool {
        self.wants_uncond || self.guidance.needs_uncond()
    }
}

/// The network's predictions with and without the prompt and the guided one, each in the shape of the latents and in
/// [`STATE_DTYPE`](crate::conditioning::STATE_DTYPE).
#[derive(Debug, Clone)]
pub struct DenoiseOutput {
    /// For the negative prompt; `None` where guidance does not need it.
    pub uncond: Option<Tensor>,
    /// For the prompt.
    pub cond: Tensor,
    /// For the picture beside without the prompt, in editing by instruction.
    pub picture: Option<Tensor>,
    /// The guided prediction.
    pub guided: Tensor,
    /// The variance of the step, for networks that predict it: −1 the least, 1 the most.
    pub variance: Option<Tensor>,
}

impl DenoiseOutput {
    /// One prediction, which is also the result.
    pub fn alone(cond: Tensor) -> Self {
        Self {
            uncond: None,
            picture: None,
            guided: cond.clone(),
            cond,
            variance: None,
        }
    }

    /// The guided prediction of two.
    ///
    /// # Errors
    /// If the shapes differ.
    pub fn weighed(uncond: Tensor, cond: Tensor, guidance: Guidance) -> candle_core::Result<Self> {
        Ok(Self {
            guided: guidance.combine(&uncond, &cond)?,
            uncond: Some(uncond),
            picture: None,
            cond,
            variance: None,
        })
    }
}

/// Checks that changes concern nothing but what the denoise loop carries out itself.
///
/// # Errors
/// [`PipelineError::Unsupported`] for the first that concerns the conditioning of the network.
pub(super) fn refuse_conditioning(changes: &[Change]) -> Result<(), PipelineError> {
    if let Some(found) = changes.iter().find_map(Change::conditioning) {
        return Err(PipelineError::Unsupported {
            what: "what changes on the way",
            expected: "guidance, φ, sampler, η or seed".to_owned(),
            found: found.to_owned(),
        });
    }
    Ok(())
}

/// Networks together with everything they are conditioned on: prompts, images, controls. Tasks differ in this data; the
/// one denoise loop calls it.
pub trait Denoiser {
    /// Where its tensors live.
    fn device(&self) -> &Device;
    /// How it was trained.
    fn scheduler(&self) -> &Scheduler;
    /// The range −r..r that estimates of the clean picture are held to; `None` if to none, as latents.
    fn clip(&self) -> Option<f64> {
        None
    }
    /// Prepares for the changes of the run, in place of those it was given before; `changes` are in the order of the run's
    /// own steps. The loop carries out guidance, sampler, η and seed.
    ///
    /// * `base`: steps of the passes before, which schedules in prompts count too.
    ///
    /// # Errors
    /// [`PipelineError::Unsupported`] if these networks cannot be conditioned anew in the middle of a run; else the
    /// errors of encoding a prompt or reading an adapter.
    fn adopt(&self, changes: &[Change], _base: usize) -> Result<(), PipelineError> {
        refuse_conditioning(changes)
    }
    /// The tokens of the prompt of a step as text, and a last one, empty, for all positions after them; none if there is
    /// no text.
    fn tokens(&self, _step: usize) -> Vec<String> {
        Vec::new()
    }
    /// The networks' answer.
    ///
    /// # Errors
    /// Only the device's.
    fn denoise(&self, input: &DenoiseInput<'_>) -> candle_core::Result<DenoiseOutput>;
}
