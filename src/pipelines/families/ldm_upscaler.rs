//! Super-resolution by latent diffusion: a U-Net without a text that sees the small picture beside the latents.
//!
//! Source: <https://arxiv.org/abs/2112.10752>, section 4.4

use candle_core::{DType, Device, Tensor};

use super::{Family, LoadedModel, ModelIndex, Networks, OtherModel, at_the_door, name_of, requested_px};
use crate::conditioning::STATE_DTYPE;
use crate::job::{ModelDefaults, ModelInfo, ModelRef, Takes};
use crate::models::unet::{PixelUNetConfig, UNet2DModel};
use crate::models::vae::{Quantised, VqConfig, VqDecoder};
use crate::pipelines::PipelineError;
use crate::pipelines::denoiser::{DenoiseInput, DenoiseOutput, Denoiser};
use crate::pipelines::scheduler::{Scheduler, SchedulerConfig};
use crate::weights::{self, ModelFiles};

/// The pipeline whose parts are these.
const CLASS: &str = "LDMSuperResolutionPipeline";

/// Registers them.
pub(super) struct LdmUpscalerFamily;

impl Family for LdmUpscalerFamily {
    fn id(&self) -> &'static str {
        "ldm_upscaler"
    }

    fn label(&self) -> &'static str {
        "latent diffusion for super-resolution"
    }

    fn claims(&self, index: &ModelIndex) -> bool {
        LdmUpscaler::claims(index)
    }

    fn describe(&self, model: &ModelRef, files: &ModelFiles) -> Result<ModelInfo, PipelineError> {
        let unet: PixelUNetConfig = files.json("unet/config.json")?;
        let vae: VqConfig = files.json("vqvae/config.json")?;
        let scheduler: SchedulerConfig = files.json("scheduler/scheduler_config.json")?;
        let factor = vae.shape.factor();
        let (height, width) = unet.sides();
        Ok(ModelInfo {
            model: model.clone(),
            name: name_of(model),
            family: self.id(),
            prediction: scheduler.prediction_type,
            latent_channels: unet.out_channels,
            vae_factor: factor as u32,
            has_tiny_decoder: false,
            takes: Takes {
                prompt: false,
                enlarges: Some(factor as u32),
                ..Takes::default()
            },
            class_names: Vec::new(),
            defaults: ModelDefaults {
                width_px: requested_px(width.saturating_mul(factor)),
                height_px: requested_px(height.saturating_mul(factor)),
                steps: 50,
                guidance_scale: 1.0,
                sampler: "ddim",
                schedule: "normal",
            },
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
        let networks = Networks::LdmUpscaler(Box::new(LdmUpscaler::load(files, device, dtype)?));
        progress(1.0);
        Ok(OtherModel::loaded(info, dtype, files, networks))
    }
}

/// The networks of one upscaler, ready to be asked.
pub struct LdmUpscaler {
    device: Device,
    dtype: DType,
    scheduler: Scheduler,
    unet: UNet2DModel,
    vae: VqDecoder,
}

impl LdmUpscaler {
    /// Whether a folder with this index is of this family.
    pub fn claims(index: &ModelIndex) -> bool {
        index.class_name == CLASS
    }

    /// Reads the weights and builds the networks; arguments as of [`Family::load`](super::Family::load).
    ///
    /// # Errors
    /// [`PipelineError`] if a file is missing or broken, or the device is out of memory.
    pub fn load(files: &ModelFiles, device: &Device, dtype: DType) -> Result<Self, PipelineError> {
        let unet: PixelUNetConfig = files.json("unet/config.json")?;
        let vae: VqConfig = files.json("vqvae/config.json")?;
        Ok(Self {
            device: device.clone(),
            dtype,
            scheduler: Scheduler::new(files.json("scheduler/scheduler_config.json")?)?,
            unet: weights::build(files, "unet", device, dtype, |vb| UNet2DModel::new(vb, &unet))?,
            vae: weights::build(files, "vqvae", device, dtype, |vb| VqDecoder::new(vb, &vae))?,
        })
    }

    /// Where its tensors live.
    pub fn device(&self) -> &Device {
        &self.device
    }

    /// How it was trained.
    pub fn scheduler(&self) -> &Scheduler {
        &self.scheduler
    }

    /// Takes another training schedule than the model's own; for reference cases.
    pub(in crate::pipelines) fn set_scheduler(&mut self, scheduler: Scheduler) {
        self.scheduler = scheduler;
    }

    /// The networks with the picture that shall be made larger.
    ///
    /// * `small`: `(1, 3, height, width)` in −1..1; the latents have its height and width.
    ///
    /// # Errors
    /// [`PipelineError::Unsupported`] if the picture has the wrong channels.
    pub fn of_picture(&self, small: Tensor) -> Result<LdmUpscaling<'_>, PipelineError> {
        let config = self.unet.config();
        let channels = small.dim(1)? + config.out_channels;
        if channels != config.in_channels {
            return Err(PipelineError::Unsupported {
                what: "channels of latents and picture together",
                expected: config.in_channels.to_string(),
                found: channels.to_string(),
            });
        }
        Ok(LdmUpscaling { model: self, small })
    }

    /// The codebook's entries nearest to the latents.
    ///
    /// # Errors
    /// Only the device's.
    pub fn quantise(&self, latents: &Tensor) -> candle_core::Result<Quantised> {
        self.vae.quantise(latents)
    }

    /// Latents of the codebook → picture `(1, 3, height, width)` in −1..1.
    ///
    /// # Errors
    /// Only the device's.
    pub fn decode(&self, quantised: &Quantised) -> candle_core::Result<Tensor> {
        self.vae
            .decode(&at_the_door(&quantised.latents, self.dtype)?)?
            .to_dtype(STATE_DTYPE)
    }
}

/// An upscaler with the picture that shall be made larger.
pub struct LdmUpscaling<'a> {
    model: &'a LdmUpscaler,
    small: Tensor,
}

impl Denoiser for LdmUpscaling<'_> {
    fn device(&self) -> &Device {
        &self.model.device
    }

    fn scheduler(&self) -> &Scheduler {
        &self.model.scheduler
    }

    fn denoise(&self, input: &DenoiseInput<'_>) -> candle_core::Result<DenoiseOutput> {
        let x = Tensor::cat(&[input.x, &self.small], 1)?;
        let x = at_the_door(&x, self.model.dtype)?;
        let output = self.model.unet.forward(&x, &[input.timestep], None)?;
        Ok(DenoiseOutput::alone(output.to_dtype(STATE_DTYPE)?))
    }
}
