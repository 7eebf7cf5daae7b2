//! Text to picture: conditioning, the run, the decoder, the record.

use std::sync::Arc;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use super::PipelineError;
use super::denoise::{Noise, Observed, Run, Start, latent_shape};
use super::families::{Conditioning, Prompted, StableDiffusion};
use super::preview::{preview, rgb_from_picture};
use crate::diffusion::guidance::{Guidance, GuidanceSchedule};
use crate::diffusion::noise::RNG_NAME;
use crate::diffusion::prediction::vp_scale;
use crate::diffusion::samplers::{Options, sampler_by_id};
use crate::diffusion::trajectory::plane;
use crate::diffusion::{SampleError, ScheduleError};
use crate::job::{
    GenerateRequest, GeneratedImage, JobControl, JobOptions, Phase, Record, RgbImage, StepRecord, Trajectory,
};

/// A step of a run, ready to be shown.
#[derive(Debug)]
pub struct ShownStep<'a> {
    /// The step.
    pub record: &'a StepRecord,
    /// Wall time since the run began, in seconds.
    pub elapsed_secs: f64,
    /// Wall time of the step with its preview, in seconds.
    pub step_secs: f64,
    /// The estimate of the clean latents as a picture.
    pub preview: Option<RgbImage>,
}

/// What a watcher of one picture's making is told.
pub trait Watcher {
    /// The work goes on to another kind.
    fn phase(&mut self, phase: Phase);
    /// A step was taken.
    fn step(&mut self, step: ShownStep<'_>);
}

/// A request, ready to be carried out: its prompts are encoded, its model is loaded.
#[derive(Clone, Copy)]
pub struct Generation<'a> {
    /// The networks.
    pub model: &'a StableDiffusion,
    /// What to make.
    pub request: &'a GenerateRequest,
    /// How to show it.
    pub options: JobOptions,
    /// The request's prompts, encoded.
    pub conditioning: &'a Conditioning,
    /// Whether someone asked to stop.
    pub control: &'a JobControl,
}

/// Makes one picture of a request.
///
/// * `index`: place in the batch; the seed is the request's plus this.
///
/// # Errors
/// [`PipelineError`]; [`PipelineError::is_cancelled`] if someone asked to stop.
pub fn generate(
    generation: Generation<'_>,
    index: u32,
    watcher: &mut dyn Watcher,
) -> Result<GeneratedImage, PipelineError> {
    let Generation {
        model,
        request,
        options,
        conditioning,
        control,
    } = generation;
    let seed = request.seed.wrapping_add(u64::from(index));
    let sampler = sampler_by_id(&request.sampler).ok_or_else(|| ScheduleError::UnknownSchedule {
        found: request.sampler.clone(),
    })?;
    let table = model.scheduler().timetable(
        sampler,
        &request.schedule,
        request.timestep_spacing,
        request.steps as usize,
    )?;
    let shape = latent_shape(model.info(), request.width_px, request.height_px)?;
    let run = Run {
        predictor: &Prompted { model, conditioning },
        guidance: GuidanceSchedule::from(Guidance {
            scale: request.guidance_scale,
            rescale: request.guidance_rescale,
        }),
        sampler,
        options: Options {
            eta: request.eta,
            ..Options::default()
        },
        table: &table,
        start: Start::Noise,
        known: None,
        noise: Noise::Seeded(seed),
        control,
    };

    watcher.phase(Phase::Denoising);
    let began = Instant::now();
    let walked = run.walk(shape, &mut |observed: &Observed<'_>| {
        let decoding = Instant::now();
        let preview = preview(model, observed.x0, options.preview)?;
        let step_secs = observed.record.secs + decoding.elapsed().as_secs_f64();
        let elapsed_secs = observed.elapsed_secs;
        watcher.step(ShownStep {
            record: observed.record,
            elapsed_secs,
            step_secs,
            preview,
        });
        Ok(())
    })?;
    if control.is_cancelled() {
        return Err(SampleError::Cancelled.into());
    }

    watcher.phase(Phase::Decoding);
    let last_sigma = table.sigmas()[table.steps()];
    let latents = (walked.x / vp_scale(last_sigma))?;
    let pixels = rgb_from_picture(&model.decode(&latents)?)?;
    let elapsed_secs = began.elapsed().as_secs_f64();
    let record = Record {
        version: Record::VERSION,
        program: concat!("hareru ", env!("CARGO_PKG_VERSION")).to_owned(),
        request: GenerateRequest {
            seed,
            batch_count: 1,
            ..request.clone()
        },
        model_name: model.info().name.clone(),
        model_hash: model.hash().to_owned(),
        family: model.info().family.to_owned(),
        rng: RNG_NAME.to_owned(),
        precision: model.precision().id().to_owned(),
        batch_index: index,
        created_unix_secs: SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .map_or(0, |since| since.as_secs()),
        elapsed_secs,
    };
    let trajectory = Trajectory {
        seed,
        sigmas: table.sigmas().to_vec(),
        timesteps: table.timesteps().to_vec(),
        steps: walked.steps,
        final_latents: plane(&latents)?,
    };
    Ok(GeneratedImage {
        pixels,
        record,
        trajectory: Arc::new(trajectory),
    })
}
