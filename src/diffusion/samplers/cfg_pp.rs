//! Manifold-constrained classifier-free guidance.

use candle_core::Tensor;

use super::{Sampler, SamplerContext, SamplerSpec, Step, slope};
use crate::diffusion::SampleError;
use crate::diffusion::schedule::TimestepStyle;

/// Euler's method and DDIM with CFG++: the guided estimate, and the noise of the negative prompt alone. One model call
/// per step.
///
/// Chung et al. (2024), algorithm 2, <https://arxiv.org/abs/2406.08070>. The guidance scale is the paper's λ, at home
/// between 0 and 1. Where the network is not asked without a prompt, the guided estimate stands for both.
pub(super) struct CfgPp(SamplerSpec);

pub(super) static EULER_CFG_PP: CfgPp = CfgPp(SamplerSpec {
    id: "euler_cfg_pp",
    label: "Euler CFG++",
    order: 1,
    timestep_style: TimestepStyle::Sigmas,
    wants_uncond: true,
    ..SamplerSpec::DEFAULT
});

pub(super) static DDIM_CFG_PP: CfgPp = CfgPp(SamplerSpec {
    id: "ddim_cfg_pp",
    label: "DDIM CFG++",
    timestep_style: TimestepStyle::Stride,
    ..EULER_CFG_PP.0
});

impl Sampler for CfgPp {
    fn spec(&self) -> &SamplerSpec {
        &self.0
    }

    fn step(&self, ctx: &mut dyn SamplerContext, step: &Step<'_>) -> Result<Tensor, SampleError> {
        let noise = slope(step.x, ctx.x0_uncond().unwrap_or(step.x0), step.sigma())?;
        let x = (step.x0 + (noise * step.target())?)?; // x′ = x₀ + σ′ ε_uncond
        Ok(ctx.process().relabel(x, step.target(), step.next_sigma())?)
    }
}
