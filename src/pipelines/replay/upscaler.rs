//! Pictures made four times as large.

use candle_core::{Device, Tensor};

use super::case::Opened;
use super::latent::{prompts, told};
use super::single::walk;
use super::{Got, unit_range};
use crate::job::ModelRef;
use crate::pipelines::model::{ConcatCond, DenoiserInputs};
use crate::pipelines::{PipelineError, load_any_files};
use crate::weights::ModelFiles;

pub(super) fn replay(case: &Opened) -> Result<Got, PipelineError> {
    let request = &case.request;
    let wanted = case.sampler()?;
    let path = case.path(&request.model);
    let files = ModelFiles::open(&path)?;
    let model = load_any_files(&ModelRef::Path(path), &files, &Device::Cpu, case.precision, &mut |_| ())?;
    let conditioning = model.encode_prompts(&prompts(request, [0.0; 2]))?;

    let small = case.input("init_image")?.affine(2.0, -1.0)?;
    let noise = case.input("low_res_noise")?;
    let concat = model.low_res(&small, &noise, Some(request.noise_level))?;
    let initial = case.input("noise")?;
    let shape: [usize; 4] = initial.dims4()?.into();
    let guidance = if request.uses_negative { request.cfg_scale } else { 1.0 };
    let denoiser = model.denoiser(DenoiserInputs {
        scheduler: Some(case.scheduler(&wanted.config())?.into()),
        concat: Some(concat.clone()),
        ..DenoiserInputs::of(conditioning.clone())
    })?;
    let (latents, mut got) = walk(case, &*denoiser, guidance, shape)?;
    got.extend(told(request, &conditioning)?);
    if let ConcatCond::LowRes { picture, .. } = &concat {
        got.insert("unet_in.000".to_owned(), Tensor::cat(&[&initial, picture], 1)?);
    }
    got.insert("image".to_owned(), unit_range(&model.decode(&latents)?)?);
    Ok(got)
}
