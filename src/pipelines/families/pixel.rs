//! Diffusion on the pixels themselves, with classes or without: `DDPMPipeline` and `DDIMPipeline`.

use candle_core::Tensor;

use super::pixel_denoiser::PixelDenoiser;
use super::{name_of, requested_px};
use crate::job::{ModelDefaults, ModelInfo, ModelRef, Takes};
use crate::kernels::Wrap;
use crate::models::unet::{PixelUNetConfig, UNet2DModel};
use crate::pipelines::PipelineError;
use crate::pipelines::denoiser::Denoiser;
use crate::pipelines::model::{DenoiserInputs, Family, Model, ModelBase, ModelSource};
use crate::pipelines::request_parts::RequestPart;
use crate::pipelines::scheduler::{Scheduler, SchedulerConfig};
use crate::weights::{self, ModelFiles};

/// What the classes are called, in their order: a list of words that may lie in the folder.
const CLASS_NAMES: &str = "classes.json";
/// Red, green and blue.
const COLOURS: usize = 3;

/// Models whose parts are one U-Net and a scheduler.
pub(super) static FAMILY: Family = Family {
    id: "pixel",
    label: "DDPM or DDIM on pixels",
    classes: &["DDPMPipeline", "DDIMPipeline"],
    supports: &[RequestPart::Class],
    describe,
    load: |source, _progress| Ok(Box::new(Pixel::load(source)?)),
};

fn describe(model: &ModelRef, files: &ModelFiles) -> Result<ModelInfo, PipelineError> {
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
        family: FAMILY.id,
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

/// A U-Net on pixels, which are its latents.
pub struct Pixel {
    base: ModelBase,
    unet: UNet2DModel,
}

impl Pixel {
    pub(in crate::pipelines) fn load(source: ModelSource<'_>) -> Result<Self, PipelineError> {
        let ModelSource {
            files, device, dtype, ..
        } = source;
        let config: PixelUNetConfig = files.json("unet/config.json")?;
        let scheduler = Scheduler::new(files.json("scheduler/scheduler_config.json")?)?;
        let unet = weights::build(files, "unet", device, dtype, |vb| UNet2DModel::new(vb, &config))?;
        Ok(Self {
            base: ModelBase::new(source, scheduler),
            unet,
        })
    }

    /// Checks that the model has this class.
    fn check_class(&self, class: Option<u32>) -> Result<(), PipelineError> {
        let config = self.unet.config();
        let expected = match (config.class_embed_type.as_deref(), config.num_class_embeds, class) {
            (None, None, None) | (Some("timestep"), _, Some(_)) => return Ok(()),
            (Some("timestep"), _, None) => "a number".to_owned(),
            (None, Some(classes), Some(class)) if (class as usize) < classes => return Ok(()),
            (None, Some(classes), _) => format!("0 to {}", classes.saturating_sub(1)),
            _ => "absent".to_owned(),
        };
        Err(PipelineError::Unsupported {
            what: "class",
            expected,
            found: class.map_or_else(|| "none".to_owned(), |class| class.to_string()),
        })
    }
}

impl Model for Pixel {
    fn base(&self) -> &ModelBase {
        &self.base
    }

    fn denoiser<'a>(&'a self, inputs: DenoiserInputs<'a>) -> Result<Box<dyn Denoiser + 'a>, PipelineError> {
        let config = self.unet.config();
        if config.out_channels != COLOURS || config.in_channels != COLOURS {
            return Err(PipelineError::Unsupported {
                what: "channels of the pictures",
                expected: format!("{COLOURS} in and out"),
                found: format!("{} in, {} out", config.in_channels, config.out_channels),
            });
        }
        self.check_class(inputs.class_label)?;
        Ok(Box::new(PixelDenoiser::new(&self.base, &self.unet, inputs)))
    }

    /// The network's own size, which a request may round up.
    fn latent_shape(&self, _width_px: u32, _height_px: u32) -> Result<[usize; 4], PipelineError> {
        let (height, width) = self.unet.config().sides();
        Ok([1, COLOURS, height, width])
    }

    fn clips_samples(&self) -> bool {
        true
    }

    fn decode(&self, latents: &Tensor, _wrap: Wrap) -> candle_core::Result<Tensor> {
        Ok(latents.clone())
    }
}
