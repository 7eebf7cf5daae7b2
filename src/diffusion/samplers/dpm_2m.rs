//! The second-order multistep solver of DPM-Solver.

use candle_core::Tensor;

use super::{Sampler, SamplerContext, SamplerSpec, Step, slope, stable_order};
use crate::diffusion::SampleError;
use crate::diffusion::schedule::TimestepStyle;

/// DPM-Solver(2M) with the midpoint rule: as DPM++ 2M, of the noise instead of the picture. One model call per step.
///
/// Lu et al. (2022), <https://arxiv.org/abs/2206.00927>; `DPMSolverMultistepScheduler` with `algorithm_type`
/// `dpmsolver`.
pub(super) struct Dpm2M;

impl Sampler for Dpm2M {
    fn spec(&self) -> &SamplerSpec {
        const SPEC: SamplerSpec = SamplerSpec {
            id: "dpm_2m",
            label: "DPM 2M",
            order: 2,
            timestep_style: TimestepStyle::Solver,
            leaves_noise: true,
            ..SamplerSpec::DEFAULT
        };
        &SPEC
    }

    fn step(&self, ctx: &mut dyn SamplerContext, step: &Step<'_>) -> Result<Tensor, SampleError> {
        let Step { x, x0, .. } = *step;
        let (sigma, target) = (step.sigma(), step.target());
        let mut noise = slope(x, x0, sigma)?;
        let order = step.options.order.unwrap_or(2).min(stable_order(step));
        if let Some(last) = ctx.past(1).filter(|_| order > 1) {
            // λ = −ln σ; h / h_last, the inverse of r in the paper
            let r_inverse = (sigma / target).ln() / (last.sigma / sigma).ln();
            let change = (&noise - last.noise()?)?;
            noise = (noise + (change * (0.5 * r_inverse))?)?; // ε + (ε − ε_last) / (2 r)
        }
        Ok((x + (noise * (target - sigma))?)?) // x′ = x + (σ′ − σ) ε
    }
}
