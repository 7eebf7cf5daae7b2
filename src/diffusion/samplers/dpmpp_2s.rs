//! The second-order single-step solver of DPM-Solver++.

use candle_core::Tensor;

use super::{Sampler, SamplerContext, SamplerSpec, Step, toward};
use crate::diffusion::SampleError;
use crate::diffusion::schedule::TimestepStyle;

/// DPM-Solver++(2S): two steps of the table make one of second order; the first of them goes by Euler's method. One
/// model call per step.
///
/// Lu et al. (2022), algorithm 1, <https://arxiv.org/abs/2211.01095>; `DPMSolverSinglestepScheduler`.
pub(super) struct Dpmpp2S;

impl Sampler for Dpmpp2S {
    fn spec(&self) -> &SamplerSpec {
        const SPEC: SamplerSpec = SamplerSpec {
            id: "dpmpp_2s",
            label: "DPM++ 2S",
            aliases: &["DPMSolverSinglestepScheduler"],
            order: 2,
            timestep_style: TimestepStyle::Singlestep,
            ..SamplerSpec::DEFAULT
        };
        &SPEC
    }

    fn step(&self, ctx: &mut dyn SamplerContext, step: &Step<'_>) -> Result<Tensor, SampleError> {
        let Step { x, x0, .. } = *step;
        let (sigma, target) = (step.sigma(), step.target());
        let is_second_half = step.index % 2 == 1 && step.options.order != Some(1) && target > 0.0;
        let Some(start) = ctx.past(1).filter(|_| is_second_half) else {
            return Ok(toward(x, x0, target / sigma)?); // x′ = (σ′/σ) x + (1 − σ′/σ) x₀
        };
        // Both halves at once from the start s of the first: λ = −ln σ, h = λ′ − λ_s, r = (λ − λ_s) / h.
        let ratio = target / start.sigma; // e⁻ʰ
        let r_inverse = ratio.ln() / (sigma / start.sigma).ln();
        // x′ = e⁻ʰ x_s + (1 − e⁻ʰ) (x₀_s + (x₀ − x₀_s) / (2 r))
        let change = ((x0 - &start.x0)? * (0.5 * (1.0 - ratio) * r_inverse))?;
        Ok((toward(&start.x, &start.x0, ratio)? + change)?)
    }
}
