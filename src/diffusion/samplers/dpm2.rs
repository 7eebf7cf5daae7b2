//! The midpoint method in ln σ.

use candle_core::Tensor;

use super::{Sampler, SamplerContext, SamplerSpec, Step, StepNoise, ancestral_step, slope, toward, with_noise};
use crate::diffusion::SampleError;
use crate::diffusion::schedule::TimestepStyle;

/// The slope at the geometric mean of both levels carries the whole step. Second order, two model calls per step. The
/// ancestral variant steps to below the next level and adds noise up to it, which leaves first order.
///
/// Source: `KDPM2DiscreteScheduler` of diffusers, `sample_dpm_2` of k-diffusion; DPM-Solver-2 of
/// <https://arxiv.org/abs/2206.00927> in the variables of <https://arxiv.org/abs/2206.00364>.
pub(super) struct Dpm2 {
    spec: SamplerSpec,
    /// As in [`ancestral_step`].
    eta: f64,
}

pub(super) static DPM2: Dpm2 = Dpm2 {
    spec: SamplerSpec {
        id: "dpm2",
        label: "DPM2",
        aliases: &["kdpm_2", "KDPM2DiscreteScheduler"],
        order: 2,
        timestep_style: TimestepStyle::Midpoints,
        ..SamplerSpec::DEFAULT
    },
    eta: 0.0,
};

pub(super) static DPM2_ANCESTRAL: Dpm2 = Dpm2 {
    spec: SamplerSpec {
        id: "dpm2_a",
        label: "DPM2 a",
        aliases: &["dpm_2_ancestral", "kdpm_2_a", "KDPM2AncestralDiscreteScheduler"],
        order: 1,
        timestep_style: TimestepStyle::Midpoints,
        noise: StepNoise::Always,
        ..SamplerSpec::DEFAULT
    },
    eta: 1.0,
};

impl Sampler for Dpm2 {
    fn spec(&self) -> &SamplerSpec {
        &self.spec
    }

    fn step(&self, ctx: &mut dyn SamplerContext, step: &Step<'_>) -> Result<Tensor, SampleError> {
        let Step { x, x0, .. } = *step;
        let sigma = step.sigma();
        let (sigma_down, sigma_up) = ancestral_step(sigma, step.target(), self.eta);
        if sigma_down == 0.0 {
            return Ok(x0.clone());
        }
        let sigma_mid = (sigma * sigma_down).sqrt();
        let x_mid = toward(x, x0, sigma_mid / sigma)?;
        let x0_mid = ctx.denoise(&x_mid, sigma_mid)?;
        let x = (x + (slope(&x_mid, &x0_mid, sigma_mid)? * (sigma_down - sigma))?)?; // x + (σ_down − σ) d_mid
        with_noise(ctx, x, sigma_up, step.index, step.index)
    }
}
