//! The run on the canvas as the engine tells it.

use std::sync::Arc;

use super::jobs::{JobStatus, QueueId};
use crate::job::{Change, GenerateRequest, JobId, Phase, RgbImage, StepEvent};

/// Whether a run waits because it was asked to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Pause {
    /// It runs.
    #[default]
    No,
    /// It was asked to wait, and is still at work on a step.
    Asked,
    /// It waits before this step, from 0, counted as records do.
    Before(u32),
}

/// Wall time of the steps that were computed for a picture.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct ComputedSteps {
    /// Of all together, in seconds.
    pub secs: f64,
    /// How many there were.
    pub count: u32,
}

impl ComputedSteps {
    pub(super) fn add(&mut self, other: Self) {
        self.secs += other.secs;
        self.count += other.count;
    }

    /// Mean wall time of one, in seconds; `None` before the first.
    pub fn mean_secs(&self) -> Option<f64> {
        (self.count > 0).then(|| self.secs / f64::from(self.count))
    }
}

impl From<&StepEvent> for ComputedSteps {
    fn from(step: &StepEvent) -> Self {
        Self {
            secs: step.step_secs,
            count: 1,
        }
    }
}

/// The run on the canvas: the newest picture of the job that started last.
#[derive(Debug, Clone)]
pub struct Run {
    /// Its job.
    pub id: QueueId,
    /// The name that the engine had for the job.
    pub job: JobId,
    /// What was asked for.
    pub request: Arc<GenerateRequest>,
    /// Place in the batch, from 0.
    pub image_index: u32,
    /// How far the job is: its status in the queue, which is remembered here when the job is no longer listed.
    pub status: JobStatus,
    /// What the engine does for it now.
    pub phase: Option<Phase>,
    /// How far the phase is, 0 to 1.
    pub fraction: Option<f32>,
    /// Steps planned.
    pub total: u32,
    /// Steps done, 1 to `total`; `None` before the first. The steps themselves are in the [timeline](super::run_timeline::RunTimeline) of the job.
    pub step: Option<u32>,
    /// How long those took that were computed for this picture; a branch takes its first steps from another run.
    pub computed: ComputedSteps,
    /// The index that the record of the next step has.
    next_index: u32,
    /// What is seen of the newest step that was previewed.
    preview: Option<Arc<RgbImage>>,
    /// The finished picture.
    pub image: Option<Arc<RgbImage>>,
    /// What its networks computed in, such as `f32`.
    pub precision: Option<String>,
    /// How long its denoising has taken, in seconds; `None` before the first step.
    pub elapsed_secs: Option<f64>,
    /// Whether it waits because it was asked to.
    pub pause: Pause,
    /// Changes that were asked for and do not hold yet.
    pub asked: Vec<Change>,
}

impl Run {
    pub(super) fn new(id: QueueId, job: JobId, request: Arc<GenerateRequest>) -> Self {
        Self {
            id,
            job,
            total: request.steps,
            request,
            image_index: 0,
            status: JobStatus::Running,
            phase: None,
            fraction: None,
            step: None,
            next_index: 0,
            preview: None,
            computed: ComputedSteps::default(),
            image: None,
            precision: None,
            elapsed_secs: None,
            pause: Pause::No,
            asked: Vec::new(),
        }
    }

    /// The newest there is to see of it.
    pub fn newest(&self) -> Option<&Arc<RgbImage>> {
        self.image.as_ref().or(self.preview.as_ref())
    }

    /// How much of the picture is done, 0 to 1.
    pub fn fraction_done(&self) -> f32 {
        self.step.unwrap_or_default() as f32 / self.total.max(1) as f32
    }

    /// Wall time until the picture is there, in seconds; `None` before its first step.
    pub fn secs_left(&self) -> Option<f64> {
        Some(self.computed.mean_secs()? * f64::from(self.total.saturating_sub(self.step?)))
    }

    /// Takes in a step of a picture, the first one of the next picture too.
    pub(super) fn take_step(&mut self, event: &StepEvent) {
        if event.image_index != self.image_index {
            self.image_index = event.image_index;
            self.computed = ComputedSteps::default();
            self.image = None;
            self.preview = None;
            self.precision = None;
        }
        self.total = event.total;
        self.step = Some(event.step);
        self.next_index = event.record.index as u32 + 1;
        if event.preview.is_some() {
            self.preview.clone_from(&event.preview);
        }
        self.computed.add(event.into());
        self.elapsed_secs = Some(event.elapsed_secs);
    }

    /// Goes back to a step, counted as records do, which is taken again.
    pub(super) fn go_back(&mut self, step: u32) {
        let undone = self.next_index.saturating_sub(step);
        self.next_index -= undone;
        self.step = self.step.map(|taken| taken.saturating_sub(undone));
    }
}
