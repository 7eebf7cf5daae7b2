//! Films.

use candle_core::Tensor;
use serde::Deserialize;

use super::case::Opened;
use super::single::walk;
use super::upscaler::{guidance, read_texts};
use super::{Got, unit_range};
use crate::pipelines::PipelineError;
use crate::pipelines::families::AnimateDiff;
use crate::weights::ModelFiles;

/// What only these cases say.
#[derive(Debug, Deserialize)]
struct Fields {
    motion_adapter: String,
}

pub(super) fn replay(case: &Opened) -> Result<Got, PipelineError> {
    let Fields { motion_adapter } = case.fields()?;
    let adapter = ModelFiles::open(case.path(&motion_adapter))?;
    let model = AnimateDiff::load(case.model()?, &adapter, case.dtype()?)?;
    let (conditioning, texts) = read_texts(case, model.base())?;
    let noise = case.input("noise")?;
    let (_, channels, frames, height, width) = noise.dims5()?;
    let shape = [1, channels, frames * height, width];
    let film = model.of_film(&conditioning, frames)?;
    let (latents, got) = walk(case, &film, guidance(case), shape)?;
    // The reference has an axis for the frames.
    let mut got = got
        .into_iter()
        .map(|(name, tensor)| {
            let is_film = tensor.dims() == shape;
            let tensor = if is_film {
                tensor.reshape(noise.shape())?
            } else {
                tensor
            };
            Ok((name, tensor))
        })
        .collect::<candle_core::Result<Got>>()?;
    got.extend(texts);
    let pictures = model.decode(&latents, frames)?;
    let pictures = pictures
        .iter()
        .map(unit_range)
        .collect::<candle_core::Result<Vec<_>>>()?;
    if let Some(first) = pictures.first() {
        got.insert("image".to_owned(), first.clone());
    }
    got.insert("frames".to_owned(), Tensor::stack(&pictures, 0)?);
    Ok(got)
}
