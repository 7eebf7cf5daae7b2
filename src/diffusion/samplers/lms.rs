//! Linear multistep method.

use candle_core::Tensor;

use super::multistep::{MOST_STEPS, num_past, powers, quadrature, weighted_sum};
use super::{PastStep, Sampler, SamplerContext, SamplerSpec, Step};
use crate::diffusion::SampleError;
use crate::diffusion::schedule::TimestepStyle;

/// Adams–Bashforth method of fourth order with the weights of the actual noise levels. One model call per step.
///
/// Source: `LMSDiscreteScheduler` of diffusers, `sample_lms` of k-diffusion. As there, the weights of a run that starts
/// from a picture are those of the whole table, of which the slopes it has not seen are left out.
pub(super) struct Lms;

impl Sampler for Lms {
    fn spec(&self) -> &SamplerSpec {
        const SPEC: SamplerSpec = SamplerSpec {
            id: "lms",
            label: "LMS",
            aliases: &["LMSDiscreteScheduler"],
            order: 4,
            timestep_style: TimestepStyle::Sigmas,
            ..SamplerSpec::DEFAULT
        };
        &SPEC
    }

    fn step(&self, ctx: &mut dyn SamplerContext, step: &Step<'_>) -> Result<Tensor, SampleError> {
        let (index, sigma) = (step.index, step.sigma());
        let order = MOST_STEPS.min(index + 1);
        let nodes: Vec<f64> = (0..order)
            .map(|back| step.table.sigmas()[index - back] - sigma)
            .collect();
        let length = step.target() - sigma;
        let moments: Vec<f64> = (1..=order)
            .zip(powers(length))
            .map(|(k, power)| length * power / k as f64) // ∫ uᵏ⁻¹
            .collect();
        let weights = quadrature(&nodes, &moments);
        let slopes = (0..order.min(num_past(ctx)))
            .filter_map(|back| ctx.past(back))
            .map(PastStep::noise)
            .collect::<candle_core::Result<Vec<_>>>()?;
        Ok((step.x + weighted_sum(&slopes, &weights)?)?) // x′ = x + ∫ d dσ
    }
}
