//! Super-resolution by latent diffusion: a U-Net without a text that sees the small picture beside the latents.
//!
//! Source: <https://arxiv.org/abs/2112.10752>, section 4.4

use std::sync::OnceLock;

use candle_core::Tensor;

use super::low_res::check_channels;
use super::pixel_denoiser::PixelDenoiser;
use super::{name_of, requested_px};
use crate::conditioning::STATE_DTYPE;
use crate::job::{ModelDefaults, ModelInfo, ModelRef, PreviewMode, Takes};
use crate::kernels::{Wrap, cast_input};
use crate::models::unet::{PixelUNetConfig, UNet2DModel};
use crate::models::vae::{Quantised, VqConfig, VqDecoder};
use crate::pipelines::PipelineError;
use crate::pipelines::denoiser::Denoiser;
use crate::pipelines::linear_map::LinearMap;
use crate::pipelines::model::{ConcatCond, DenoiserInputs, Family, Model, ModelBase, ModelSource};
use crate::pipelines::request_parts::RequestPart;
use crate::pipelines::scheduler::{Scheduler, SchedulerConfig};
use crate::weights::{self, ModelFiles};

/// Models that enlarge by latents of a codebook.
pub(super) static FAMILY: Family = Family {
    id: "ldm_upscaler",
    label: "latent diffusion for super-resolution",
    classes: &["LDMSuperResolutionPipeline"],
    supports: &[RequestPart::Init],
    describe,
    load: |source, _progress| Ok(Box::new(LdmUpscaler::load(source)?)),
};

fn describe(model: &ModelRef, files: &ModelFiles) -> Result<ModelInfo, PipelineError> {
    let unet: PixelUNetConfig = files.json("unet/config.json")?;
    let vae: VqConfig = files.json("vqvae/config.json")?;
    let scheduler: SchedulerConfig = files.json("scheduler/scheduler_config.json")?;
    let factor = vae.shape.factor();
    let (height, width) = unet.sides();
    Ok(ModelInfo {
        model: model.clone(),
        name: name_of(model),
        family: FAMILY.id,
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

/// A U-Net and the decoder of its latents, which are entries of a codebook.
pub struct LdmUpscaler {
    base: ModelBase,
    unet: UNet2DModel,
    vae: VqDecoder,
    linear: OnceLock<LinearMap>,
}

impl LdmUpscaler {
    pub(in crate::pipelines) fn load(source: ModelSource<'_>) -> Result<Self, PipelineError> {
        let ModelSource {
            files, device, dtype, ..
        } = source;
        let unet: PixelUNetConfig = files.json("unet/config.json")?;
        let vae: VqConfig = files.json("vqvae/config.json")?;
        let scheduler = Scheduler::new(files.json("scheduler/scheduler_config.json")?)?;
        Ok(Self {
            unet: weights::build(files, "unet", device, dtype, |vb| UNet2DModel::new(vb, &unet))?,
            vae: weights::build(files, "vqvae", device, dtype, |vb| VqDecoder::new(vb, &vae))?,
            base: ModelBase::new(source, scheduler),
            linear: OnceLock::new(),
        })
    }

    /// The codebook's entries nearest to the latents.
    ///
    /// # Errors
    /// Only the device's.
    pub fn quantise(&self, latents: &Tensor) -> candle_core::Result<Quantised> {
        self.vae.quantise(latents)
    }

    /// Latents of the codebook → picture `(1, 3, height, width)` in −1..1.
    fn decode_quantised(&self, quantised: &Quantised) -> candle_core::Result<Tensor> {
        self.vae
            .decode(&cast_input(&quantised.latents, self.base.dtype)?)?
            .to_dtype(STATE_DTYPE)
    }
}

impl Model for LdmUpscaler {
    fn base(&self) -> &ModelBase {
        &self.base
    }

    fn denoiser<'a>(&'a self, inputs: DenoiserInputs<'a>) -> Result<Box<dyn Denoiser + 'a>, PipelineError> {
        Ok(Box::new(PixelDenoiser::new(&self.base, &self.unet, inputs)))
    }

    fn input_channels(&self) -> usize {
        self.unet.config().in_channels
    }

    fn decode(&self, latents: &Tensor, _wrap: Wrap) -> candle_core::Result<Tensor> {
        self.decode_quantised(&self.quantise(latents)?)
    }

    fn preview(&self, latents: &Tensor, mode: PreviewMode, wrap: Wrap) -> candle_core::Result<Option<Tensor>> {
        match mode {
            PreviewMode::Off => Ok(None),
            PreviewMode::Linear => self.linear_map()?.map(|map| map.apply(latents)).transpose(),
            PreviewMode::Auto | PreviewMode::Vae => self.decode(latents, wrap).map(Some),
        }
    }

    fn linear_map(&self) -> candle_core::Result<Option<&LinearMap>> {
        if let Some(map) = self.linear.get() {
            return Ok(Some(map));
        }
        let channels = self.base.info.latent_channels;
        let map = LinearMap::fit_decoder(channels, &self.base.device, |latents| {
            let quantised = self.quantise(latents)?;
            let picture = self.decode_quantised(&quantised)?;
            Ok((quantised.latents, picture))
        })?;
        Ok(Some(self.linear.get_or_init(|| map)))
    }

    fn low_res(&self, small: &Tensor, _noise: &Tensor, _noise_level: Option<u32>) -> Result<ConcatCond, PipelineError> {
        check_channels(self, small)?;
        Ok(ConcatCond::LowRes {
            picture: small.clone(),
            noise_level: None,
        })
    }
}
