//! The model families, one file each, one line in [`FAMILIES`].

mod animatediff;
mod ldm_upscaler;
mod loaded;
mod pixel;
mod stable_diffusion;
mod unclip;
mod unclip_family;
mod unet_denoiser;
mod upscaler;

pub use animatediff::{AnimateDiff, Film, read_motion};
pub use ldm_upscaler::{LdmUpscaler, LdmUpscaling};
pub use loaded::{Identified, LoadedModel, Networks, OtherModel};
pub use pixel::{Pixel, PixelOfClass};
pub use stable_diffusion::StableDiffusion;
pub(super) use stable_diffusion::vae_dtype;
pub use unclip::{DecoderStage, PriorStage, StageSchedule, SuperResStage, Texts, Unclip, UnclipText};
pub use unet_denoiser::{ConcatCond, UNetDenoiser};
pub use upscaler::{Upscaler, Upscaling};

use std::collections::BTreeMap;

use candle_core::{DType, Device};
use serde::Deserialize;
use serde_json::Value;

use super::PipelineError;
use super::controls::at_the_door;
use crate::job::{MAX_SIDE_PX, ModelInfo, ModelRef, SIZE_MULTIPLE_PX};
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

/// One architecture: how to recognise it and how to bring it up.
pub trait Family: Sync {
    /// Stable name in records, e.g. `stable_diffusion`.
    fn id(&self) -> &'static str;
    /// What people call it.
    fn label(&self) -> &'static str;
    /// Whether a folder with this index is of this family; true for exactly one family.
    fn claims(&self, index: &ModelIndex) -> bool;
    /// What can be said without reading weights.
    ///
    /// # Errors
    /// [`PipelineError`] if a configuration is missing or broken.
    fn describe(&self, model: &ModelRef, files: &ModelFiles) -> Result<ModelInfo, PipelineError>;
    /// Reads the weights and builds the networks.
    ///
    /// * `dtype`: what the networks compute in; whether the device can is not checked here.
    /// * `progress`: called with the fraction that is done, 0 to 1.
    ///
    /// # Errors
    /// [`PipelineError`] if a file is missing or broken, or the device is out of memory.
    fn load(
        &self,
        model: &ModelRef,
        files: &ModelFiles,
        device: &Device,
        dtype: DType,
        progress: &mut dyn FnMut(f32),
    ) -> Result<LoadedModel, PipelineError>;
}

/// Every family.
pub static FAMILIES: &[&dyn Family] = &[
    &stable_diffusion::StableDiffusionFamily,
    &pixel::PixelFamily,
    &upscaler::UpscalerFamily,
    &ldm_upscaler::LdmUpscalerFamily,
    &unclip_family::UnclipFamily,
];

/// The family a folder belongs to.
///
/// # Errors
/// [`PipelineError::Load`] without a readable `model_index.json`, [`PipelineError::UnknownFamily`] if none claims it.
pub fn family_of(files: &ModelFiles) -> Result<&'static dyn Family, PipelineError> {
    let index: ModelIndex = files.json("model_index.json")?;
    FAMILIES
        .iter()
        .find(|family| family.claims(&index))
        .copied()
        .ok_or_else(|| PipelineError::UnknownFamily {
            expected: FAMILIES
                .iter()
                .map(|family| family.label())
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
