//! The ×4 upscaler of Stable Diffusion: a U-Net that sees a small picture beside latents four times its size in pixels.

use std::path::PathBuf;

use candle_core::{DType, Device, Tensor};
use serde::Deserialize;

use super::stable_diffusion::StableDiffusionFamily;
use super::{Family, LoadedModel, ModelIndex, Networks, OtherModel, StableDiffusion, at_the_door};
use crate::conditioning::Conditioning;
use crate::conditioning::STATE_DTYPE;
use crate::diffusion::forward_process::ForwardProcess;
use crate::job::{LoraSpec, ModelDefaults, ModelInfo, ModelRef, Takes};
use crate::models::unet::{ClassCondition, UNetConditions};
use crate::pipelines::PipelineError;
use crate::pipelines::denoiser::{DenoiseInput, DenoiseOutput, Denoiser};
use crate::pipelines::scheduler::Scheduler;
use crate::weights::ModelFiles;

/// The pipeline whose parts are these.
const CLASS: &str = "StableDiffusionUpscalePipeline";

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

/// Registers them.
pub(super) struct UpscalerFamily;

impl Family for UpscalerFamily {
    fn id(&self) -> &'static str {
        "upscaler"
    }

    fn label(&self) -> &'static str {
        "Stable Diffusion ×4 upscaler"
    }

    fn claims(&self, index: &ModelIndex) -> bool {
        Upscaler::claims(index)
    }

    fn describe(&self, model: &ModelRef, files: &ModelFiles) -> Result<ModelInfo, PipelineError> {
        let info = StableDiffusionFamily.describe(model, files)?;
        let limits: Limits = files.json("model_index.json")?;
        let low_res = Scheduler::new(files.json("low_res_scheduler/scheduler_config.json")?)?;
        Ok(ModelInfo {
            family: self.id(),
            takes: Takes {
                enlarges: Some(info.vae_factor),
                max_noise_level: Some(limits.most(&low_res)),
                ..Takes::default()
            },
            class_names: Vec::new(),
            defaults: ModelDefaults {
                guidance_scale: 9.0,
                ..info.defaults
            },
            ..info
        })
    }

    fn load(
        &self,
        model: &ModelRef,
        files: &ModelFiles,
        device: &Device,
        dtype: DType,
        progress: &mut dyn FnMut(f32),
    ) -> Result<LoadedModel, PipelineError> {
        let info = self.describe(model, files)?;
        let networks = Networks::Upscaler(Box::new(Upscaler::load(model, files, device, dtype, progress)?));
        Ok(OtherModel::loaded(info, dtype, files, networks))
    }
}

impl Limits {
    /// Most noise that the small picture may be under, as a timestep of this training.
    fn most(&self, low_res: &Scheduler) -> u32 {
        self.max_noise_level
            .min(low_res.process.training.timesteps() as u32 - 1)
    }
}

/// The networks of one upscaler, ready to be asked.
pub struct Upscaler {
    /// Text encoder, U-Net and autoencoder, as in any Stable Diffusion.
    base: StableDiffusion,
    dtype: DType,
    /// Noise that the small picture is put under.
    low_res: Scheduler,
    limits: Limits,
}

impl Upscaler {
    /// Whether a folder with this index is of this family.
    pub fn claims(index: &ModelIndex) -> bool {
        index.class_name == CLASS
    }

    /// Reads the weights and builds the networks; arguments as of [`Family::load`](super::Family::load).
    ///
    /// # Errors
    /// [`PipelineError`] if a file is missing or broken, or the device is out of memory.
    pub fn load(
        model: &ModelRef,
        files: &ModelFiles,
        device: &Device,
        dtype: DType,
        progress: &mut dyn FnMut(f32),
    ) -> Result<Self, PipelineError> {
        Ok(Self {
            low_res: Scheduler::new(files.json("low_res_scheduler/scheduler_config.json")?)?,
            limits: files.json("model_index.json")?,
            base: StableDiffusion::load(model, files, device, dtype, progress)?,
            dtype,
        })
    }

    /// Text encoder, scheduler and autoencoder.
    pub fn base(&self) -> &StableDiffusion {
        &self.base
    }

    /// See [`LoadedModel::set_adapters`](super::LoadedModel::set_adapters).
    pub(super) fn set_adapters(&mut self, loras: &[LoraSpec], embeddings: &[PathBuf]) -> Result<(), PipelineError> {
        self.base.set_adapters(loras, embeddings).map(drop)
    }

    /// Takes another training schedule than the model's own; for reference cases.
    pub(in crate::pipelines) fn set_scheduler(&mut self, scheduler: Scheduler) {
        self.base.set_scheduler(scheduler);
    }

    /// The networks with all they are told of one picture.
    ///
    /// * `small`: the picture, `(1, 3, height, width)` in −1..1; the latents have its height and width.
    /// * `noise`: N(0, 1) in the shape of the picture.
    /// * `noise_level`: how much of the noise the picture is put under, as a timestep.
    ///
    /// # Errors
    /// [`PipelineError::Unsupported`] if the level is beyond what the model takes or the picture has the wrong channels.
    pub fn of_picture<'a>(
        &'a self,
        conditioning: &'a Conditioning,
        small: &Tensor,
        noise: &Tensor,
        noise_level: u32,
    ) -> Result<Upscaling<'a>, PipelineError> {
        let most = self.limits.most(&self.low_res);
        if noise_level > most {
            return Err(PipelineError::Unsupported {
                what: "noise level",
                expected: format!("0 to {most}"),
                found: noise_level.to_string(),
            });
        }
        let config = self.base.unet().config();
        let channels = small.dim(1)? + self.base.info().latent_channels;
        if channels != config.in_channels {
            return Err(PipelineError::Unsupported {
                what: "channels of latents and picture together",
                expected: config.in_channels.to_string(),
                found: channels.to_string(),
            });
        }
        let process = &self.low_res.process;
        let sigma = process.sigma_of(f64::from(noise_level));
        Ok(Upscaling {
            model: self,
            conditioning,
            beside: process.network_input(&ForwardProcess::add_noise(small, noise, sigma)?, sigma)?,
            noise_level,
        })
    }
}

/// An upscaler with all it is told of one picture.
pub struct Upscaling<'a> {
    model: &'a Upscaler,
    conditioning: &'a Conditioning,
    /// The small picture under noise.
    beside: Tensor,
    noise_level: u32,
}

impl Upscaling<'_> {
    /// The small picture under noise, as the U-Net sees it on its last channels.
    pub fn beside(&self) -> &Tensor {
        &self.beside
    }

    fn ask(&self, x: &Tensor, timestep: f64, text: &Tensor) -> candle_core::Result<Tensor> {
        let dtype = self.model.dtype;
        let (x, context) = (at_the_door(x, dtype)?, at_the_door(text, dtype)?);
        let conditions = UNetConditions {
            class: Some(ClassCondition::Labels(&[self.noise_level])),
            ..UNetConditions::text(&context)
        };
        let unet = self.model.base.unet();
        unet.forward(&x, &[timestep], conditions)?.to_dtype(STATE_DTYPE)
    }
}

impl Denoiser for Upscaling<'_> {
    fn device(&self) -> &Device {
        self.model.base.device()
    }

    fn scheduler(&self) -> &Scheduler {
        self.model.base.scheduler()
    }

    fn denoise(&self, input: &DenoiseInput<'_>) -> candle_core::Result<DenoiseOutput> {
        let x = Tensor::cat(&[input.x, &self.beside], 1)?;
        if !input.needs_uncond() {
            return Ok(DenoiseOutput::alone(self.ask(
                &x,
                input.timestep,
                &self.conditioning.cond.context,
            )?));
        }
        let output = self.ask(
            &Tensor::cat(&[&x, &x], 0)?,
            input.timestep,
            &self.conditioning.both.context,
        )?;
        DenoiseOutput::weighed(output.narrow(0, 0, 1)?, output.narrow(0, 1, 1)?, input.guidance)
    }
}
