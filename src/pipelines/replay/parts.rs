//! Single parts: the tokenizer, the autoencoders.

use std::path::Path;

use candle_core::{DType, Device, Tensor};

use super::case::Opened;
use super::{Got, unit_range};
use crate::conditioning::ClipTokenizer;
use crate::conditioning::STATE_DTYPE;
use crate::models::taesd::{AutoencoderTiny, TinyConfig};
use crate::models::vae::{AutoencoderKL, VaeConfig};
use crate::pipelines::PipelineError;
use crate::pipelines::families::vae_dtype;
use crate::weights::{self, ModelFiles};

pub(super) fn tokenize(case: &Opened) -> Result<Got, PipelineError> {
    let files = ModelFiles::open(case.path(&case.request.model))?;
    let tokenizer = ClipTokenizer::load(&files, "tokenizer", 77)?;
    let mut got = Got::new();
    for (index, text) in case.request.texts.iter().enumerate() {
        let ids = tokenizer.encode(text)?.into_iter().map(i64::from);
        got.insert(format!("ids.{index:03}"), Tensor::from_iter(ids, &Device::Cpu)?);
    }
    Ok(got)
}

pub(super) fn roundtrip(case: &Opened) -> Result<Got, PipelineError> {
    let dtype = case.dtype()?;
    let model = case.path(&case.request.model);
    let picture = case.input("init_image")?.affine(2.0, -1.0)?;
    let mut got = Got::new();
    if case.request.vae_kind.as_deref() == Some("tiny") {
        let vae = tiny(&model, dtype)?;
        let latents = vae.encode(&picture.to_dtype(dtype)?)?;
        let picture = vae.decode(&latents)?.to_dtype(STATE_DTYPE)?;
        got.insert("image".to_owned(), unit_range(&picture)?);
        got.insert("latents".to_owned(), latents.to_dtype(STATE_DTYPE)?);
        return Ok(got);
    }
    let files = case.files()?;
    let config: VaeConfig = files.json("vae/config.json")?;
    let dtype = vae_dtype(dtype, &config);
    let vae = weights::build(&files, "vae", &Device::Cpu, dtype, |vb| AutoencoderKL::new(vb, &config))?;
    let moments = vae.encode(&picture.to_dtype(dtype)?)?;
    let (mean, logvar) = (
        moments.mean.to_dtype(STATE_DTYPE)?,
        moments.logvar.to_dtype(STATE_DTYPE)?,
    );
    let decode = |latents: &Tensor| vae.decode(&latents.to_dtype(dtype)?)?.to_dtype(STATE_DTYPE);
    let std = (logvar.clamp(-30f32, 20f32)? * 0.5)?.exp()?;
    let sample = (&mean + (&std * case.input("vae_noise")?)?)?;
    got.insert("latents".to_owned(), (&sample * config.scaling_factor)?);
    got.insert("image".to_owned(), unit_range(&decode(&sample)?)?);
    got.insert("image_from_mean".to_owned(), unit_range(&decode(&mean)?)?);
    got.insert("latents_unscaled".to_owned(), sample);
    got.insert("posterior.mean".to_owned(), mean);
    got.insert("posterior.logvar".to_owned(), logvar);
    got.insert("posterior.std".to_owned(), std);
    Ok(got)
}

/// A tiny autoencoder's folder.
pub(super) fn tiny(folder: &Path, dtype: DType) -> Result<AutoencoderTiny, PipelineError> {
    let files = ModelFiles::open(folder)?;
    let config: TinyConfig = files.json("config.json")?;
    let build = |vb| AutoencoderTiny::new(vb, &config);
    Ok(weights::build(&files, "", &Device::Cpu, dtype, build)?)
}
