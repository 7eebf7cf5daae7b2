//! The model families, one file each, one line in [`FAMILIES`].

mod animatediff;
mod ldm_upscaler;
mod low_res;
mod pixel;
mod pixel_denoiser;
pub(super) mod stable_diffusion;
mod unclip;
mod unclip_family;
mod unclip_passes;
mod unet_denoiser;
mod upscaler;

pub(super) use animatediff::film_scheduler;
pub use animatediff::read_motion;
pub use ldm_upscaler::LdmUpscaler;
pub use pixel::Pixel;
pub use stable_diffusion::StableDiffusion;
pub use unclip::{StageSchedule, Texts, Unclip, UnclipStage, UnclipText};
pub use unet_denoiser::UNetDenoiser;

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use super::PipelineError;
use super::model::Family;
use crate::job::{MAX_SIDE_PX, ModelRef, SIZE_MULTIPLE_PX};
use crate::weights::ModelFiles;

/// A diffusers folder's `model_index.json`.
#[derive(Debug, Deserialize)]
pub struct ModelIndex {
    /// The pipeline class that the folder was saved from.
    #[serde(rename = "_class_name")]
    pub class_name: String,
    /// The parts, each `[library, class]`.
    #[serde(flatten)]
    pub parts: BTreeMap<String, Value>,
}

/// Every family.
pub static FAMILIES: &[&Family] = &[
    &stable_diffusion::FAMILY,
    &pixel::FAMILY,
    &upscaler::FAMILY,
    &ldm_upscaler::FAMILY,
    &unclip_family::FAMILY,
];

/// The family a folder belongs to.
///
/// # Errors
/// [`PipelineError::Load`] without a readable `model_index.json`, [`PipelineError::UnknownFamily`] if none claims it.
pub fn family_of(files: &ModelFiles) -> Result<&'static Family, PipelineError> {
    let index: ModelIndex = files.json("model_index.json")?;
    FAMILIES
        .iter()
        .find(|family| family.classes.contains(&index.class_name.as_str()))
        .copied()
        .ok_or_else(|| PipelineError::UnknownFamily {
            expected: FAMILIES
                .iter()
                .map(|family| family.label)
                .collect::<Vec<_>>()
                .join(", "),
            found: index.class_name.clone(),
            path: files.path("model_index.json").display().to_string(),
        })
}

/// A model's name for people: the last part of its path.
fn name_of(model: &ModelRef) -> String {
    match model {
        ModelRef::Starter => "Starter".to_owned(),
        ModelRef::Flowers => "Flowers".to_owned(),
        ModelRef::Path(path) => {
            let full = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
            full.file_name().map_or_else(
                || path.display().to_string(),
                |name| name.to_string_lossy().into_owned(),
            )
        }
    }
}

/// A side in pixels that a network fixes, as requests name sides: rounded up to a multiple of [`SIZE_MULTIPLE_PX`].
fn requested_px(side: usize) -> u32 {
    let side = u32::try_from(side).unwrap_or(MAX_SIDE_PX).clamp(1, MAX_SIDE_PX);
    side.next_multiple_of(SIZE_MULTIPLE_PX)
}
