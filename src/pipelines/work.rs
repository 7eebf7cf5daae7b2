//! What the making of every picture has in common, whatever the family: the watched run, and the record at its end.

use std::sync::Arc;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use candle_core::Tensor;

use super::PipelineError;
use super::denoise::{Known, Noise, Observed, Run, Start, Walked};
use super::families::Identified;
use super::predictor::Predictor;
use super::preview::rgb_from_picture;
use crate::diffusion::guidance::{Guidance, GuidanceSchedule};
use crate::diffusion::prediction::vp_scale;
use crate::diffusion::samplers::{Options, Sampler};
use crate::diffusion::schedule::Timetable;
use crate::diffusion::trajectory::plane;
use crate::job::{
    GenerateRequest, GeneratedImage, JobControl, JobOptions, Phase, PreviewMode, Record, RgbImage, StepRecord,
    Trajectory,
};

/// A step of a run, ready to be shown.
#[derive(Debug)]
pub struct ShownStep<'a> {
    /// The step.
    pub record: &'a StepRecord,
    /// Place among all steps of the picture, from 0; a second pass counts on.
    pub index: usize,
    /// Steps of the picture; those that a run over a picture leaves out at its beginning do not count.
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

/// A request with the model whose name goes into the record.
#[derive(Clone, Copy)]
pub(super) struct Work<'a> {
    pub(super) model: &'a dyn Identified,
    pub(super) request: &'a GenerateRequest,
    pub(super) options: JobOptions,
    pub(super) control: &'a JobControl,
}

/// One run of the making of a picture.
pub(super) struct Leg<'a> {
    pub(super) predictor: &'a dyn Predictor,
    pub(super) guidance: GuidanceSchedule,
    pub(super) sampler: &'a dyn Sampler,
    pub(super) table: &'a Timetable,
    /// Of the latents.
    pub(super) shape: [usize; 4],
    pub(super) start: Start,
    pub(super) known: Option<Known>,
    /// Runs of one picture have noise of their own: 0 for the one that has the seed's.
    pub(super) stream: u64,
    /// Place of its first step among all steps of the picture.
    pub(super) offset: usize,
    /// Steps of the picture.
    pub(super) total: usize,
}

/// Makes a picture of the estimate of the clean latents, `(1, 3, height, width)` in −1..1, in a mode that is not
/// [`PreviewMode::Off`].
pub(super) type Show<'a> = &'a dyn Fn(&Tensor, PreviewMode) -> candle_core::Result<Option<Tensor>>;

impl Work<'_> {
    /// The seed of a picture of the batch.
    pub(super) fn seed(&self, index: u32) -> u64 {
        self.request.seed.wrapping_add(u64::from(index))
    }

    /// How the predictions with and without the prompt are weighed over the run.
    pub(super) fn guidance(&self) -> GuidanceSchedule {
        let request = self.request;
        GuidanceSchedule {
            base: Guidance {
                scale: request.guidance_scale,
                rescale: request.guidance_rescale,
            },
            interval: request.guidance_interval,
            scales: request.guidance_schedule.clone(),
        }
    }

    /// Walks one run, and tells the watcher of every step.
    pub(super) fn walk(
        &self,
        leg: &Leg<'_>,
        index: u32,
        show: Show<'_>,
        watcher: &mut dyn Watcher,
    ) -> Result<Walked, PipelineError> {
        let request = self.request;
        let variation = request.variation.map(|variation| {
            let seed = variation.seed.wrapping_add(u64::from(index));
            (stream_seed(seed, leg.stream), variation.strength)
        });
        let run = Run {
            predictor: leg.predictor,
            guidance: leg.guidance.clone(),
            sampler: leg.sampler,
            options: Options {
                eta: request.eta,
                ..Options::default()
            },
            table: leg.table,
            start: leg.start.clone(),
            known: leg.known.clone(),
            noise: Noise::Seeded {
                seed: stream_seed(self.seed(index), leg.stream),
                source: request.noise_source,
                variation,
            },
            control: self.control,
        };
        let mode = self.options.preview;
        let skipped = leg.start.first();
        let walked = run.walk(leg.shape, &mut |observed: &Observed<'_>| {
            let decoding = Instant::now();
            let shown = match mode {
                PreviewMode::Off => None,
                mode => show(observed.x0, mode)?,
            };
            watcher.step(ShownStep {
                record: observed.record,
                index: leg.offset + observed.record.index - skipped,
                total: leg.total,
                elapsed_secs: observed.elapsed_secs,
                step_secs: observed.record.secs + decoding.elapsed().as_secs_f64(),
                preview: shown.as_ref().map(rgb_from_picture).transpose()?,
            });
            Ok(())
        })?;
        Ok(walked)
    }

    /// A finished picture of a batch.
    ///
    /// * `latents`: clean, as the networks see them; those that `table` and `steps` led to.
    pub(super) fn trajectory(
        &self,
        index: u32,
        table: &Timetable,
        steps: Vec<StepRecord>,
        latents: &Tensor,
    ) -> Result<Arc<Trajectory>, PipelineError> {
        Ok(Arc::new(Trajectory {
            seed: self.seed(index),
            sigmas: table.sigmas().to_vec(),
            timesteps: table.timesteps().to_vec(),
            steps,
            final_latents: plane(latents)?,
            tokens: Vec::new(),
            colours: None,
        }))
    }

    /// A finished picture.
    ///
    /// * `picture`: `(1, 3, height, width)` in −1..1.
    pub(super) fn finished(
        &self,
        index: u32,
        began: Instant,
        picture: &Tensor,
        trajectory: Arc<Trajectory>,
    ) -> Result<GeneratedImage, PipelineError> {
        Ok(GeneratedImage {
            pixels: rgb_from_picture(picture)?,
            record: self.record(index, began.elapsed().as_secs_f64()),
            trajectory,
        })
    }

    /// What is written into the picture's file.
    pub(super) fn record(&self, index: u32, elapsed_secs: f64) -> Record {
        let info = self.model.info();
        Record {
            version: Record::VERSION,
            program: concat!("hareru ", env!("CARGO_PKG_VERSION")).to_owned(),
            request: GenerateRequest {
                seed: self.seed(index),
                batch_count: 1,
                variation: self.request.variation.map(|mut variation| {
                    variation.seed = variation.seed.wrapping_add(u64::from(index));
                    variation
                }),
                ..self.request.clone()
            },
            model_name: info.name.clone(),
            model_hash: self.model.hash().to_owned(),
            family: info.family.to_owned(),
            rng: self.request.noise_source.id().to_owned(),
            precision: self.model.precision().id().to_owned(),
            decoder: String::new(),
            run_id: String::new(),
            origin: None,
            batch_index: index,
            created_unix_secs: SystemTime::now()
                .duration_since(UNIX_EPOCH)
                .map_or(0, |since| since.as_secs()),
            elapsed_secs,
        }
    }
}

/// The seed of another run of the same picture, far from the seeds of a batch; `stream` 0 is the seed itself.
pub(super) fn stream_seed(seed: u64, stream: u64) -> u64 {
    const GOLDEN: u64 = 0x9e37_79b9_7f4a_7c15; // 2⁶⁴ / φ: multiples of it lie far apart
    seed.wrapping_add(stream.wrapping_mul(GOLDEN))
}

/// The latents at the end of a run as a decoder takes them.
pub(super) fn clean(x: &Tensor, table: &Timetable) -> candle_core::Result<Tensor> {
    x / vp_scale(table.sigmas()[table.steps()])
}
