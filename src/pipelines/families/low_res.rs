//! The small picture that the ×4 upscaler sees beside its latents.

use candle_core::Tensor;
use serde::Deserialize;

use crate::diffusion::forward_process::ForwardProcess;
use crate::pipelines::PipelineError;
use crate::pipelines::model::{ConcatCond, Model};
use crate::pipelines::scheduler::Scheduler;
use crate::weights::ModelFiles;

/// Noise that the small picture is put under where the request does not say, as a timestep.
const DEFAULT_NOISE_LEVEL: u32 = 20;

/// The part of `model_index.json` that only upscalers have.
#[derive(Debug, Deserialize)]
#[serde(default)]
struct Limits {
    /// Most noise that the small picture may be under, as a timestep.
    max_noise_level: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self { max_noise_level: 350 }
    }
}

/// How small pictures are put under noise.
pub(super) struct LowRes {
    scheduler: Scheduler,
    /// Most noise, as a timestep of this scheduler.
    pub(super) max_noise_level: u32,
}

impl LowRes {
    /// Reads the configuration.
    pub(super) fn load(files: &ModelFiles) -> Result<Self, PipelineError> {
        let scheduler = Scheduler::new(files.json("low_res_scheduler/scheduler_config.json")?)?;
        let limits: Limits = files.json("model_index.json")?;
        Ok(Self {
            max_noise_level: limits
                .max_noise_level
                .min(scheduler.process.training.timesteps() as u32 - 1),
            scheduler,
        })
    }

    /// As [`Model::low_res`].
    pub(super) fn concat(
        &self,
        model: &dyn Model,
        small: &Tensor,
        noise: &Tensor,
        noise_level: Option<u32>,
    ) -> Result<ConcatCond, PipelineError> {
        let noise_level = noise_level.unwrap_or(DEFAULT_NOISE_LEVEL);
        if noise_level > self.max_noise_level {
            return Err(PipelineError::Unsupported {
                what: "noise level",
                expected: format!("0 to {}", self.max_noise_level),
                found: noise_level.to_string(),
            });
        }
        check_channels(model, small)?;
        let process = &self.scheduler.process;
        let sigma = process.sigma_of(f64::from(noise_level));
        Ok(ConcatCond::LowRes {
            picture: process.network_input(&ForwardProcess::add_noise(small, noise, sigma)?, sigma)?,
            noise_level: Some(noise_level),
        })
    }
}

/// Checks that latents and picture together have the channels of the network's input.
///
/// # Errors
/// [`PipelineError::Unsupported`] if they have others.
pub(super) fn check_channels(model: &dyn Model, small: &Tensor) -> Result<(), PipelineError> {
    let channels = small.dim(1)? + model.info().latent_channels;
    if channels == model.input_channels() {
        return Ok(());
    }
    Err(PipelineError::Unsupported {
        what: "channels of latents and picture together",
        expected: model.input_channels().to_string(),
        found: channels.to_string(),
    })
}
