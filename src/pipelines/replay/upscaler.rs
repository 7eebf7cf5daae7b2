//! Pictures made four times as large.

use candle_core::{Device, Tensor};

use super::capture::{Capture, Scale, insert_table, known_sampler};
use super::case::Opened;
use super::{Got, id_row, unit_range};
use crate::diffusion::guidance::{Guidance, GuidanceSchedule};
use crate::diffusion::prediction::vp_scale;
use crate::diffusion::samplers::Options;
use crate::job::{JobControl, ModelRef};
use crate::pipelines::PipelineError;
use crate::pipelines::denoise::{Noise, Run, Start};
use crate::pipelines::families::Upscaler;
use crate::weights::ModelFiles;

pub(super) fn replay(case: &Opened) -> Result<Got, PipelineError> {
    let request = &case.request;
    let wanted = case.sampler()?;
    let path = case.path(&request.model);
    let files = ModelFiles::open(&path)?;
    let mut model = Upscaler::load(&ModelRef::Path(path), &files, &Device::Cpu, case.dtype()?, &mut |_| ())?;
    model.set_scheduler(case.scheduler(&wanted.diffusers_config)?);
    let (sampler, schedule) = known_sampler(wanted).ok_or_else(|| case.unknown_sampler(wanted))?;
    let base = model.base();
    let table = base.scheduler().timetable(sampler, schedule, None, request.steps)?;
    let scale = Scale::of(&wanted.diffusers_class);

    let mut got = Got::new();
    insert_table(&mut got, &table, scale)?;
    let negative = request.negative_prompt.as_deref().unwrap_or("");
    let conditioning = base.encode_prompts(&request.prompt, negative, request.clip_skip)?;
    got.insert("tokens.prompt".to_owned(), id_row(&conditioning.prompt_ids)?);
    got.insert("text.prompt".to_owned(), conditioning.cond.clone());
    if request.uses_negative {
        got.insert("tokens.negative".to_owned(), id_row(&conditioning.negative_ids)?);
        got.insert("text.negative".to_owned(), conditioning.uncond.clone());
    }

    let small = case.input("init_image")?.affine(2.0, -1.0)?;
    let noise = case.input("low_res_noise")?;
    let upscaling = model.of_picture(&conditioning, &small, &noise, request.noise_level)?;
    let initial = case.input("noise")?;
    let shape: [usize; 4] = initial.dims4()?.into();
    let run = Run {
        predictor: &upscaling,
        guidance: GuidanceSchedule::from(Guidance {
            scale: if request.uses_negative { request.cfg_scale } else { 1.0 },
            rescale: request.guidance_rescale,
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
    got.insert(
        "unet_in.000".to_owned(),
        Tensor::cat(&[&initial, upscaling.beside()], 1)?,
    );
    let picture = base.decode(&(walked.x / vp_scale(last_sigma))?)?;
    got.insert("image".to_owned(), unit_range(&picture)?);
    Ok(got)
}
