//! Denoising diffusion probabilistic models.

use candle_core::Tensor;

use super::{Sampler, SamplerContext, SamplerSpec, Step, StepNoise, Variance, toward, with_noise};
use crate::diffusion::SampleError;
use crate::diffusion::schedule::TimestepStyle;

/// Ho et al. (2020), algorithm 2, <https://arxiv.org/abs/2006.11239>. One model call per step.
pub(super) struct Ddpm;

impl Sampler for Ddpm {
    fn spec(&self) -> &SamplerSpec {
        const SPEC: SamplerSpec = SamplerSpec {
            id: "ddpm",
            label: "DDPM",
            aliases: &["DDPMScheduler"],
            order: 1,
            timestep_style: TimestepStyle::Integers,
            noise: StepNoise::Always,
            ..SamplerSpec::DEFAULT
        };
        &SPEC
    }

    fn step(&self, ctx: &mut dyn SamplerContext, step: &Step<'_>) -> Result<Tensor, SampleError> {
        let (sigma, target) = (step.sigma(), step.target());
        let gap = (sigma * sigma - target * target).max(0.0);
        let added = match step.options.variance {
            Variance::Small => target * gap.sqrt() / sigma,
            // β in these latents, whose scale grows with the level; nothing is added at the very first timestep.
            Variance::Large if step.table.timesteps()[step.index] > 0.0 => {
                (gap * (1.0 + target * target) / (1.0 + sigma * sigma)).sqrt()
            }
            Variance::Large => 0.0,
        };
        let mean = toward(step.x, step.x0, (target / sigma).powi(2))?; // of the posterior q(x′ | x, x₀)
        with_noise(ctx, mean, added, step.index, step.index)
    }
}
