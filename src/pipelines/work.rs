//! What the making of every picture has in common, whatever the family: the watched run, and the record at its end.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use candle_core::Tensor;

use super::PipelineError;
use super::denoise::{InitialLatents, InpaintBlend, Noise, Observed, Observer, Run, RunOutput};
use super::denoiser::Denoiser;
use super::families::Identified;
use super::probe::Probe;
use super::run_plan::{Keep, Resume, RunPlan, Steered, changes_from};
use crate::conditioning::rgb_from_picture;
use crate::diffusion::SampleError;
use crate::diffusion::guidance::{Guidance, GuidanceSchedule};
use crate::diffusion::samplers::{Options, Sampler};
use crate::diffusion::schedule::SigmaTable;
use crate::diffusion::trajectory::plane;
use crate::job::{
    Change, GenerateRequest, GeneratedImage, JobControl, JobOptions, LatentColours, Origin, Phase, PreviewMode, Record,
    RgbImage, StepRecord, Trajectory,
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
    /// What the record's attention belongs to.
    pub tokens: &'a [String],
    /// How the latents look without a decoder.
    pub colours: Option<&'a Arc<LatentColours>>,
}

/// A kept run that another one takes its first steps from.
#[derive(Debug, Clone, Copy)]
pub struct ResumeFrom<'a> {
    /// Its name, for the record.
    pub run_id: &'a str,
    /// Its steps.
    pub trajectory: &'a Trajectory,
    /// The first step that is not taken from it, counted as its records are.
    pub step: u32,
}

/// What a watcher of one picture's making is told.
pub trait Watcher {
    /// The work goes on to another kind.
    fn phase(&mut self, phase: Phase);
    /// A step was taken.
    fn step(&mut self, step: ShownStep<'_>);
    /// Something happened that is no step.
    fn steered(&mut self, _what: Steered<'_>) {}
}

/// A request with the model whose name goes into the record.
#[derive(Clone, Copy)]
pub(super) struct JobContext<'a> {
    pub(super) model: &'a dyn Identified,
    pub(super) request: &'a GenerateRequest,
    pub(super) options: JobOptions,
    pub(super) after: Option<ResumeFrom<'a>>,
    pub(super) control: &'a JobControl,
    pub(super) probe: Option<&'a dyn Probe>,
}

/// One run of the making of a picture.
pub(super) struct SamplingPass<'a> {
    pub(super) denoiser: &'a dyn Denoiser,
    pub(super) guidance: GuidanceSchedule,
    pub(super) sampler: &'a dyn Sampler,
    pub(super) table: &'a SigmaTable,
    /// Of the latents.
    pub(super) shape: [usize; 4],
    pub(super) start: InitialLatents,
    pub(super) known: Option<InpaintBlend>,
    /// Runs of one picture have noise of their own: 0 for the one that has the seed's.
    pub(super) stream: u64,
    /// What happens on its way.
    pub(super) plan: RunPlan,
    /// Place of its first step among all steps of the picture.
    pub(super) offset: usize,
    /// Steps of the picture.
    pub(super) total: usize,
}

/// Makes a picture of the estimate of the clean latents, `(1, 3, height, width)` in −1..1, in a mode that is not
/// [`PreviewMode::Off`].
pub(super) type Show<'a> = &'a dyn Fn(&Tensor, PreviewMode) -> candle_core::Result<Option<Tensor>>;

/// A finished run as it is kept.
pub(super) struct Kept {
    /// With what was asked for on the way.
    pub(super) request: GenerateRequest,
    pub(super) trajectory: Arc<Trajectory>,
}

/// Shows the steps of a run to a watcher.
struct Shown<'a> {
    mode: PreviewMode,
    /// The first step that is taken, as records count.
    first: usize,
    /// Its place among all steps of the picture.
    offset: usize,
    /// Steps of the picture.
    total: usize,
    colours: Option<Arc<LatentColours>>,
    show: Show<'a>,
    watcher: &'a mut dyn Watcher,
}

impl Observer for Shown<'_> {
    fn stepped(&mut self, observed: &Observed<'_>) -> Result<(), SampleError> {
        let decoding = Instant::now();
        let picture = match self.mode {
            PreviewMode::Off => None,
            mode => (self.show)(observed.x0, mode)?,
        };
        self.watcher.step(ShownStep {
            record: observed.record,
            index: self.offset + observed.record.index.saturating_sub(self.first),
            total: self.total,
            elapsed_secs: observed.elapsed_secs,
            step_secs: observed.record.secs + decoding.elapsed().as_secs_f64(),
            preview: picture.as_ref().map(rgb_from_picture).transpose()?,
            tokens: observed.tokens,
            colours: self.colours.as_ref(),
        });
        Ok(())
    }

    fn steered(&mut self, what: Steered<'_>) {
        self.watcher.steered(what);
    }
}

impl JobContext<'_> {
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

    /// What happens on the way of a pass of the picture.
    ///
    /// * `base`: steps of the passes before.
    /// * `asked`: what was asked for in those.
    pub(super) fn plan(&self, index: u32, base: usize, asked: &[Change]) -> RunPlan {
        let mut changes = self.request.all_changes();
        changes.extend_from_slice(asked);
        changes.sort_by_key(|change| change.step);
        let after = self.after.filter(|after| after.trajectory.seed == self.seed(index));
        RunPlan {
            is_steered: true,
            changes: changes_from(changes, base),
            stop_after: self
                .request
                .stop_after
                .map(|steps| (steps as usize).saturating_sub(base)),
            resume: after.map(|after| Resume {
                steps: after.trajectory.steps.clone().into(),
                tokens: after.trajectory.tokens.clone(),
                step: after.step as usize,
            }),
            keep: Keep {
                branches: self.options.keep_branches,
                attention: self.options.keep_attention,
            },
            base,
        }
    }

    /// How the latents look without a decoder, if anybody wants to see them.
    fn colours(&self) -> Option<LatentColours> {
        let is_seen = self.options.preview != PreviewMode::Off || self.options.keep_branches;
        is_seen.then(|| self.model.colours()).flatten()
    }

    /// Walks one run, and tells the watcher of every step.
    pub(super) fn walk(
        &self,
        pass: &SamplingPass<'_>,
        index: u32,
        show: Show<'_>,
        watcher: &mut dyn Watcher,
    ) -> Result<RunOutput, PipelineError> {
        let request = self.request;
        let variation = request.variation.map(|variation| {
            let seed = variation.seed.wrapping_add(u64::from(index));
            (stream_seed(seed, pass.stream), variation.strength)
        });
        let own = Options {
            eta: request.eta,
            ..Options::default()
        };
        let run = Run {
            denoiser: pass.denoiser,
            guidance: pass.guidance.clone(),
            sampler: pass.sampler,
            options: self.probe.map_or(own, |probe| probe.options(own)),
            table: pass.table,
            start: pass.start.clone(),
            known: pass.known.clone(),
            noise: Noise::Seeded {
                seed: stream_seed(self.seed(index), pass.stream),
                source: request.noise_source,
                variation,
            },
            plan: pass.plan.clone(),
            control: self.control,
            probe: self.probe,
        };
        let mut shown = Shown {
            mode: self.options.preview,
            first: pass.plan.base + pass.start.first(),
            offset: pass.offset,
            total: pass.total,
            colours: self.colours().map(Arc::new),
            show,
            watcher,
        };
        run.sample(pass.shape, &mut shown)
    }

    /// A finished run as it is kept.
    ///
    /// * `latents`: clean, as the networks see them; those that `table` and `walked` led to.
    pub(super) fn trajectory(
        &self,
        index: u32,
        table: &SigmaTable,
        walked: RunOutput,
        latents: &Tensor,
    ) -> Result<Kept, PipelineError> {
        let request = self.as_walked(walked.asked, walked.ended_after);
        let trajectory = Arc::new(Trajectory {
            seed: self.seed(index),
            sigmas: table.sigmas().to_vec(),
            timesteps: table.timesteps().to_vec(),
            steps: walked.steps,
            final_latents: plane(latents)?,
            tokens: walked.tokens,
            colours: self.colours(),
        });
        Ok(Kept { request, trajectory })
    }

    /// The request of a finished picture, with what was asked for on the way.
    ///
    /// * `asked`: changes, counted as records do.
    /// * `ended_after`: steps that were taken, if the run was ended early.
    fn as_walked(&self, asked: Vec<Change>, ended_after: Option<usize>) -> GenerateRequest {
        let mut request = self.request.clone();
        request.changes.extend(asked);
        request.changes.sort_by_key(|change| change.step);
        request.stop_after = ended_after.map(|steps| steps as u32).or(request.stop_after);
        request
    }

    /// A finished picture.
    ///
    /// * `picture`: `(1, 3, height, width)` in −1..1.
    pub(super) fn finished(
        &self,
        index: u32,
        began: Instant,
        picture: &Tensor,
        kept: Kept,
    ) -> Result<GeneratedImage, PipelineError> {
        self.decoded(picture);
        Ok(GeneratedImage {
            pixels: rgb_from_picture(picture)?,
            record: self.record(index, began.elapsed().as_secs_f64(), kept.request),
            trajectory: kept.trajectory,
        })
    }

    /// Shows a decoded picture, `(1, 3, height, width)` in −1..1, to the probe.
    pub(super) fn decoded(&self, picture: &Tensor) {
        if let Some(probe) = self.probe {
            probe.decoded(picture);
        }
    }

    /// What is written into the picture's file.
    ///
    /// * `request`: with what was asked for on the way.
    pub(super) fn record(&self, index: u32, elapsed_secs: f64, request: GenerateRequest) -> Record {
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
                ..request
            },
            model_name: info.name.clone(),
            model_hash: self.model.hash().to_owned(),
            family: info.family.to_owned(),
            rng: self.request.noise_source.id().to_owned(),
            precision: self.model.precision().id().to_owned(),
            decoder: String::new(),
            run_id: new_run_id(),
            origin: self.after.filter(|after| !after.run_id.is_empty()).map(|after| Origin {
                run_id: after.run_id.to_owned(),
                step: after.step,
            }),
            batch_index: index,
            created_unix_secs: SystemTime::now()
                .duration_since(UNIX_EPOCH)
                .map_or(0, |since| since.as_secs()),
            elapsed_secs,
        }
    }
}

/// A name that no other run has.
fn new_run_id() -> String {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let nanos = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_nanos());
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    let own = (u64::from(std::process::id()) << 32) ^ count;
    format!(
        "{:016x}{:08x}",
        nanos as u64,
        (stream_seed(own, nanos as u64) >> 32) as u32
    )
}

/// The seed of another run of the same picture, far from the seeds of a batch; `stream` 0 is the seed itself.
pub(super) fn stream_seed(seed: u64, stream: u64) -> u64 {
    const GOLDEN: u64 = 0x9e37_79b9_7f4a_7c15; // 2⁶⁴ / φ: multiples of it lie far apart
    seed.wrapping_add(stream.wrapping_mul(GOLDEN))
}
