//! Diffusion on the pixels themselves, with classes or without: `DDPMPipeline` and `DDIMPipeline`.

use candle_core::{DType, Device, Tensor};

use super::{Family, LoadedModel, ModelIndex, Networks, OtherModel, name_of, requested_px};
use crate::conditioning::STATE_DTYPE;
use crate::job::{ModelDefaults, ModelInfo, ModelRef, Takes};
use crate::models::unet::{ClassCondition, PixelUNetConfig, UNet2DModel};
use crate::pipelines::PipelineError;
use crate::pipelines::denoiser::{DenoiseInput, DenoiseOutput, Denoiser};
use crate::pipelines::scheduler::{Scheduler, SchedulerConfig};
use crate::weights::{self, ModelFiles};

/// Pipelines whose parts are one U-Net and a scheduler.
const CLASSES: &[&str] = &["DDPMPipeline", "DDIMPipeline"];

/// What the classes are called, in their order: a list of words that may lie in the folder.
const CLASS_NAMES: &str = "classes.json";

/// A U-Net on pixels, ready to be asked.
pub struct Pixel {
    device: Device,
    dtype: DType,
    scheduler: Scheduler,
    unet: UNet2DModel,
}

/// Registers them.
pub(super) struct PixelFamily;

impl Family for PixelFamily {
    fn id(&self) -> &'static str {
        "pixel"
    }

    fn label(&self) -> &'static str {
        "DDPM or DDIM on pixels"
    }

    fn claims(&self, index: &ModelIndex) -> bool {
        Pixel::claims(index)
    }

    fn describe(&self, model: &ModelRef, files: &ModelFiles) -> Result<ModelInfo, PipelineError> {
        let unet: PixelUNetConfig = files.json("unet/config.json")?;
        let scheduler: SchedulerConfig = files.json("scheduler/scheduler_config.json")?;
        let (height, width) = unet.sides();
        // A table of classes; models that are told a number take any.
        let classes = match unet.class_embed_type.as_deref() {
            Some("timestep") => Some(u32::MAX),
            Some(_) => None,
            None => unet.num_class_embeds.map(|classes| classes as u32),
        };
        let class_names = match classes {
            Some(classes) if files.exists(CLASS_NAMES) => {
                let mut names: Vec<String> = files.json(CLASS_NAMES)?;
                names.truncate(classes as usize);
                names
            }
            _ => Vec::new(),
        };
        Ok(ModelInfo {
            model: model.clone(),
            name: name_of(model),
            family: self.id(),
            prediction: scheduler.prediction_type,
            latent_channels: unet.out_channels,
            vae_factor: 1,
            has_tiny_decoder: false,
            takes: Takes {
                prompt: false,
                classes,
                is_size_fixed: true,
                ..Takes::default()
            },
            class_names,
            defaults: ModelDefaults {
                width_px: requested_px(width),
                height_px: requested_px(height),
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
        let networks = Networks::Pixel(Box::new(Pixel::load(files, device, dtype)?));
        progress(1.0);
        Ok(OtherModel::loaded(info, dtype, files, networks))
    }
}

impl Pixel {
    /// Whether a folder with this index is of this family.
    pub fn claims(index: &ModelIndex) -> bool {
        CLASSES.contains(&index.class_name.as_str())
    }

    /// Reads the weights and builds the network; arguments as of [`Family::load`](super::Family::load).
    ///
    /// # Errors
    /// [`PipelineError`] if a file is missing or broken, or the device is out of memory.
    pub fn load(files: &ModelFiles, device: &Device, dtype: DType) -> Result<Self, PipelineError> {
        let config: PixelUNetConfig = files.json("unet/config.json")?;
        Ok(Self {
            device: device.clone(),
            dtype,
            scheduler: Scheduler::new(files.json("scheduler/scheduler_config.json")?)?,
            unet: weights::build(files, "unet", device, dtype, |vb| UNet2DModel::new(vb, &config))?,
        })
    }

    /// Its network's shape.
    pub fn config(&self) -> &PixelUNetConfig {
        self.unet.config()
    }

    /// Takes another training schedule than the model's own; for reference cases.
    pub(in crate::pipelines) fn set_scheduler(&mut self, scheduler: Scheduler) {
        self.scheduler = scheduler;
    }

    /// How it was trained.
    pub fn scheduler(&self) -> &Scheduler {
        &self.scheduler
    }

    /// The network with the class of one picture.
    ///
    /// # Errors
    /// [`PipelineError::Unsupported`] if the model has no such class, or has none at all, or needs one.
    pub fn of_class(&self, class: Option<u32>) -> Result<PixelOfClass<'_>, PipelineError> {
        let found = class.map_or_else(|| "none".to_owned(), |class| class.to_string());
        let config = self.config();
        let expected = match (config.class_embed_type.as_deref(), config.num_class_embeds, class) {
            (None, None, None) | (Some("timestep"), _, Some(_)) => None,
            (Some("timestep"), _, None) => Some("a number".to_owned()),
            (None, Some(classes), Some(class)) if (class as usize) < classes => None,
            (None, Some(classes), _) => Some(format!("0 to {}", classes.saturating_sub(1))),
            _ => Some("absent".to_owned()),
        };
        match expected {
            None => Ok(PixelOfClass { model: self, class }),
            Some(expected) => Err(PipelineError::Unsupported {
                what: "class",
                expected,
                found,
            }),
        }
    }
}

/// A model with the class of one picture.
#[derive(Clone, Copy)]
pub struct PixelOfClass<'a> {
    model: &'a Pixel,
    class: Option<u32>,
}

impl Denoiser for PixelOfClass<'_> {
    fn device(&self) -> &Device {
        &self.model.device
    }

    fn scheduler(&self) -> &Scheduler {
        &self.model.scheduler
    }

    fn clip(&self) -> Option<f64> {
        self.model.scheduler.clip()
    }

    fn denoise(&self, input: &DenoiseInput<'_>) -> candle_core::Result<DenoiseOutput> {
        let label = self.class.map(|class| [class]);
        let class = label.as_ref().map(|label| ClassCondition::Labels(label));
        let x = super::at_the_door(input.x, self.model.dtype)?;
        let output: Tensor = self.model.unet.forward(&x, &[input.timestep], class)?;
        Ok(DenoiseOutput::alone(output.to_dtype(STATE_DTYPE)?))
    }
}
