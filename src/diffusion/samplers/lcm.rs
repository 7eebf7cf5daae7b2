//! Multistep sampling of latent consistency models.

use candle_core::Tensor;

use super::{Sampler, SamplerContext, SamplerSpec, Step, StepNoise, with_noise};
use crate::diffusion::SampleError;
use crate::diffusion::schedule::TimestepStyle;

/// Jumps to the end at every step and adds noise back up to the next level. One model call per step.
///
/// Luo et al. (2023), algorithm 3, <https://arxiv.org/abs/2310.04378>.
pub(super) struct Lcm;

/// Standard deviation of the data in the boundary condition.
const SIGMA_DATA: f64 = 0.5;
/// Timesteps are stretched by this in the boundary condition (`timestep_scaling`).
const TIMESTEP_SCALE: f64 = 10.0;

impl Sampler for Lcm {
    fn spec(&self) -> &SamplerSpec {
        const SPEC: SamplerSpec = SamplerSpec {
            id: "lcm",
            label: "LCM",
            aliases: &["LCMScheduler"],
            order: 1,
            timestep_style: TimestepStyle::Distilled,
            noise: StepNoise::Always,
            ..SamplerSpec::DEFAULT
        };
        &SPEC
    }

    fn step(&self, ctx: &mut dyn SamplerContext, step: &Step<'_>) -> Result<Tensor, SampleError> {
        // The consistency function is the identity at t = 0: c_skip x + c_out x₀.
        let t = step.table.timesteps()[step.index] * TIMESTEP_SCALE;
        let norm = t * t + SIGMA_DATA * SIGMA_DATA;
        let (c_skip, c_out) = (SIGMA_DATA * SIGMA_DATA / norm, t / norm.sqrt());
        let clean = ((step.x0 * c_out)? + (ctx.process().network_input(step.x, step.sigma())? * c_skip)?)?;
        with_noise(ctx, clean, step.target(), step.index, step.index)
    }
}
