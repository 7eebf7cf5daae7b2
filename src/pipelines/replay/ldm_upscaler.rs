//! Super-resolution by latent diffusion.

use std::any::Any;

use candle_core::{Device, Tensor};

use super::case::Opened;
use super::single::walk;
use super::{Got, unit_range};
use crate::job::ModelRef;
use crate::pipelines::families::LdmUpscaler;
use crate::pipelines::model::DenoiserInputs;
use crate::pipelines::{PipelineError, load_any_files};

pub(super) fn replay(case: &Opened) -> Result<Got, PipelineError> {
    let path = ModelRef::Path(case.path(&case.request.model));
    let model = load_any_files(&path, &case.files()?, &Device::Cpu, case.precision, &mut |_| ())?;
    let small = case.input("init_image")?.affine(2.0, -1.0)?;
    let noise = case.input("noise")?;
    let shape = noise.dims4()?.into();
    let denoiser = model.denoiser(DenoiserInputs {
        scheduler: Some(case.scheduler(&case.sampler()?.config())?.into()),
        concat: Some(model.low_res(&small, &small, None)?),
        ..DenoiserInputs::default()
    })?;
    let (latents, mut got) = walk(case, &*denoiser, 1.0, shape)?;
    got.insert("unet_in.000".to_owned(), Tensor::cat(&[&noise, &small], 1)?);
    let Some(ldm) = (&*model as &dyn Any).downcast_ref::<LdmUpscaler>() else {
        return Err(case.bad("expected a model with a codebook".to_owned()));
    };
    let quantised = ldm.quantise(&latents)?;
    let indices = quantised.indices.iter().map(|index| i64::from(*index));
    got.insert("vq.indices".to_owned(), Tensor::from_iter(indices, &Device::Cpu)?);
    got.insert("image".to_owned(), unit_range(&model.decode(&latents)?)?);
    got.insert("vq.quantized".to_owned(), quantised.latents);
    Ok(got)
}
