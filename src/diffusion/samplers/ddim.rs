//! Denoising diffusion implicit models.

use candle_core::Tensor;

use super::{Options, Sampler, SamplerContext, ancestral_step, begin, relabel, slope, toward, with_noise};
use crate::diffusion::SampleError;
use crate::diffusion::schedule::{SigmaTable, TimestepStyle};

/// Song et al. (2020), <https://arxiv.org/abs/2010.02502>, eq. 12. One model call per step.
///
/// With η = 0 it is Euler's method at the timesteps of training; with η = 1 it adds as much noise as DDPM.
pub(super) struct Ddim;

impl Sampler for Ddim {
    fn id(&self) -> &'static str {
        "ddim"
    }

    fn label(&self) -> &'static str {
        "DDIM"
    }

    fn aliases(&self) -> &'static [&'static str] {
        &["DDIMScheduler"]
    }

    fn order(&self) -> i32 {
        1
    }

    fn timestep_style(&self) -> TimestepStyle {
        TimestepStyle::Stride
    }

    fn is_stochastic(&self, eta: f64) -> bool {
        eta > 0.0
    }

    fn sample(
        &self,
        host: &mut dyn SamplerContext,
        mut x: Tensor,
        table: &SigmaTable,
        options: Options,
        first: usize,
    ) -> Result<Tensor, SampleError> {
        for index in first..table.steps() {
            let x0 = begin(host, &x, table, index)?;
            let (sigma, target) = (table.sigmas()[index], table.target(index));
            let (down, up) = ancestral_step(sigma, target, options.eta);
            x = match host.x0_unclipped() {
                // The noise is what the network said it is, also where x₀ was held to a range since.
                Some(free) => (&x0 + (slope(&x, free, sigma)? * down)?)?,
                None => toward(&x, &x0, down / sigma)?, // x₀ + σ_down ε
            };
            x = with_noise(host, x, up, index)?;
            x = relabel(x, target, table.sigmas()[index + 1])?;
            x = host.land(x, index)?;
        }
        Ok(x)
    }
}
