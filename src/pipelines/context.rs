//! A request with everything that carries it out, and the record at its end.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use super::aux_models::AuxModels;
use super::model::Model;
use super::probe::Probe;
use super::run_plan::{Keep, Resume, RunPlan, Steered, changes_from};
use crate::conditioning::Prompts;
use crate::diffusion::guidance::{Guidance, GuidanceSchedule};
use crate::job::{
    Change, GenerateRequest, JobControl, JobOptions, LatentColours, Origin, Phase, PreviewMode, Record, RgbImage,
    StepRecord, Tiling, Trajectory,
};
use crate::kernels::Wrap;
use crate::prompt::PromptText;

/// A step of a run, ready to be shown.
#[derive(Debug)]
pub struct ShownStep<'a> {
    /// The step.
    pub record: &'a Arc<StepRecord>,
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

/// Receives what happens while one picture is made.
pub trait Watcher {
    /// The job goes on to another phase.
    fn phase(&mut self, phase: Phase);
    /// A step was taken.
    fn step(&mut self, step: ShownStep<'_>);
    /// Something happened that is no step.
    fn steered(&mut self, _what: Steered<'_>) {}
}

/// A request with everything that carries it out, from the engine to the sampler.
#[derive(Clone, Copy)]
pub struct JobContext<'a> {
    /// The loaded model.
    pub model: &'a dyn Model,
    /// The model of the last steps, if the request names a refiner.
    pub refiner: Option<&'a dyn Model>,
    /// Networks beside the model, [gathered](AuxModels::gather) for the request.
    pub aux: &'a AuxModels,
    /// What to make.
    pub request: &'a GenerateRequest,
    /// How to show it.
    pub options: JobOptions,
    /// A kept run that the first steps are taken from.
    pub resume_from: Option<ResumeFrom<'a>>,
    /// What someone asks of the job while it runs.
    pub control: &'a JobControl,
    /// A test's hold on the job.
    pub probe: Option<&'a dyn Probe>,
}

impl<'a> JobContext<'a> {
    /// A request with its networks and nothing else: it is shown as usual, resumes nothing and has no refiner.
    pub fn new(
        model: &'a dyn Model,
        aux: &'a AuxModels,
        request: &'a GenerateRequest,
        control: &'a JobControl,
    ) -> Self {
        Self {
            model,
            refiner: None,
            aux,
            request,
            options: JobOptions::default(),
            resume_from: None,
            control,
            probe: None,
        }
    }

    /// The seed of a picture of the batch.
    pub(super) fn seed(&self, index: u32) -> u64 {
        self.request.seed.wrapping_add(u64::from(index))
    }

    /// The kept run that a picture of the batch takes its first steps from.
    pub(super) fn resume_from(&self, index: u32) -> Option<ResumeFrom<'a>> {
        self.resume_from.filter(|from| from.trajectory.seed == self.seed(index))
    }

    /// A request's texts as its text encoders get them.
    pub(super) fn prompts(request: &GenerateRequest, texts: [PromptText; 2]) -> Prompts {
        Prompts {
            clip_skip: request.clip_skip as usize,
            emphasis: request.emphasis,
            ..Prompts::of_texts(texts, [request.height_px, request.width_px])
        }
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

    /// The edges that join.
    pub(super) fn wrap(&self) -> Wrap {
        wrap_of(self.request.joined_edges())
    }

    /// What happens on the way of a pass of the picture.
    ///
    /// * `base`: steps of the passes before.
    /// * `asked`: what was asked for in those.
    pub(super) fn plan(&self, index: u32, base: usize, asked: &[Change]) -> RunPlan {
        let mut changes = self.request.all_changes();
        changes.extend_from_slice(asked);
        changes.sort_by_key(|change| change.step);
        let stop_after = self.request.stop_after;
        let resume_from = self.resume_from(index);
        let resume_from = resume_from.filter(|from| from.step as usize >= base); // else it was resumed before
        RunPlan {
            is_steered: true,
            changes: changes_from(changes, base),
            stop_after: stop_after.map(|steps| (steps as usize).saturating_sub(base)),
            resume: resume_from.map(|from| Resume {
                steps: from.trajectory.steps.clone(),
                tokens: from.trajectory.tokens.clone(),
                step: from.step as usize,
            }),
            keep: Keep {
                branches: self.options.keep_branches,
                attention: self.options.keep_attention,
            },
            base,
        }
    }

    /// How the latents look without a decoder, if anybody wants to see them.
    pub(super) fn colours(&self) -> Option<LatentColours> {
        let is_seen = self.options.preview != PreviewMode::Off || self.options.keep_branches;
        let map = if is_seen { self.model.linear_map() } else { Ok(None) };
        Some(map.ok()??.colours())
    }

    /// What is written into the picture's file.
    ///
    /// * `request`: with what was asked for on the way.
    pub(super) fn record(&self, index: u32, elapsed_secs: f64, request: GenerateRequest) -> Record {
        let info = self.model.info();
        let resume_from = self.resume_from.filter(|from| !from.run_id.is_empty());
        Record {
            model_name: info.name.clone(),
            model_hash: self.model.hash().to_owned(),
            family: info.family.to_owned(),
            precision: self.model.precision().id().to_owned(),
            run_id: new_run_id(),
            origin: resume_from.map(|from| Origin {
                run_id: from.run_id.to_owned(),
                step: from.step,
            }),
            batch_index: index,
            created_unix_secs: SystemTime::now()
                .duration_since(UNIX_EPOCH)
                .map_or(0, |since| since.as_secs()),
            elapsed_secs,
            ..Record::of(GenerateRequest {
                seed: self.seed(index),
                batch_count: 1,
                unknown: BTreeSet::new(), // what was made was asked for in full
                variation: self.request.variation.map(|mut variation| {
                    variation.seed = variation.seed.wrapping_add(u64::from(index));
                    variation
                }),
                ..request
            })
        }
    }
}

/// Joined edges as convolutions know them.
pub(super) fn wrap_of(Tiling { x, y }: Tiling) -> Wrap {
    Wrap { x, y }
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
