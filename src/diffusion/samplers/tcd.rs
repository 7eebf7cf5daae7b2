//! Sampling of trajectory consistency distillation.

use candle_core::Tensor;

use super::{Sampler, SamplerContext, SamplerSpec, Step, StepNoise, toward, with_noise};
use crate::diffusion::SampleError;
use crate::diffusion::schedule::TimestepStyle;

/// Jumps down the trajectory to a fraction 1 − γ of the next timestep and adds noise up to its level. One model call per
/// step.
///
/// Zheng et al. (2024), algorithm 4, <https://arxiv.org/abs/2402.19159>; `TCDScheduler`. γ is
/// [`Options::eta`](super::Options::eta).
pub(super) struct Tcd;

impl Sampler for Tcd {
    fn spec(&self) -> &SamplerSpec {
        const SPEC: SamplerSpec = SamplerSpec {
            id: "tcd",
            label: "TCD",
            aliases: &["TCDScheduler"],
            order: 1,
            timestep_style: TimestepStyle::Distilled,
            noise: StepNoise::WithEta,
            leaves_noise: true,
            ..SamplerSpec::DEFAULT
        };
        &SPEC
    }

    fn step(&self, ctx: &mut dyn SamplerContext, step: &Step<'_>) -> Result<Tensor, SampleError> {
        let target = step.target();
        let sigma_down = if step.is_last() {
            target
        } else {
            step.table.below(step.index, 1.0 - step.options.eta).min(target)
        };
        let x = toward(step.x, step.x0, sigma_down / step.sigma())?;
        let sigma_up = (target * target - sigma_down * sigma_down).sqrt();
        with_noise(ctx, x, sigma_up, step.index, step.index)
    }
}
