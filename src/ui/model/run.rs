//! The run on the canvas as the engine tells it.

use std::sync::Arc;

use super::jobs::{JobStatus, QueueId};
use crate::job::{Change, GenerateRequest, JobId, Phase, RgbImage, StepEvent};

/// Bytes of previews of one run that are kept; beyond it only every second, third, … step keeps its picture.
const PREVIEW_BUDGET: usize = 192 << 20;

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

/// One step as it was told.
#[derive(Debug, Clone)]
pub struct LiveStep {
    /// Steps done, from 1.
    pub step: u32,
    /// Place in the run, from 0, as in its record.
    pub index: usize,
    /// Noise level the step started from.
    pub sigma: f64,
    /// Wall time since the picture began, in seconds.
    pub elapsed_secs: f64,
    /// Wall time of the step, in seconds.
    pub step_secs: f64,
    /// The estimate x₀ as a picture.
    pub preview: Option<Arc<RgbImage>>,
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
    /// Steps that arrived, in order.
    pub steps: Vec<LiveStep>,
    /// The finished picture.
    pub image: Option<Arc<RgbImage>>,
    /// What its networks computed in, such as `f32`.
    pub precision: Option<String>,
    /// How long its denoising took, in seconds.
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
            steps: Vec::new(),
            image: None,
            precision: None,
            elapsed_secs: None,
            pause: Pause::No,
            asked: Vec::new(),
        }
    }

    /// The newest thing there is to see.
    pub fn newest(&self) -> Option<&Arc<RgbImage>> {
        self.image
            .as_ref()
            .or_else(|| self.steps.iter().rev().find_map(|step| step.preview.as_ref()))
    }

    /// Mean wall time of a step so far, in seconds.
    pub fn mean_step_secs(&self) -> Option<f64> {
        let (first, last) = (self.steps.first()?, self.steps.last()?);
        let num_taken = last.step.saturating_sub(first.step) + 1; // a branch has not taken those before its first
        Some(last.elapsed_secs / f64::from(num_taken))
    }

    /// Wall time until the picture is there, in seconds.
    pub fn secs_left(&self) -> Option<f64> {
        let left = self.total.saturating_sub(self.steps.last()?.step);
        Some(self.mean_step_secs()? * f64::from(left))
    }

    /// Takes in a step; the result is the place of a step that has to do without its preview from now on.
    pub(super) fn take_step(&mut self, event: StepEvent) -> Option<usize> {
        let mut dropped = None;
        if event.image_index != self.image_index {
            self.image_index = event.image_index;
            self.steps.clear();
            self.image = None;
            self.precision = None;
            self.elapsed_secs = None;
        }
        self.total = event.total;
        if let Some(preview) = &event.preview {
            let all = preview.pixels.len() * event.total as usize;
            let stride = all.div_ceil(PREVIEW_BUDGET).max(1) as u32;
            if let Some(previous) = self.steps.last_mut()
                && previous.step % stride != 0
            {
                previous.preview = None;
                dropped = Some(previous.index);
            }
        }
        self.steps.push(LiveStep {
            step: event.step,
            index: event.record.index,
            sigma: event.sigma,
            elapsed_secs: event.elapsed_secs,
            step_secs: event.step_secs,
            preview: event.preview,
        });
        dropped
    }
}
