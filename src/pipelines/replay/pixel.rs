//! Pictures made pixel by pixel, without an autoencoder.

use candle_core::Device;

use super::case::Opened;
use super::single::walk;
use super::{Got, unit_range};
use crate::job::ModelRef;
use crate::pipelines::model::DenoiserInputs;
use crate::pipelines::{PipelineError, load_any_files};

pub(super) fn replay(case: &Opened) -> Result<Got, PipelineError> {
    let path = ModelRef::Path(case.path(&case.request.model));
    let model = load_any_files(&path, &case.files()?, &Device::Cpu, case.precision, &mut |_| ())?;
    let shape = case.input("noise")?.dims4()?.into();
    let denoiser = model.denoiser(DenoiserInputs {
        scheduler: Some(case.scheduler(&case.sampler()?.config())?.into()),
        class_label: case.request.class_label,
        ..DenoiserInputs::default()
    })?;
    let (picture, mut got) = walk(case, &*denoiser, 1.0, shape)?;
    got.insert("image".to_owned(), unit_range(&picture)?);
    Ok(got)
}
