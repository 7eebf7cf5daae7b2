//! What the engine tells the window, in the order it happened.

use std::sync::Arc;

use super::{DeviceInfo, GeneratedImage, JobError, JobId, LatentPlane, ModelInfo, ModelRef, RgbImage};

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
    /// The noisy latents.
    pub x: Arc<LatentPlane>,
    /// The estimate of the clean latents.
    pub x0: Arc<LatentPlane>,
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
