//! DPM-Solver++(2S) with fresh noise after every step.

use candle_core::Tensor;

use super::{Sampler, SamplerContext, SamplerSpec, Step, StepNoise, ancestral_step, toward, with_noise};
use crate::diffusion::SampleError;
use crate::diffusion::schedule::TimestepStyle;

/// A whole second-order step to below the next noise level, and noise up to it. Two model calls per step.
///
/// Source: `sample_dpmpp_2s_ancestral` of k-diffusion.
pub(super) struct Dpmpp2SAncestral;

impl Sampler for Dpmpp2SAncestral {
    fn spec(&self) -> &SamplerSpec {
        const SPEC: SamplerSpec = SamplerSpec {
            id: "dpmpp_2s_a",
            label: "DPM++ 2S a",
            aliases: &["dpmpp_2s_ancestral"],
            order: 1,
            timestep_style: TimestepStyle::Sigmas,
            noise: StepNoise::Always,
            ..SamplerSpec::DEFAULT
        };
        &SPEC
    }

    fn step(&self, ctx: &mut dyn SamplerContext, step: &Step<'_>) -> Result<Tensor, SampleError> {
        let Step { x, x0, .. } = *step;
        let sigma = step.sigma();
        let (sigma_down, sigma_up) = ancestral_step(sigma, step.target(), 1.0);
        if sigma_down == 0.0 {
            return Ok(x0.clone());
        }
        let sigma_mid = (sigma * sigma_down).sqrt(); // r = ½
        let x_mid = toward(x, x0, sigma_mid / sigma)?;
        let x0_mid = ctx.denoise(&x_mid, sigma_mid)?;
        with_noise(
            ctx,
            toward(x, &x0_mid, sigma_down / sigma)?,
            sigma_up,
            step.index,
            step.index,
        )
    }
}
