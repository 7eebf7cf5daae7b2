//! Denoising diffusion implicit models.

use candle_core::Tensor;

use super::{Options, Sampler, SamplerHost, Step, ancestral_step, slope};
use crate::diffusion::SampleError;
use crate::diffusion::prediction::vp_scale;
use crate::diffusion::schedule::{Grid, Timetable};

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

    fn order(&self) -> i32 {
        1
    }

    fn grid(&self) -> Grid {
        Grid::Stride
    }

    fn is_stochastic(&self, eta: f64) -> bool {
        eta > 0.0
    }

    fn sample(
        &self,
        host: &mut dyn SamplerHost,
        mut x: Tensor,
        table: &Timetable,
        options: Options,
        first: usize,
    ) -> Result<Tensor, SampleError> {
        for index in first..table.steps() {
            let sigma = table.sigmas()[index];
            let x0 = host.denoise(&x, sigma)?;
            host.observe(Step {
                index,
                sigma,
                x: &x,
                x0: &x0,
            })?;

            let target = table.target(index);
            let (down, up) = ancestral_step(sigma, target, options.eta);
            // The noise is what the network said it is, also where x₀ was held to a range since.
            let eps = slope(&x, host.x0_unclipped().unwrap_or(&x0), sigma)?;
            x = (&x0 + (eps * down)?)?; // x₀ + σ_down ε
            if options.eta > 0.0 {
                x = (&x + (host.noise_like(&x, index)? * up)?)?;
            }
            // Where the stride does not divide the training length, the next step takes the same unit-variance
            // latents for those of its own level.
            let next = table.sigmas()[index + 1];
            if next != target {
                x = (x * (vp_scale(next) / vp_scale(target)))?;
            }
            x = host.land(x, index)?;
        }
        Ok(x)
    }
}
