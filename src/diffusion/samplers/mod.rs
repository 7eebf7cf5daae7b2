//! Samplers: step functions from noise to picture. One file per algorithm, one line in [`SAMPLERS`].
//!
//! A sampler sees x₀ and σ only, and takes one [`Step`] at a time: the loop over the steps, with pausing, going back and
//! changing settings, is [`pipelines::denoise`](crate::pipelines::denoise). Equations are in the variables of k-diffusion:
//! x = x₀ + σ·ε, λ = −ln σ, h the change of λ over a step, r a past step's distance in units of h.

mod cfg_pp;
mod context;
mod ddim;
mod ddim_inverse;
mod ddpm;
mod deis;
mod dpm2;
mod dpm_2m;
mod dpmpp_2s;
mod dpmpp_2s_ancestral;
mod dpmpp_multistep;
mod dpmpp_sde;
mod euler;
mod euler_ancestral;
mod heun;
mod ipndm;
mod lcm;
mod lms;
mod multistep;
mod pndm;
mod restart;
mod sa_solver;
mod tcd;
mod unclip;
mod unipc;

use candle_core::Tensor;

pub use context::{PastStep, SamplerContext, Step};
pub use ddim_inverse::DdimInverse;
pub use unclip::UnclipSampler;

use super::forward_process::divide;
use super::schedule::TimestepStyle;
use super::{SampleError, ScheduleError};

/// One way of solving from noise to image, registered in [`SAMPLERS`].
pub trait Sampler: Sync {
    /// What it is called and what it needs.
    fn spec(&self) -> &SamplerSpec;
    /// The step at which a run over a picture begins when `skipped` of the steps are left out.
    fn first_step(&self, skipped: usize) -> usize {
        skipped
    }
    /// The step that comes after `step`.
    fn next_index(&self, _ctx: &dyn SamplerContext, step: &Step<'_>) -> usize {
        step.index + 1
    }
    /// Takes one step: the latents at the noise level that the [next](Self::next_index) one starts from, or that the run
    /// ends at. The step is the newest of the context's [past](SamplerContext::past).
    ///
    /// # Errors
    /// Whatever the context reports.
    fn step(&self, ctx: &mut dyn SamplerContext, step: &Step<'_>) -> Result<Tensor, SampleError>;
}

impl std::fmt::Debug for dyn Sampler {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.spec().id)
    }
}

/// What a sampler is called and what it needs.
#[derive(Debug, Clone, Copy)]
pub struct SamplerSpec {
    /// Stable name in metadata and on the command line, e.g. `dpmpp_2m`.
    pub id: &'static str,
    /// Name in lists.
    pub label: &'static str,
    /// Names in other programs: AUTOMATIC1111, ComfyUI, diffusers, stable-diffusion.cpp, InvokeAI. Case, spaces, hyphens
    /// and underscores do not matter, nor whether a plus is written `+` or `p`.
    pub aliases: &'static [&'static str],
    /// Order of accuracy in the step size, once it has its history; `tests/sampler_contract.rs` checks it.
    pub order: i32,
    /// Where its timesteps lie.
    pub timestep_style: TimestepStyle,
    /// Whether its steps add noise.
    pub noise: StepNoise,
    /// Whether it needs the estimate for the negative prompt alone, see [`SamplerContext::x0_uncond`].
    pub wants_uncond: bool,
    /// Whether a run ends at the least noise of training whatever the model's configuration says, as in diffusers.
    pub leaves_noise: bool,
}

impl SamplerSpec {
    /// What most samplers have in common; a base for literals.
    pub(super) const DEFAULT: Self = Self {
        id: "",
        label: "",
        aliases: &[],
        order: 1,
        timestep_style: TimestepStyle::Sigmas,
        noise: StepNoise::None,
        wants_uncond: false,
        leaves_noise: false,
    };

    /// Whether steps add noise at an `eta` as in [`Options`].
    pub fn is_stochastic(&self, eta: f64) -> bool {
        match self.noise {
            StepNoise::None => false,
            StepNoise::WithEta => eta > 0.0,
            StepNoise::Always => true,
        }
    }
}

/// Whether a sampler's steps add noise.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StepNoise {
    /// It solves the ODE.
    None,
    /// As much as [`Options::eta`] says.
    WithEta,
    /// At every step.
    Always,
}

/// Parameters that some samplers have.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Options {
    /// Noise added by DDIM: 0 none, 1 as much as DDPM. The γ of TCD.
    pub eta: f64,
    /// Order of the solvers that come in several, 1 to 3; `None` takes their usual one.
    pub order: Option<usize>,
    /// How much noise DDPM adds.
    pub variance: Variance,
}

/// The variance of DDPM's steps (<https://arxiv.org/abs/2006.11239>, section 3.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Variance {
    /// That of the forward process's posterior, β̃ (`fixed_small`).
    #[default]
    Small,
    /// That of the forward process itself, β (`fixed_large`).
    Large,
}

/// Every sampler, in the order lists show them.
pub static SAMPLERS: &[&dyn Sampler] = &[
    &ddim::Ddim,
    &ddpm::Ddpm,
    &pndm::PNDM,
    &pndm::PNDM_PRK,
    &euler::Euler,
    &euler_ancestral::EulerAncestral,
    &heun::Heun,
    &lms::Lms,
    &dpm2::DPM2,
    &dpm2::DPM2_ANCESTRAL,
    &dpm_2m::Dpm2M,
    &dpmpp_2s::Dpmpp2S,
    &dpmpp_2s_ancestral::Dpmpp2SAncestral,
    &dpmpp_multistep::DPMPP_2M,
    &dpmpp_multistep::DPMPP_2M_HEUN,
    &dpmpp_multistep::DPMPP_3M,
    &dpmpp_multistep::DPMPP_2M_SDE,
    &dpmpp_multistep::DPMPP_2M_SDE_HEUN,
    &dpmpp_multistep::DPMPP_3M_SDE,
    &dpmpp_sde::DpmppSde,
    &deis::Deis,
    &ipndm::Ipndm,
    &unipc::UNIPC,
    &unipc::UNIPC_BH1,
    &sa_solver::SaSolver,
    &lcm::Lcm,
    &tcd::Tcd,
    &restart::Restart,
    &cfg_pp::EULER_CFG_PP,
    &cfg_pp::DDIM_CFG_PP,
];

/// The sampler called `id`. [`sampler_by_name`](super::names::sampler_by_name) knows more names.
///
/// # Errors
/// [`ScheduleError::UnknownSampler`] if there is none.
pub fn sampler_by_id(id: &str) -> Result<&'static dyn Sampler, ScheduleError> {
    let sampler = SAMPLERS.iter().find(|sampler| sampler.spec().id == id).copied();
    sampler.ok_or_else(|| ScheduleError::UnknownSampler { found: id.to_owned() })
}

/// Below this many steps the last ones of the multistep solvers are of lower order, for stability
/// (`lower_order_final`).
const FEW_STEPS: usize = 15;

/// The highest order that a step of a multistep solver should take, for stability near the end of short runs.
fn stable_order(step: &Step<'_>) -> usize {
    let steps = step.table.steps();
    if step.target() == 0.0 {
        1
    } else if steps < FEW_STEPS {
        steps - step.index
    } else {
        usize::MAX
    }
}

/// (x − x₀) / σ: the slope dx/dσ of the probability-flow ODE, k-diffusion's `to_d`, and the noise ε as the model sees it.
pub(crate) fn slope(x: &Tensor, x0: &Tensor, sigma: f64) -> candle_core::Result<Tensor> {
    divide(&(x - x0)?, sigma)
}

/// x₀ + ratio · (x − x₀): Euler's step to the level that is `ratio` times that of `x`. Exact where `x` is large.
fn toward(x: &Tensor, x0: &Tensor, ratio: f64) -> candle_core::Result<Tensor> {
    (x * ratio)? + (x0 * (1.0 - ratio))?
}

/// `x` with noise of standard deviation `amount`, by the seed of step `step`; none is drawn for an amount of 0.
fn with_noise(
    ctx: &mut dyn SamplerContext,
    x: Tensor,
    amount: f64,
    step: usize,
    draw: usize,
) -> Result<Tensor, SampleError> {
    if amount > 0.0 {
        Ok((&x + (ctx.noise_like(&x, step, draw)? * amount)?)?)
    } else {
        Ok(x)
    }
}

/// Splits a step of the ODE and the SDE: the level to step down to, and how much fresh noise then leads back up to
/// `target`. `eta` 0 adds none, 1 as much as the forward process took away.
///
/// `σ_up² = η² σ′² (σ² − σ′²) / σ²`, `σ_down² = σ′² − σ_up²`. Source: <https://arxiv.org/abs/2010.02502>, eq. 16.
fn ancestral_step(sigma: f64, target: f64, eta: f64) -> (f64, f64) {
    let up = (eta * target * (sigma * sigma - target * target).max(0.0).sqrt() / sigma).min(target);
    ((target * target - up * up).max(0.0).sqrt(), up)
}
