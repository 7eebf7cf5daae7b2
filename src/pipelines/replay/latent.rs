//! Runs on latents: text to image.

use candle_core::Tensor;

use super::capture::{Capture, Scale, insert_table, known_sampler};
use super::case::Opened;
use super::parts::tiny;
use super::{Got, id_row, unit_range};
use crate::diffusion::guidance::{Guidance, GuidanceSchedule};
use crate::diffusion::prediction::vp_scale;
use crate::diffusion::samplers::Options;
use crate::job::JobControl;
use crate::pipelines::PipelineError;
use crate::pipelines::denoise::{Noise, Run, STATE_DTYPE, Start};
use crate::pipelines::families::{Prompted, StableDiffusion};

pub(super) fn replay(case: &Opened) -> Result<Got, PipelineError> {
    let request = &case.request;
    let wanted = case.sampler()?;
    let network = case.model()?;
    let (sampler, schedule) = known_sampler(wanted).ok_or_else(|| case.unknown_sampler(wanted))?;
    let table = network.scheduler().timetable(sampler, schedule, None, request.steps)?;
    let scale = Scale::of(&wanted.diffusers_class);
    let negative = request.negative_prompt.as_deref().unwrap_or("");
    let conditioning = network.encode_prompts(&request.prompt, negative, request.clip_skip)?;

    let mut got = Got::new();
    got.insert("tokens.prompt".to_owned(), id_row(&conditioning.prompt_ids)?);
    got.insert("text.prompt".to_owned(), conditioning.cond.clone());
    if request.uses_negative {
        got.insert("tokens.negative".to_owned(), id_row(&conditioning.negative_ids)?);
        got.insert("text.negative".to_owned(), conditioning.uncond.clone());
    }
    insert_table(&mut got, &table, scale)?;

    let initial = case.input("noise")?;
    let shape: [usize; 4] = initial.dims4()?.into();
    // diffusers switches guidance off at scales of 1 and below.
    let guided = request.uses_negative || network.is_guidance_distilled();
    let run = Run {
        predictor: &Prompted {
            model: &network,
            conditioning: &conditioning,
        },
        guidance: GuidanceSchedule::from(Guidance {
            scale: if guided { request.cfg_scale } else { 1.0 },
            rescale: request.guidance_rescale,
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
    let picture = decode(case, &network, &(walked.x / vp_scale(last_sigma))?)?;
    got.insert("image".to_owned(), unit_range(&picture)?);
    Ok(got)
}

/// The latents as a picture, by the tiny decoder if the case names one.
fn decode(case: &Opened, network: &StableDiffusion, latents: &Tensor) -> Result<Tensor, PipelineError> {
    let Some(vae) = &case.request.vae else {
        return Ok(network.decode(latents)?);
    };
    let dtype = case.dtype()?;
    let picture = tiny(&case.path(vae), dtype)?.decode(&latents.to_dtype(dtype)?)?;
    Ok(picture.to_dtype(STATE_DTYPE)?)
}
