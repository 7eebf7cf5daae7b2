//! Pictures made four times as large.

use candle_core::{Device, Tensor};
use serde::Deserialize;

use super::case::Opened;
use super::single::walk;
use super::{Got, id_row, unit_range};
use crate::job::ModelRef;
use crate::pipelines::PipelineError;
use crate::pipelines::families::{Conditioning, StableDiffusion, Upscaler};
use crate::weights::ModelFiles;

/// What only these cases say.
#[derive(Debug, Deserialize)]
struct Fields {
    noise_level: u32,
}

pub(super) fn replay(case: &Opened) -> Result<Got, PipelineError> {
    let Fields { noise_level } = case.fields()?;
    let path = case.path(&case.request.model);
    let files = ModelFiles::open(&path)?;
    let mut model = Upscaler::load(&ModelRef::Path(path), &files, &Device::Cpu, case.dtype()?, &mut |_| ())?;
    model.set_scheduler(case.scheduler(&case.sampler()?.diffusers_config)?);
    let (conditioning, texts) = read_texts(case, model.base())?;
    let small = case.input("init_image")?.affine(2.0, -1.0)?;
    let upscaling = model.of_picture(&conditioning, &small, &case.input("low_res_noise")?, noise_level)?;
    let noise = case.input("noise")?;
    let (latents, mut got) = walk(case, &upscaling, guidance(case), noise.dims4()?.into())?;
    got.extend(texts);
    got.insert("unet_in.000".to_owned(), Tensor::cat(&[&noise, upscaling.beside()], 1)?);
    got.insert("image".to_owned(), unit_range(&model.base().decode(&latents)?)?);
    Ok(got)
}

/// diffusers switches guidance off at scales of 1 and below.
pub(super) fn guidance(case: &Opened) -> f64 {
    let request = &case.request;
    if request.uses_negative { request.cfg_scale } else { 1.0 }
}

/// Both prompts, encoded; and under the reference's names.
pub(super) fn read_texts(case: &Opened, base: &StableDiffusion) -> Result<(Conditioning, Got), PipelineError> {
    let request = &case.request;
    let negative = request.negative_prompt.as_deref().unwrap_or("");
    let conditioning = base.encode_prompts(&request.prompt, negative, request.clip_skip)?;
    let mut got = Got::new();
    got.insert("tokens.prompt".to_owned(), id_row(&conditioning.prompt_ids)?);
    got.insert("text.prompt".to_owned(), conditioning.cond.clone());
    if request.uses_negative {
        got.insert("tokens.negative".to_owned(), id_row(&conditioning.negative_ids)?);
        got.insert("text.negative".to_owned(), conditioning.uncond.clone());
    }
    Ok((conditioning, got))
}
