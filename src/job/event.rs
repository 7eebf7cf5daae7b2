//! What the engine tells the window, in the order it happened.

use std::sync::Arc;

use super::{
    Change, DeviceInfo, GeneratedImage, Inexact, JobError, JobId, LatentColours, ModelInfo, ModelRef, RgbImage,
    StepRecord,
};

/// What a job is busy with when it is not stepping.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// Reading weights and building the networks.
    LoadingModel,
    /// Turning the prompt into conditioning.
    EncodingPrompt,
    /// Walking from noise to picture.
    Denoising,
    /// Turning the final latents into pixels.
    Decoding,
    /// Enlarging the picture.
    Upscaling,
}

/// One step of one picture. May be dropped when the window is slow; the trajectory is complete all the same.
#[derive(Debug, Clone)]
pub struct StepEvent {
    /// The job it belongs to.
    pub job: JobId,
    /// Place of the picture in the batch, from 0.
    pub image_index: u32,
    /// Steps done, 1 to `total`.
    pub step: u32,
    /// Steps planned.
    pub total: u32,
    /// Noise level the step started from.
    pub sigma: f64,
    /// Training timestep the network was given.
    pub timestep: f64,
    /// Wall time since the denoising of this picture began, in seconds.
    pub elapsed_secs: f64,
    /// Wall time of this step, preview included, in seconds.
    pub step_secs: f64,
    /// The estimate x₀ as a picture, at the picture's size or smaller.
    pub preview: Option<Arc<RgbImage>>,
    /// The step as it is kept.
    pub record: Arc<StepRecord>,
    /// What the record's attention belongs to, see [`Trajectory::tokens`](super::Trajectory::tokens).
    pub tokens: Arc<[String]>,
    /// How its latents look without a decoder; `None` for networks that work on pixels themselves.
    pub colours: Option<Arc<LatentColours>>,
}

/// Everything the engine reports. Steps may be dropped on the way, nothing else may.
///
/// Every job ends with exactly one of `Finished`, `Cancelled` and `Failed`.
#[derive(Debug, Clone)]
pub enum Event {
    /// The job's turn has come.
    Started {
        /// Which job.
        job: JobId,
    },
    /// The job went on to another kind of work.
    Phase {
        /// Which job.
        job: JobId,
        /// What it does now.
        phase: Phase,
        /// How far it is, 0 to 1; `None` if that cannot be said.
        fraction: Option<f32>,
    },
    /// A step was taken.
    Step(StepEvent),
    /// A branch will not be what the whole run would be, and here is why; it is made all the same.
    Inexact {
        /// Which job.
        job: JobId,
        /// Why.
        why: Arc<Inexact>,
    },
    /// The run waits before a step, as it was asked to.
    Paused {
        /// Which job.
        job: JobId,
        /// The step it waits before, from 0, counted as records do.
        step: u32,
    },
    /// A run that waited goes on.
    Resumed {
        /// Which job.
        job: JobId,
    },
    /// A change that was asked for in the middle of a run holds from its step on.
    Changed {
        /// Which job.
        job: JobId,
        /// What changed, and at which step.
        change: Arc<Change>,
    },
    /// A change that was asked for in the middle of a run is not possible; the run goes on without it.
    ChangeRefused {
        /// Which job.
        job: JobId,
        /// Why.
        error: Arc<JobError>,
    },
    /// The run went back: its steps from this one on are taken again.
    WentBack {
        /// Which job.
        job: JobId,
        /// The step, from 0, counted as records do.
        step: u32,
    },
    /// Latents that someone [asked](super::DecodeRequest) to see.
    Decoded {
        /// The name that was given to the question.
        ticket: u64,
        /// The picture, or why there is none.
        picture: Result<Arc<RgbImage>, Arc<JobError>>,
    },
    /// A picture is done.
    Image {
        /// Which job.
        job: JobId,
        /// The picture with its record and its trajectory.
        image: Arc<GeneratedImage>,
    },
    /// The job is done.
    Finished {
        /// Which job.
        job: JobId,
    },
    /// The job was stopped because someone asked.
    Cancelled {
        /// Which job.
        job: JobId,
    },
    /// The job could not be done.
    Failed {
        /// Which job.
        job: JobId,
        /// Why.
        error: Arc<JobError>,
    },
    /// What is known of the device that computes.
    DeviceDescribed {
        /// The answer.
        info: Arc<DeviceInfo>,
    },
    /// What is known of a model that was asked about.
    ModelDescribed {
        /// The answer.
        info: Arc<ModelInfo>,
    },
    /// A model that was asked about cannot be used.
    ModelRefused {
        /// Which model.
        model: ModelRef,
        /// Why.
        error: Arc<JobError>,
    },
}

impl Event {
    /// The job that the event is about, if it is about one.
    pub fn job(&self) -> Option<JobId> {
        match self {
            Self::Started { job }
            | Self::Phase { job, .. }
            | Self::Inexact { job, .. }
            | Self::Paused { job, .. }
            | Self::Resumed { job }
            | Self::Changed { job, .. }
            | Self::ChangeRefused { job, .. }
            | Self::WentBack { job, .. }
            | Self::Image { job, .. }
            | Self::Finished { job }
            | Self::Cancelled { job }
            | Self::Failed { job, .. } => Some(*job),
            Self::Step(step) => Some(step.job),
            Self::Decoded { .. }
            | Self::DeviceDescribed { .. }
            | Self::ModelDescribed { .. }
            | Self::ModelRefused { .. } => None,
        }
    }
}
