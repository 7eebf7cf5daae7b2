//! Improved pseudo numerical methods for diffusion models.

use candle_core::Tensor;

use super::multistep::{MOST_STEPS, adams_bashforth, num_past, weighted_sum};
use super::{Options, PastStep, Sampler, SamplerContext, begin, slope};
use crate::diffusion::SampleError;
use crate::diffusion::schedule::{PURE_NOISE, SigmaTable, TimestepStyle};

/// Adams–Bashforth method of fourth order with the weights of equal steps, first order at its start. One model call per
/// step.
///
/// Zhang & Chen (2022), section 3 and appendix H, <https://arxiv.org/abs/2204.13902>; `IPNDMScheduler`. On unequal steps
/// it is of second order.
pub(super) struct Ipndm;

impl Sampler for Ipndm {
    fn id(&self) -> &'static str {
        "ipndm"
    }

    fn label(&self) -> &'static str {
        "IPNDM"
    }

    fn aliases(&self) -> &'static [&'static str] {
        &["IPNDMScheduler"]
    }

    fn order(&self) -> i32 {
        2
    }

    fn timestep_style(&self) -> TimestepStyle {
        TimestepStyle::Sigmas
    }

    fn sample(
        &self,
        host: &mut dyn SamplerContext,
        mut x: Tensor,
        table: &SigmaTable,
        _options: Options,
        first: usize,
    ) -> Result<Tensor, SampleError> {
        for index in first..table.steps() {
            let x0 = begin(host, &x, table, index)?;
            let (sigma, target) = (table.sigmas()[index], table.target(index));
            if sigma >= PURE_NOISE {
                x = (x * (target / sigma))?;
            } else {
                let known = num_past(host).min(MOST_STEPS);
                let noises = (0..known)
                    .filter_map(|back| host.past(back))
                    .map(noise)
                    .collect::<candle_core::Result<Vec<_>>>()?;
                x = if target == 0.0 && known < 2 {
                    x0
                } else {
                    (x + (weighted_sum(&noises, adams_bashforth(known))? * (target - sigma))?)?
                };
            }
            x = host.land(x, index)?;
        }
        Ok(x)
    }
}

/// The noise ε of a step. There is nothing but noise in pure noise, whatever the network says.
fn noise(past: &PastStep) -> candle_core::Result<Tensor> {
    if past.sigma >= PURE_NOISE {
        &past.x / past.sigma
    } else {
        slope(&past.x, &past.x0, past.sigma)
    }
}
