//! Films.

use candle_core::Tensor;

use super::case::Opened;
use super::latent::{prompts, told};
use super::single::walk;
use super::{Got, unit_range};
use crate::pipelines::PipelineError;
use crate::pipelines::families::read_motion;
use crate::pipelines::frames::split_frames;
use crate::pipelines::model::{DenoiserInputs, Model as _};
use crate::weights::ModelFiles;

pub(super) fn replay(case: &Opened) -> Result<Got, PipelineError> {
    let request = &case.request;
    let adapter = ModelFiles::open(case.path(&request.motion_adapter))?;
    let base = case.model()?;
    let motion = read_motion(&base, &adapter)?;
    let conditioning = base.encode_prompts(&prompts(request, [0.0; 2]))?;

    let initial = case.input("noise")?;
    let (_, channels, frames, height, width) = initial.dims5()?;
    let shape = [1, channels, frames * height, width];
    let guidance = if request.uses_negative { request.cfg_scale } else { 1.0 };
    let denoiser = base.unet_denoiser(DenoiserInputs {
        film: Some((&motion, frames)),
        ..DenoiserInputs::of(conditioning.clone())
    })?;
    let (latents, mut got) = walk(case, &denoiser, guidance, shape)?;
    got.extend(told(request, &conditioning)?);
    // The reference has an axis for the frames.
    let mut got = got
        .into_iter()
        .map(|(name, tensor)| {
            let is_film = tensor.dims() == shape;
            let tensor = if is_film {
                tensor.reshape(initial.shape())?
            } else {
                tensor
            };
            Ok((name, tensor))
        })
        .collect::<candle_core::Result<Got>>()?;
    let pictures = split_frames(&latents, frames)?
        .chunk(frames, 0)?
        .iter()
        .map(|frame| unit_range(&base.decode(frame)?))
        .collect::<candle_core::Result<Vec<_>>>()?;
    if let Some(first) = pictures.first() {
        got.insert("image".to_owned(), first.clone());
    }
    got.insert("frames".to_owned(), Tensor::stack(&pictures, 0)?);
    Ok(got)
}
