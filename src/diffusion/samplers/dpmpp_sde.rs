//! The stochastic single-step solver of k-diffusion.

use candle_core::Tensor;

use super::{Sampler, SamplerContext, SamplerSpec, Step, StepNoise, ancestral_step, toward, with_noise};
use crate::diffusion::SampleError;
use crate::diffusion::schedule::TimestepStyle;

/// DPM-Solver++ for the SDE: the estimate at the middle of the step, reached with noise, carries the whole of it. Two
/// model calls per step.
///
/// Source: `sample_dpmpp_sde` of k-diffusion, `DPMSolverSDEScheduler` of diffusers. Their Brownian tree is replaced by
/// independent noise for both halves, which leaves the distribution of the result as it is.
pub(super) struct DpmppSde;

impl Sampler for DpmppSde {
    fn spec(&self) -> &SamplerSpec {
        const SPEC: SamplerSpec = SamplerSpec {
            id: "dpmpp_sde",
            label: "DPM++ SDE",
            aliases: &["dpmpp_sde_gpu", "DPMSolverSDEScheduler"],
            order: 1,
            timestep_style: TimestepStyle::Sigmas,
            noise: StepNoise::Always,
            ..SamplerSpec::DEFAULT
        };
        &SPEC
    }

    fn step(&self, ctx: &mut dyn SamplerContext, step: &Step<'_>) -> Result<Tensor, SampleError> {
        let Step { index, x, x0, .. } = *step;
        let (sigma, target) = (step.sigma(), step.target());
        if target == 0.0 {
            return Ok(x0.clone());
        }
        let sigma_mid = (sigma * target).sqrt(); // r = ½
        let (sigma_down, sigma_up) = ancestral_step(sigma, sigma_mid, 1.0);
        let x_mid = with_noise(ctx, toward(x, x0, sigma_down / sigma)?, sigma_up, index, 2 * index)?;
        let x0_mid = ctx.denoise(&x_mid, sigma_mid)?;
        let (sigma_down, sigma_up) = ancestral_step(sigma, target, 1.0);
        with_noise(
            ctx,
            toward(x, &x0_mid, sigma_down / sigma)?,
            sigma_up,
            index,
            2 * index + 1,
        )
    }
}
