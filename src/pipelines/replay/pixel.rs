//! Pictures made pixel by pixel, without an autoencoder.

use super::capture::{Capture, Scale, insert_table, known_sampler};
use super::case::Opened;
use super::{Got, unit_range};
use crate::diffusion::guidance::{Guidance, GuidanceSchedule};
use crate::diffusion::prediction::vp_scale;
use crate::diffusion::samplers::Options;
use crate::job::JobControl;
use crate::pipelines::PipelineError;
use crate::pipelines::denoise::{Noise, Run, Start};
use crate::pipelines::families::Pixel;
use crate::weights::ModelFiles;

pub(super) fn replay(case: &Opened) -> Result<Got, PipelineError> {
    let request = &case.request;
    let wanted = case.sampler()?;
    let files = ModelFiles::open(case.path(&request.model))?;
    let mut model = Pixel::load(&files, &candle_core::Device::Cpu, case.dtype()?)?;
    model.set_scheduler(case.scheduler(&wanted.diffusers_config)?);
    let (sampler, schedule) = known_sampler(wanted).ok_or_else(|| case.unknown_sampler(wanted))?;
    let table = model.scheduler().timetable(sampler, schedule, None, request.steps)?;
    let scale = Scale::of(&wanted.diffusers_class);
    let mut got = Got::new();
    insert_table(&mut got, &table, scale)?;

    let initial = case.input("noise")?;
    let shape: [usize; 4] = initial.dims4()?.into();
    let run = Run {
        predictor: &model.of_class(request.class_label)?,
        guidance: GuidanceSchedule::from(Guidance {
            scale: 1.0,
            rescale: 0.0,
        }),
        sampler,
        options: Options { eta: wanted.eta },
        table: &table,
        start: Start::Noise,
        known: None,
        noise: Noise::Given {
            initial,
            steps: case.inputs("step_noise"),
        },
        control: &JobControl::default(),
    };
    let mut capture = Capture::new(got, scale);
    let walked = run.walk(shape, &mut capture)?;
    let last_sigma = table.sigmas()[table.steps()];
    let mut got = capture.finish(&walked.x, last_sigma)?;
    got.insert("image".to_owned(), unit_range(&(walked.x / vp_scale(last_sigma))?)?);
    Ok(got)
}
