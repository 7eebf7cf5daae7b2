//! DDIM with time reversed.

use candle_core::Tensor;

use super::{Sampler, SamplerContext, SamplerSpec, Step};
use crate::diffusion::SampleError;
use crate::diffusion::schedule::TimestepStyle;

/// Euler's method from less noise to more, over a [reversed](crate::diffusion::schedule::SigmaTable::reversed) table. It
/// is in no list: it ends in noise.
///
/// The network is called at the timestep of the level that is reached, with latents at the level before; sampling down
/// again gives the picture back as far as its output does not change between the two.
///
/// Source: <https://arxiv.org/abs/2105.05233>, appendix F, and `DDIMInverseScheduler` of diffusers.
#[derive(Debug)]
pub struct DdimInverse;

impl Sampler for DdimInverse {
    fn spec(&self) -> &SamplerSpec {
        const SPEC: SamplerSpec = SamplerSpec {
            id: "ddim_inverse",
            label: "DDIM inverse",
            timestep_style: TimestepStyle::Stride,
            ..SamplerSpec::DEFAULT
        };
        &SPEC
    }

    fn step(&self, ctx: &mut dyn SamplerContext, step: &Step<'_>) -> Result<Tensor, SampleError> {
        let (sigma, target) = (step.sigma(), step.target());
        let noise = ctx.noise_estimate(step.x, step.x0, sigma)?;
        Ok((step.x + (noise * (target - sigma))?)?) // x′ = x + (σ′ − σ) ε
    }
}
