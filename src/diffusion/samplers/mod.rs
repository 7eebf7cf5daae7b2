//! Ways of walking from noise to picture. One file per algorithm, one line in [`SAMPLERS`].
//!
//! A sampler sees x₀ and σ only; what networks predict and when they were trained ends outside this room.

mod ddim;
mod dpmpp_2m;
mod euler;
mod euler_ancestral;
mod lcm;
mod unclip;

use candle_core::Tensor;

pub use unclip::Unclip;

use super::SampleError;
use super::schedule::{Grid, Timetable};

/// A step as the sampler reports it: before it is taken.
#[derive(Debug, Clone, Copy)]
pub struct Step<'a> {
    /// Place in the run, from 0.
    pub index: usize,
    /// Noise level of `x`.
    pub sigma: f64,
    /// The noisy latents, x₀ + σ·ε.
    pub x: &'a Tensor,
    /// The estimate of the clean latents.
    pub x0: &'a Tensor,
}

/// An earlier step, as the host kept it.
#[derive(Debug, Clone)]
pub struct PastStep {
    /// Noise level of `x`.
    pub sigma: f64,
    /// The noisy latents.
    pub x: Tensor,
    /// The estimate of the clean latents.
    pub x0: Tensor,
}

/// What a sampler may do: ask the model, draw noise, look back, report a step. Nothing else.
pub trait SamplerHost {
    /// The model's estimate x₀ of the clean latents, same shape as `x`. Guidance is already applied.
    ///
    /// # Errors
    /// [`SampleError`]: the network's, or someone asked to stop.
    fn denoise(&mut self, x: &Tensor, sigma: f64) -> Result<Tensor, SampleError>;
    /// N(0, 1) in the shape of `x`, a function of the job's seed and the step alone; the same on every device.
    ///
    /// # Errors
    /// [`SampleError::Tensor`] if the device is out of memory.
    fn noise_like(&mut self, x: &Tensor, index: usize) -> Result<Tensor, SampleError>;
    /// An observed step of this trajectory, `back` = 1 for the one before the newest; `None` before its start.
    /// Multistep methods read their history here and keep none, so that a branch at step k resumes exactly.
    fn past(&self, back: usize) -> Option<&PastStep>;
    /// The newest estimate for the negative prompt alone, if the sampler [wants it](Sampler::wants_uncond).
    fn x0_uncond(&self) -> Option<&Tensor> {
        None
    }
    /// The newest estimate before its values were held to the range of pictures; `None` where they are not.
    fn x0_unclipped(&self) -> Option<&Tensor> {
        None
    }
    /// Where the network says how much noise a step may add: −1 the least, 1 the most, in the shape of `x`.
    fn variance(&self) -> Option<&Tensor> {
        None
    }
    /// Keeps the step in the trajectory and shows it.
    ///
    /// # Errors
    /// [`SampleError::Cancelled`] if the user asked to stop, [`SampleError::NotFinite`] if the latents are lost.
    fn observe(&mut self, step: Step<'_>) -> Result<(), SampleError>;
    /// Ends step `index`: `x` has arrived at the level the next one starts from. Gives back the latents to go on with,
    /// which differ where a part of the picture is known.
    ///
    /// # Errors
    /// Only the device's.
    fn land(&mut self, x: Tensor, index: usize) -> Result<Tensor, SampleError>;
}

/// One way of walking from noise to image. Unit structs, registered in [`SAMPLERS`].
pub trait Sampler: Sync {
    /// Stable name in metadata and on the command line, e.g. `dpmpp_2m`.
    fn id(&self) -> &'static str;
    /// What people call it.
    fn label(&self) -> &'static str;
    /// Order of accuracy in the step size; held to it by `tests/sampler_contract.rs`.
    fn order(&self) -> i32;
    /// Where its timesteps lie.
    fn grid(&self) -> Grid;
    /// Whether it adds noise on the way; `eta` as in [`Options`].
    fn is_stochastic(&self, _eta: f64) -> bool {
        false
    }
    /// Whether it needs the estimate for the negative prompt alone, see [`SamplerHost::x0_uncond`].
    fn wants_uncond(&self) -> bool {
        false
    }
    /// Walks `x` from step `first` of `table` to its end; `first` > 0 resumes a trajectory.
    ///
    /// Returns the latents at the noise level the table ends at.
    ///
    /// # Errors
    /// Whatever the host reports.
    fn sample(
        &self,
        host: &mut dyn SamplerHost,
        x: Tensor,
        table: &Timetable,
        options: Options,
        first: usize,
    ) -> Result<Tensor, SampleError>;
}

/// Parameters that some samplers have.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Options {
    /// Noise added by DDIM: 0 none, 1 as much as DDPM.
    pub eta: f64,
}

/// Every sampler, in the order lists show them.
pub static SAMPLERS: &[&dyn Sampler] = &[
    &ddim::Ddim,
    &euler::Euler,
    &euler_ancestral::EulerAncestral,
    &dpmpp_2m::Dpmpp2M,
    &dpmpp_2m::Dpmpp2MHeun,
    &lcm::Lcm,
];

/// The sampler called `id`, if there is one.
pub fn sampler_by_id(id: &str) -> Option<&'static dyn Sampler> {
    SAMPLERS.iter().find(|sampler| sampler.id() == id).copied()
}

/// (x − x₀) / σ: the slope of the probability-flow ODE, and the noise ε as the model sees it.
fn slope(x: &Tensor, x0: &Tensor, sigma: f64) -> candle_core::Result<Tensor> {
    (x - x0)? / sigma
}

/// Splits a step of the ODE and the SDE: the level to walk down to, and how much fresh noise then leads back up to
/// `target`. `eta` 0 adds none, 1 as much as the forward process took away.
///
/// `σ_up² = η² σ′² (σ² − σ′²) / σ²`, `σ_down² = σ′² − σ_up²`. Source: <https://arxiv.org/abs/2010.02502>, eq. 16.
fn ancestral_step(sigma: f64, target: f64, eta: f64) -> (f64, f64) {
    let up = (eta * target * (sigma * sigma - target * target).max(0.0).sqrt() / sigma).min(target);
    ((target * target - up * up).max(0.0).sqrt(), up)
}
