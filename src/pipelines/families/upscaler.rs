//! The ×4 upscaler of Stable Diffusion: its U-Net sees a small picture beside latents four times its size in pixels.

use super::StableDiffusion;
use super::low_res::LowRes;
use super::stable_diffusion::describe as describe_stable_diffusion;
use crate::job::{ModelDefaults, ModelInfo, ModelRef, Takes};
use crate::pipelines::PipelineError;
use crate::pipelines::model::{Family, Model, ModelSource};
use crate::pipelines::request_parts::RequestPart;
use crate::weights::ModelFiles;

/// Stable Diffusion with a small picture beside the latents.
pub(super) static FAMILY: Family = Family {
    id: "upscaler",
    label: "Stable Diffusion ×4 upscaler",
    classes: &["StableDiffusionUpscalePipeline"],
    supports: &[
        RequestPart::Prompt,
        RequestPart::NegativePrompt,
        RequestPart::ClipSkip,
        RequestPart::Adapters,
        RequestPart::Embeddings,
        RequestPart::Init,
        RequestPart::NoiseLevel,
    ],
    describe,
    load,
};

fn describe(model: &ModelRef, files: &ModelFiles) -> Result<ModelInfo, PipelineError> {
    let info = describe_stable_diffusion(model, files)?;
    Ok(ModelInfo {
        family: FAMILY.id,
        takes: Takes {
            enlarges: Some(info.vae_factor),
            max_noise_level: Some(LowRes::load(files)?.max_noise_level),
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

fn load(source: ModelSource<'_>, progress: &mut dyn FnMut(f32)) -> Result<Box<dyn Model>, PipelineError> {
    let low_res = LowRes::load(source.files)?;
    let mut model = StableDiffusion::load(source, progress)?;
    model.low_res = Some(low_res);
    Ok(Box::new(model))
}
