//! Pictures made pixel by pixel, without an autoencoder.

use candle_core::Device;

use super::case::Opened;
use super::single::walk;
use super::{Got, unit_range};
use crate::pipelines::PipelineError;
use crate::pipelines::families::Pixel;
use crate::weights::ModelFiles;

pub(super) fn replay(case: &Opened) -> Result<Got, PipelineError> {
    let files = ModelFiles::open(case.path(&case.request.model))?;
    let mut model = Pixel::load(&files, &Device::Cpu, case.dtype()?)?;
    model.set_scheduler(case.scheduler(&case.sampler()?.config())?);
    let shape = case.input("noise")?.dims4()?.into();
    let (picture, mut got) = walk(case, &model.of_class(case.request.class_label)?, 1.0, shape)?;
    got.insert("image".to_owned(), unit_range(&picture)?);
    Ok(got)
}
