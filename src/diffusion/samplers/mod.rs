//! Ways of walking from noise to picture. One file per algorithm, one line in [`SAMPLERS`].
//!
//! A sampler sees x₀ and σ only; what networks predict and when they were trained ends outside this room.

mod cfg_pp;
mod ddim;
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
mod host;
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

pub use host::{PastStep, SamplerContext, Step};
pub use unclip::UnclipSampler;

use super::SampleError;
use super::prediction::{divide, vp_scale};
use super::schedule::{SigmaTable, TimestepStyle};

/// One way of walking from noise to image, registered in [`SAMPLERS`].
pub trait Sampler: Sync {
    /// Stable name in metadata and on the command line, e.g. `dpmpp_2m`.
    fn id(&self) -> &'static str;
    /// What people call it.
    fn label(&self) -> &'static str;
    /// What other programs call it: AUTOMATIC1111, ComfyUI, diffusers, stable-diffusion.cpp, InvokeAI. Case, spaces,
    /// hyphens and underscores do not matter, nor whether a plus is written `+` or `p`.
    fn aliases(&self) -> &'static [&'static str] {
        &[]
    }
    /// Order of accuracy in the step size, once it has its history; held to it by `tests/sampler_contract.rs`.
    fn order(&self) -> i32;
    /// Where its timesteps lie.
    fn timestep_style(&self) -> TimestepStyle;
    /// Whether it adds noise on the way; `eta` as in [`Options`].
    fn is_stochastic(&self, _eta: f64) -> bool {
        false
    }
    /// Whether it needs the estimate for the negative prompt alone, see [`SamplerContext::x0_uncond`].
    fn wants_uncond(&self) -> bool {
        false
    }
    /// Whether a run ends at the least noise of training whatever the model's configuration says, as in diffusers.
    fn leaves_noise(&self) -> bool {
        false
    }
    /// The step at which a run over a picture begins when `skipped` of the steps are left out.
    fn first_step(&self, skipped: usize) -> usize {
        skipped
    }
    /// Walks `x` from step `first` of `table` to its end; `first` > 0 resumes a trajectory, or starts from a picture
    /// if there is no past.
    ///
    /// Returns the latents at the noise level the table ends at.
    ///
    /// # Errors
    /// Whatever the host reports.
    fn sample(
        &self,
        host: &mut dyn SamplerContext,
        x: Tensor,
        table: &SigmaTable,
        options: Options,
        first: usize,
    ) -> Result<Tensor, SampleError>;
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
    &dpm2::Dpm2,
    &dpm2::Dpm2Ancestral,
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

/// The sampler called `id`, if there is one. [`sampler_by_name`](super::names::sampler_by_name) knows more names.
pub fn sampler_by_id(id: &str) -> Option<&'static dyn Sampler> {
    SAMPLERS.iter().find(|sampler| sampler.id() == id).copied()
}

/// Below this many steps the last ones of the multistep solvers are of lower order, for stability
/// (`lower_order_final`).
const FEW_STEPS: usize = 15;

/// The highest order that step `index` of a multistep solver should take, for stability near the end of short runs.
fn stable_order(table: &SigmaTable, index: usize) -> usize {
    let left = table.steps() - index;
    if table.target(index) == 0.0 {
        1
    } else if table.steps() < FEW_STEPS {
        left
    } else {
        usize::MAX
    }
}

/// Asks for x₀ at the start of step `index`, and reports the step.
fn begin(host: &mut dyn SamplerContext, x: &Tensor, table: &SigmaTable, index: usize) -> Result<Tensor, SampleError> {
    let sigma = table.sigmas()[index];
    let x0 = host.denoise(x, sigma)?;
    host.observe(Step {
        index,
        sigma,
        x,
        x0: &x0,
    })?;
    Ok(x0)
}

/// (x − x₀) / σ: the slope of the probability-flow ODE, and the noise ε as the model sees it.
pub(crate) fn slope(x: &Tensor, x0: &Tensor, sigma: f64) -> candle_core::Result<Tensor> {
    divide(&(x - x0)?, sigma)
}

/// x₀ + ratio · (x − x₀): Euler's step to the level that is `ratio` times that of `x`. Exact where `x` is large.
fn toward(x: &Tensor, x0: &Tensor, ratio: f64) -> candle_core::Result<Tensor> {
    (x * ratio)? + (x0 * (1.0 - ratio))?
}

/// `x` with noise of standard deviation `amount`, draw `index`; none is drawn for an amount of 0.
fn with_noise(host: &mut dyn SamplerContext, x: Tensor, amount: f64, index: usize) -> Result<Tensor, SampleError> {
    if amount > 0.0 {
        Ok((&x + (host.noise_like(&x, index)? * amount)?)?)
    } else {
        Ok(x)
    }
}

/// Where the stride does not divide the training length, a step lands beside the level that the next one starts from,
/// which takes the same unit-variance latents for those of its own.
fn relabel(x: Tensor, landed: f64, next: f64) -> candle_core::Result<Tensor> {
    if next == landed {
        Ok(x)
    } else {
        x * (vp_scale(next) / vp_scale(landed))
    }
}

/// Splits a step of the ODE and the SDE: the level to walk down to, and how much fresh noise then leads back up to
/// `target`. `eta` 0 adds none, 1 as much as the forward process took away.
///
/// `σ_up² = η² σ′² (σ² − σ′²) / σ²`, `σ_down² = σ′² − σ_up²`. Source: <https://arxiv.org/abs/2010.02502>, eq. 16.
fn ancestral_step(sigma: f64, target: f64, eta: f64) -> (f64, f64) {
    let up = (eta * target * (sigma * sigma - target * target).max(0.0).sqrt() / sigma).min(target);
    ((target * target - up * up).max(0.0).sqrt(), up)
}
