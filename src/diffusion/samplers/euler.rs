//! Euler's method.

use candle_core::Tensor;

use super::{Sampler, SamplerContext, SamplerSpec, Step, slope};
use crate::diffusion::SampleError;
use crate::diffusion::schedule::TimestepStyle;

/// Euler's method on the probability-flow ODE. First order, one model call per step.
///
/// Source: Karras et al. (2022), algorithm 2 without its second-order correction, <https://arxiv.org/abs/2206.00364>.
pub(super) struct Euler;

impl Sampler for Euler {
    fn spec(&self) -> &SamplerSpec {
        const SPEC: SamplerSpec = SamplerSpec {
            id: "euler",
            label: "Euler",
            aliases: &["EulerDiscreteScheduler", "EDMEulerScheduler", "edm_euler"],
            order: 1,
            timestep_style: TimestepStyle::Sigmas,
            ..SamplerSpec::DEFAULT
        };
        &SPEC
    }

    fn step(&self, _ctx: &mut dyn SamplerContext, step: &Step<'_>) -> Result<Tensor, SampleError> {
        let d = slope(step.x, step.x0, step.sigma())?; // d = (x − x₀) / σ
        Ok((step.x + (d * (step.target() - step.sigma()))?)?) // x′ = x + (σ′ − σ) d
    }
}
