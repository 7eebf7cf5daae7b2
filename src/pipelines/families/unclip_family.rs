//! Registers `unCLIP`.

use candle_core::{DType, Device};

use super::{Family, LoadedModel, ModelIndex, Networks, OtherModel, Unclip, name_of, requested_px};
use crate::job::{ModelDefaults, ModelInfo, ModelRef, Takes};
use crate::models::unet::{PixelUNetConfig, UNetConfig};
use crate::pipelines::PipelineError;
use crate::pipelines::scheduler::SchedulerConfig;
use crate::weights::ModelFiles;

/// Registers them.
pub(super) struct UnclipFamily;

impl Family for UnclipFamily {
    fn id(&self) -> &'static str {
        "unclip"
    }

    fn label(&self) -> &'static str {
        "unCLIP"
    }

    fn claims(&self, index: &ModelIndex) -> bool {
        Unclip::claims(index)
    }

    fn describe(&self, model: &ModelRef, files: &ModelFiles) -> Result<ModelInfo, PipelineError> {
        let decoder: UNetConfig = files.json("decoder/config.json")?;
        let super_res: PixelUNetConfig = files.json("super_res_first/config.json")?;
        let scheduler: SchedulerConfig = files.json("decoder_scheduler/scheduler_config.json")?;
        let (height, width) = super_res.sides();
        Ok(ModelInfo {
            model: model.clone(),
            name: name_of(model),
            family: self.id(),
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

    fn load(
        &self,
        model: &ModelRef,
        files: &ModelFiles,
        device: &Device,
        dtype: DType,
        progress: &mut dyn FnMut(f32),
    ) -> Result<LoadedModel, PipelineError> {
        let info = self.describe(model, files)?;
        let networks = Networks::Unclip(Box::new(Unclip::load(files, device, dtype)?));
        progress(1.0);
        Ok(OtherModel::loaded(info, dtype, files, networks))
    }
}
