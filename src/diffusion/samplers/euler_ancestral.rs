//! Euler's method with fresh noise after every step.

use candle_core::Tensor;

use super::{Sampler, SamplerContext, SamplerSpec, Step, StepNoise, ancestral_step, slope, with_noise};
use crate::diffusion::SampleError;
use crate::diffusion::schedule::TimestepStyle;

/// Euler's step to below the next noise level, and noise up to it. One model call per step.
///
/// Source: ancestral sampling of <https://arxiv.org/abs/2006.11239> in the variables of
/// <https://arxiv.org/abs/2206.00364>; `sample_euler_ancestral` of k-diffusion.
pub(super) struct EulerAncestral;

impl Sampler for EulerAncestral {
    fn spec(&self) -> &SamplerSpec {
        const SPEC: SamplerSpec = SamplerSpec {
            id: "euler_a",
            label: "Euler a",
            aliases: &["euler_ancestral", "EulerAncestralDiscreteScheduler"],
            order: 1,
            timestep_style: TimestepStyle::Sigmas,
            noise: StepNoise::Always,
            ..SamplerSpec::DEFAULT
        };
        &SPEC
    }

    fn step(&self, ctx: &mut dyn SamplerContext, step: &Step<'_>) -> Result<Tensor, SampleError> {
        let (sigma_down, sigma_up) = ancestral_step(step.sigma(), step.target(), 1.0);
        let d = slope(step.x, step.x0, step.sigma())?;
        let x = (step.x + (d * (sigma_down - step.sigma()))?)?; // x + (σ_down − σ) d
        with_noise(ctx, x, sigma_up, step.index, step.index)
    }
}
