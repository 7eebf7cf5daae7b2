//! Super-resolution by latent diffusion.

use candle_core::{Device, Tensor};

use super::capture::{Capture, Scale, insert_table, known_sampler};
use super::case::Opened;
use super::{Got, unit_range};
use crate::diffusion::guidance::{Guidance, GuidanceSchedule};
use crate::diffusion::prediction::vp_scale;
use crate::diffusion::samplers::Options;
use crate::job::JobControl;
use crate::pipelines::PipelineError;
use crate::pipelines::denoise::{Noise, Run, Start};
use crate::pipelines::families::LdmUpscaler;
use crate::weights::ModelFiles;

pub(super) fn replay(case: &Opened) -> Result<Got, PipelineError> {
    let request = &case.request;
    let wanted = case.sampler()?;
    let files = ModelFiles::open(case.path(&request.model))?;
    let mut model = LdmUpscaler::load(&files, &Device::Cpu, case.dtype()?)?;
    model.set_scheduler(case.scheduler(&wanted.diffusers_config)?);
    let (sampler, schedule) = known_sampler(wanted).ok_or_else(|| case.unknown_sampler(wanted))?;
    let table = model.scheduler().timetable(sampler, schedule, None, request.steps)?;
    let scale = Scale::of(&wanted.diffusers_class);
    let mut got = Got::new();
    insert_table(&mut got, &table, scale)?;

    let small = case.input("init_image")?.affine(2.0, -1.0)?;
    let initial = case.input("noise")?;
    let shape: [usize; 4] = initial.dims4()?.into();
    let run = Run {
        predictor: &model.of_picture(small.clone())?,
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
            initial: initial.clone(),
            steps: case.inputs("step_noise"),
        },
        control: &JobControl::default(),
    };
    let mut capture = Capture::new(got, scale);
    let walked = run.walk(shape, &mut capture)?;
    let last_sigma = table.sigmas()[table.steps()];
    let mut got = capture.finish(&walked.x, last_sigma)?;
    got.insert("unet_in.000".to_owned(), Tensor::cat(&[&initial, &small], 1)?);
    let quantised = model.quantise(&(walked.x / vp_scale(last_sigma))?)?;
    let indices = quantised.indices.iter().map(|index| i64::from(*index));
    got.insert("vq.indices".to_owned(), Tensor::from_iter(indices, &Device::Cpu)?);
    got.insert("image".to_owned(), unit_range(&model.decode(&quantised)?)?);
    got.insert("vq.quantized".to_owned(), quantised.latents);
    Ok(got)
}
