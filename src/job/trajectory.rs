//! The kept run: every step of one picture, as plain data.

use super::LatentPlane;

/// One step of a run, as it was before the step was taken.
#[derive(Debug, Clone, PartialEq)]
pub struct StepRecord {
    /// Place in the run, from 0.
    pub index: usize,
    /// Noise level of `x`, in units of the data's standard deviation.
    pub sigma: f64,
    /// Training timestep the network was given.
    pub timestep: f64,
    /// The noisy latents, x = x₀ + σ·ε.
    pub x: LatentPlane,
    /// The estimate of the clean latents at this step.
    pub x0: LatentPlane,
    /// Wall time of the step, in seconds.
    pub secs: f64,
}

/// How one picture came to be: the sampler's whole state at every step.
#[derive(Debug, Clone, PartialEq)]
pub struct Trajectory {
    /// Seed of the noise.
    pub seed: u64,
    /// Noise levels of the whole run, one more than there are steps.
    pub sigmas: Vec<f64>,
    /// Training timesteps of the whole run, one per step.
    pub timesteps: Vec<f64>,
    /// The steps taken, in order.
    pub steps: Vec<StepRecord>,
    /// The result, in the scale the VAE decodes.
    pub final_latents: LatentPlane,
}
