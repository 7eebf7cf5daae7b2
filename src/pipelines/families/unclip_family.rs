//! The family of `unCLIP`.

use candle_core::Tensor;

use super::unclip_passes::UnclipPasses;
use super::{Unclip, name_of, requested_px};
use crate::job::{GenerateRequest, ModelDefaults, ModelInfo, ModelRef, Takes};
use crate::kernels::Wrap;
use crate::models::unet::{PixelUNetConfig, UNetConfig};
use crate::pipelines::PipelineError;
use crate::pipelines::denoiser::Denoiser;
use crate::pipelines::model::{DenoiserInputs, Family, Model, ModelBase};
use crate::pipelines::pass::Passes;
use crate::pipelines::request_parts::RequestPart;
use crate::pipelines::scheduler::SchedulerConfig;
use crate::weights::ModelFiles;

/// Models of a prior, a decoder and two networks that enlarge.
pub(super) static FAMILY: Family = Family {
    id: "unclip",
    label: "unCLIP",
    classes: &["UnCLIPPipeline"],
    supports: &[RequestPart::Prompt, RequestPart::NegativePrompt],
    describe,
    load: |source, _progress| Ok(Box::new(Unclip::load(source)?)),
};

fn describe(model: &ModelRef, files: &ModelFiles) -> Result<ModelInfo, PipelineError> {
    let decoder: UNetConfig = files.json("decoder/config.json")?;
    let super_res: PixelUNetConfig = files.json("super_res_first/config.json")?;
    let scheduler: SchedulerConfig = files.json("decoder_scheduler/scheduler_config.json")?;
    let (height, width) = super_res.sides();
    Ok(ModelInfo {
        model: model.clone(),
        name: name_of(model),
        family: FAMILY.id,
        prediction: scheduler.prediction_type,
        latent_channels: decoder.in_channels,
        vae_factor: 1,
        has_tiny_decoder: false,
        takes: Takes {
            is_size_fixed: true,
            ..Takes::default()
        },
        class_names: Vec::new(),
        defaults: ModelDefaults {
            width_px: requested_px(width),
            height_px: requested_px(height),
            steps: 25,
            guidance_scale: 8.0,
            sampler: "ddpm",
            schedule: "normal",
        },
    })
}

impl Model for Unclip {
    fn base(&self) -> &ModelBase {
        &self.base
    }

    /// Each of its passes has a network of its own.
    fn denoiser<'a>(&'a self, _inputs: DenoiserInputs<'a>) -> Result<Box<dyn Denoiser + 'a>, PipelineError> {
        Err(self.base.refuses("model", "one with a single network"))
    }

    fn own_passes<'a>(&'a self, request: &'a GenerateRequest) -> Result<Option<Box<dyn Passes + 'a>>, PipelineError> {
        Ok(Some(Box::new(UnclipPasses::new(self, request)?)))
    }

    fn decode(&self, latents: &Tensor, _wrap: Wrap) -> candle_core::Result<Tensor> {
        Ok(latents.clone())
    }
}
