//! From a prepared request to a picture: the run, perhaps a second one at a larger size, the decoder, the record.

use std::sync::Arc;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use candle_core::Tensor;
use image::imageops::{self, FilterType};

use super::PipelineError;
use super::denoise::{Noise, Observed, Run, Start, Walked};
use super::latents::{latent_shape, picture_tensor};
use super::pictures::{from_job, to_job};
use super::prepare::{Prepared, first_step};
use super::preview::{preview, rgb_from_picture};
use crate::diffusion::SampleError;
use crate::diffusion::prediction::vp_scale;
use crate::diffusion::samplers::Options;
use crate::diffusion::schedule::Timetable;
use crate::diffusion::trajectory::plane;
use crate::job::{GenerateRequest, GeneratedImage, Hires, Phase, Record, RgbImage, StepRecord, Trajectory};
use crate::models::join_edges;

/// A step of a run, ready to be shown.
#[derive(Debug)]
pub struct ShownStep<'a> {
    /// The step.
    pub record: &'a StepRecord,
    /// Place among all steps of the picture, from 0; a second pass counts on.
    pub index: usize,
    /// Steps of the picture, those that are left out at the beginning included.
    pub total: usize,
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

/// What one pass of the picture starts from.
struct Pass<'a> {
    table: &'a Timetable,
    shape: [usize; 4],
    start: Start,
    /// Whether it is the first, to which masks belong.
    is_first: bool,
    /// Place of its first step among all steps of the picture.
    offset: usize,
}

impl Prepared<'_> {
    /// Makes one picture.
    ///
    /// * `index`: place in the batch; the seed is the request's plus this.
    ///
    /// # Errors
    /// [`PipelineError`]; [`PipelineError::is_cancelled`] if someone asked to stop.
    pub fn picture(&self, index: u32, watcher: &mut dyn Watcher) -> Result<GeneratedImage, PipelineError> {
        let model = self.job.model;
        let _joined = join_edges(self.job.wrap());
        watcher.phase(Phase::Denoising);
        let began = Instant::now();
        let first = Pass {
            table: &self.table,
            shape: self.stage.shape,
            start: self.stage.start.clone(),
            is_first: true,
            offset: 0,
        };
        let mut walked = self.walk(&first, index, watcher)?;
        let mut table = &self.table;
        let second_table = self.hires_table()?;
        if let (Some(hires), Some(second)) = (self.job.request.hires, &second_table) {
            let (shape, start) = self.enlarged(&walked.x, hires, second)?;
            let second_pass = Pass {
                table: second,
                shape,
                start,
                is_first: false,
                offset: table.steps(),
            };
            walked = self.walk(&second_pass, index, watcher)?;
            table = second;
        }
        if self.job.control.is_cancelled() {
            return Err(SampleError::Cancelled.into());
        }

        watcher.phase(Phase::Decoding);
        let latents = clean(&walked.x, table)?;
        let mut pixels = rgb_from_picture(&model.decode(&latents)?)?;
        if let Some(paste) = &self.stage.paste {
            pixels = from_job(pixels.clone()).map_or(pixels, |painted| to_job(paste.onto(&painted)));
        }
        let trajectory = Trajectory {
            seed: self.seed(index),
            sigmas: table.sigmas().to_vec(),
            timesteps: table.timesteps().to_vec(),
            steps: walked.steps,
            final_latents: plane(&latents)?,
        };
        Ok(GeneratedImage {
            pixels,
            record: self.record(index, began.elapsed().as_secs_f64()),
            trajectory: Arc::new(trajectory),
        })
    }

    fn walk(&self, pass: &Pass<'_>, index: u32, watcher: &mut dyn Watcher) -> Result<Walked, PipelineError> {
        let request = self.job.request;
        let run = Run {
            predictor: &self.predictor(),
            guidance: self.guidance(),
            sampler: self.sampler,
            options: Options {
                eta: request.eta,
                ..Options::default()
            },
            table: pass.table,
            start: pass.start.clone(),
            known: if pass.is_first { self.stage.known.clone() } else { None },
            noise: Noise::Seeded {
                seed: self.seed(index),
                source: request.noise_source,
                variation: request
                    .variation
                    .map(|variation| (variation.seed.wrapping_add(u64::from(index)), variation.strength)),
            },
            control: self.job.control,
        };
        let total = self.table.steps() + self.hires_steps();
        let walked = run.walk(pass.shape, &mut |observed: &Observed<'_>| {
            let decoding = Instant::now();
            let preview = preview(self.job.model, observed.x0, self.job.options.preview)?;
            watcher.step(ShownStep {
                record: observed.record,
                index: pass.offset + observed.record.index,
                total,
                elapsed_secs: observed.elapsed_secs,
                step_secs: observed.record.secs + decoding.elapsed().as_secs_f64(),
                preview,
            });
            Ok(())
        })?;
        Ok(walked)
    }

    fn seed(&self, index: u32) -> u64 {
        self.job.request.seed.wrapping_add(u64::from(index))
    }

    /// Steps of the second pass; 0 if there is none.
    fn hires_steps(&self) -> usize {
        let request = self.job.request;
        request
            .hires
            .map_or(0, |hires| hires.steps.unwrap_or(request.steps) as usize)
    }

    fn hires_table(&self) -> Result<Option<Timetable>, PipelineError> {
        let request = self.job.request;
        let table = |_| {
            let scheduler = self.job.model.scheduler();
            scheduler.timetable(
                self.sampler,
                &request.schedule,
                request.timestep_spacing,
                self.hires_steps(),
            )
        };
        Ok(request.hires.map(table).transpose()?)
    }

    /// The first pass's picture, decoded, enlarged and encoded again; the VAE knows better than an interpolation of
    /// latents what lies between pixels.
    fn enlarged(&self, x: &Tensor, hires: Hires, table: &Timetable) -> Result<([usize; 4], Start), PipelineError> {
        let model = self.job.model;
        let decoded = rgb_from_picture(&model.decode(&clean(x, &self.table)?)?)?;
        let factor = model.info().vae_factor;
        let side = |px: u32| ((f64::from(px) * hires.scale / f64::from(factor)).round() as u32).max(1) * factor;
        let (width, height) = (side(decoded.width_px), side(decoded.height_px));
        let shape = latent_shape(model.info(), width, height)?;
        let enlarged = match from_job(decoded.clone()) {
            Some(picture) => to_job(imageops::resize(&picture, width, height, FilterType::Lanczos3)),
            None => decoded,
        };
        let latents = model.scaled(&model.encode(&picture_tensor(&enlarged, model.device())?)?.mean)?;
        let first = first_step(self.sampler, table.steps(), hires.strength);
        Ok((shape, Start::Picture { latents, first }))
    }

    fn record(&self, index: u32, elapsed_secs: f64) -> Record {
        let model = self.job.model;
        Record {
            version: Record::VERSION,
            program: concat!("hareru ", env!("CARGO_PKG_VERSION")).to_owned(),
            request: GenerateRequest {
                seed: self.seed(index),
                batch_count: 1,
                variation: self.job.request.variation.map(|mut variation| {
                    variation.seed = variation.seed.wrapping_add(u64::from(index));
                    variation
                }),
                ..self.job.request.clone()
            },
            model_name: model.info().name.clone(),
            model_hash: model.hash().to_owned(),
            family: model.info().family.to_owned(),
            rng: self.job.request.noise_source.id().to_owned(),
            precision: model.precision().id().to_owned(),
            batch_index: index,
            created_unix_secs: SystemTime::now()
                .duration_since(UNIX_EPOCH)
                .map_or(0, |since| since.as_secs()),
            elapsed_secs,
        }
    }
}

/// The latents at the end of a run as the VAE takes them.
fn clean(x: &Tensor, table: &Timetable) -> candle_core::Result<Tensor> {
    x / vp_scale(table.sigmas()[table.steps()])
}
