//! Heun's method.

use candle_core::Tensor;

use super::{Sampler, SamplerContext, SamplerSpec, Step, slope, toward};
use crate::diffusion::SampleError;
use crate::diffusion::schedule::TimestepStyle;

/// Euler's step, then the mean of the slopes at both of its ends. Second order, two model calls per step.
///
/// Karras et al. (2022), algorithm 1, <https://arxiv.org/abs/2206.00364>.
pub(super) struct Heun;

impl Sampler for Heun {
    fn spec(&self) -> &SamplerSpec {
        const SPEC: SamplerSpec = SamplerSpec {
            id: "heun",
            label: "Heun",
            aliases: &["HeunDiscreteScheduler"],
            order: 2,
            timestep_style: TimestepStyle::Sigmas,
            ..SamplerSpec::DEFAULT
        };
        &SPEC
    }

    fn step(&self, ctx: &mut dyn SamplerContext, step: &Step<'_>) -> Result<Tensor, SampleError> {
        heun_step(ctx, step.x, step.x0, step.sigma(), step.target())
    }
}

/// One step of the method from `sigma` to `target`, whose first call gave `x0`; of first order where the slope at its
/// end has no meaning, without noise.
pub(super) fn heun_step(
    ctx: &mut dyn SamplerContext,
    x: &Tensor,
    x0: &Tensor,
    sigma: f64,
    target: f64,
) -> Result<Tensor, SampleError> {
    let ahead = toward(x, x0, target / sigma)?;
    if target == 0.0 {
        return Ok(ahead);
    }
    let x0_ahead = ctx.denoise(&ahead, target)?;
    let slopes = (slope(x, x0, sigma)? + slope(&ahead, &x0_ahead, target)?)?;
    Ok((x + (slopes * (0.5 * (target - sigma)))?)?) // x′ = x + (σ′ − σ) (d + d′) / 2
}
