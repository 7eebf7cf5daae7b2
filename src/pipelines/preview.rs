//! From latents to a picture for the eye.

use super::PipelineError;
use super::context::wrap_of;
use super::model::Model;
use crate::conditioning::rgb_from_picture;
use crate::diffusion::trajectory::tensor;
use crate::job::{LatentPlane, PreviewMode, RgbImage, Tiling};

/// The picture of kept latents, by any model that knows latents of their kind.
///
/// * `mode`: how; where the model has no such preview, its decoder makes the picture.
/// * `tiling`: edges that join.
///
/// # Errors
/// [`PipelineError::Unsupported`] if the model's latents are of another kind; else the device's.
pub fn decode_latents(
    model: &dyn Model,
    latents: &LatentPlane,
    mode: PreviewMode,
    tiling: Tiling,
) -> Result<RgbImage, PipelineError> {
    let LatentPlane {
        channels,
        height,
        width,
        values,
    } = latents;
    let expected = model.info().latent_channels;
    if *channels != expected || values.len() != channels * height * width || values.is_empty() {
        return Err(PipelineError::Unsupported {
            what: "channels of the latents",
            expected: expected.to_string(),
            found: format!("{channels} of {height}x{width} with {} numbers", values.len()),
        });
    }
    let (latents, wrap) = (tensor(latents, model.device())?, wrap_of(tiling));
    let picture = match model.preview(&latents, mode, wrap)? {
        Some(picture) => picture,
        None => model.decode(&latents, wrap)?,
    };
    Ok(rgb_from_picture(&picture)?)
}
