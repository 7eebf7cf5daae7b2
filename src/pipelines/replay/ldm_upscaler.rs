//! Super-resolution by latent diffusion.

use candle_core::{Device, Tensor};

use super::case::Opened;
use super::single::walk;
use super::{Got, unit_range};
use crate::pipelines::PipelineError;
use crate::pipelines::families::LdmUpscaler;
use crate::weights::ModelFiles;

pub(super) fn replay(case: &Opened) -> Result<Got, PipelineError> {
    let files = ModelFiles::open(case.path(&case.request.model))?;
    let mut model = LdmUpscaler::load(&files, &Device::Cpu, case.dtype()?)?;
    model.set_scheduler(case.scheduler(&case.sampler()?.config())?);
    let small = case.input("init_image")?.affine(2.0, -1.0)?;
    let noise = case.input("noise")?;
    let shape = noise.dims4()?.into();
    let (latents, mut got) = walk(case, &model.of_picture(small.clone())?, 1.0, shape)?;
    got.insert("unet_in.000".to_owned(), Tensor::cat(&[&noise, &small], 1)?);
    let quantised = model.quantise(&latents)?;
    let indices = quantised.indices.iter().map(|index| i64::from(*index));
    got.insert("vq.indices".to_owned(), Tensor::from_iter(indices, &Device::Cpu)?);
    got.insert("image".to_owned(), unit_range(&model.decode(&quantised)?)?);
    got.insert("vq.quantized".to_owned(), quantised.latents);
    Ok(got)
}
