//! Denoising diffusion implicit models.

use candle_core::Tensor;

use super::{Sampler, SamplerContext, SamplerSpec, Step, StepNoise, ancestral_step, slope, toward, with_noise};
use crate::diffusion::SampleError;
use crate::diffusion::schedule::TimestepStyle;

/// Song et al. (2020), <https://arxiv.org/abs/2010.02502>, eq. 12. One model call per step.
///
/// With η = 0 it is Euler's method at the timesteps of training; with η = 1 it adds as much noise as DDPM.
pub(super) struct Ddim;

impl Sampler for Ddim {
    fn spec(&self) -> &SamplerSpec {
        const SPEC: SamplerSpec = SamplerSpec {
            id: "ddim",
            label: "DDIM",
            aliases: &["DDIMScheduler"],
            order: 1,
            timestep_style: TimestepStyle::Stride,
            noise: StepNoise::WithEta,
            ..SamplerSpec::DEFAULT
        };
        &SPEC
    }

    fn step(&self, ctx: &mut dyn SamplerContext, step: &Step<'_>) -> Result<Tensor, SampleError> {
        let Step { x, x0, .. } = *step;
        let (sigma, target) = (step.sigma(), step.target());
        let (sigma_down, sigma_up) = ancestral_step(sigma, target, step.options.eta);
        let x = match ctx.x0_unclipped() {
            // ε is what the network predicted, also where x₀ was clamped since.
            Some(unclipped) => (x0 + (slope(x, unclipped, sigma)? * sigma_down)?)?,
            None => toward(x, x0, sigma_down / sigma)?, // x₀ + σ_down ε
        };
        let x = with_noise(ctx, x, sigma_up, step.index, step.index)?;
        Ok(ctx.process().relabel(x, target, step.next_sigma())?)
    }
}
