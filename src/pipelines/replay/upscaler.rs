//! Pictures made four times as large.

use candle_core::{Device, Tensor};

use super::case::Opened;
use super::latent::{prompts, told};
use super::single::walk;
use super::{Got, unit_range};
use crate::job::ModelRef;
use crate::pipelines::PipelineError;
use crate::pipelines::families::Upscaler;
use crate::weights::ModelFiles;

pub(super) fn replay(case: &Opened) -> Result<Got, PipelineError> {
    let request = &case.request;
    let wanted = case.sampler()?;
    let path = case.path(&request.model);
    let files = ModelFiles::open(&path)?;
    let mut model = Upscaler::load(&ModelRef::Path(path), &files, &Device::Cpu, case.dtype()?, &mut |_| ())?;
    model.set_scheduler(case.scheduler(&wanted.config())?);
    let base = model.base();
    let conditioning = base.encode_prompts(&prompts(request, [0.0; 2]))?;

    let small = case.input("init_image")?.affine(2.0, -1.0)?;
    let noise = case.input("low_res_noise")?;
    let upscaling = model.of_picture(&conditioning, &small, &noise, request.noise_level)?;
    let initial = case.input("noise")?;
    let shape: [usize; 4] = initial.dims4()?.into();
    let guidance = if request.uses_negative { request.cfg_scale } else { 1.0 };
    let (latents, mut got) = walk(case, &upscaling, guidance, shape)?;
    got.extend(told(request, &conditioning)?);
    got.insert(
        "unet_in.000".to_owned(),
        Tensor::cat(&[&initial, upscaling.beside()], 1)?,
    );
    let picture = base.decode(&latents)?;
    got.insert("image".to_owned(), unit_range(&picture)?);
    Ok(got)
}
