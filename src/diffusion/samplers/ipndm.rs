//! Improved pseudo numerical methods for diffusion models.

use candle_core::Tensor;

use super::multistep::{MOST_STEPS, adams_bashforth, num_past, weighted_sum};
use super::{PastStep, Sampler, SamplerContext, SamplerSpec, Step};
use crate::diffusion::SampleError;
use crate::diffusion::schedule::{PURE_NOISE, TimestepStyle};

/// Adams–Bashforth method of fourth order with the weights of equal steps, first order at its start. One model call per
/// step.
///
/// Zhang & Chen (2022), section 3 and appendix H, <https://arxiv.org/abs/2204.13902>; `IPNDMScheduler`. On unequal steps
/// it is of second order.
pub(super) struct Ipndm;

impl Sampler for Ipndm {
    fn spec(&self) -> &SamplerSpec {
        const SPEC: SamplerSpec = SamplerSpec {
            id: "ipndm",
            label: "IPNDM",
            aliases: &["IPNDMScheduler"],
            order: 2,
            timestep_style: TimestepStyle::Sigmas,
            ..SamplerSpec::DEFAULT
        };
        &SPEC
    }

    fn step(&self, ctx: &mut dyn SamplerContext, step: &Step<'_>) -> Result<Tensor, SampleError> {
        let Step { x, x0, .. } = *step;
        let (sigma, target) = (step.sigma(), step.target());
        if sigma >= PURE_NOISE {
            return Ok((x * (target / sigma))?);
        }
        let known = num_past(ctx).min(MOST_STEPS);
        if target == 0.0 && known < 2 {
            return Ok(x0.clone());
        }
        let noises = (0..known)
            .filter_map(|back| ctx.past(back))
            .map(noise)
            .collect::<candle_core::Result<Vec<_>>>()?;
        Ok((x + (weighted_sum(&noises, adams_bashforth(known))? * (target - sigma))?)?) // x′ = x + (σ′ − σ) Σ wᵢ εᵢ
    }
}

/// The noise ε of a step. Pure noise holds no picture, whatever the network predicts.
fn noise(past: &PastStep) -> candle_core::Result<Tensor> {
    if past.sigma >= PURE_NOISE {
        &past.x / past.sigma
    } else {
        past.noise()
    }
}
