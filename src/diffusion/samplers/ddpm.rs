//! Denoising diffusion probabilistic models.

use candle_core::Tensor;

use super::{Options, Sampler, SamplerContext, Variance, begin, toward, with_noise};
use crate::diffusion::SampleError;
use crate::diffusion::schedule::{SigmaTable, TimestepStyle};

/// Ho et al. (2020), algorithm 2, <https://arxiv.org/abs/2006.11239>. One model call per step.
pub(super) struct Ddpm;

impl Sampler for Ddpm {
    fn id(&self) -> &'static str {
        "ddpm"
    }

    fn label(&self) -> &'static str {
        "DDPM"
    }

    fn aliases(&self) -> &'static [&'static str] {
        &["DDPMScheduler"]
    }

    fn order(&self) -> i32 {
        1
    }

    fn timestep_style(&self) -> TimestepStyle {
        TimestepStyle::Integers
    }

    fn is_stochastic(&self, _eta: f64) -> bool {
        true
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
            let gap = (sigma * sigma - target * target).max(0.0);
            let added = match options.variance {
                Variance::Small => target * gap.sqrt() / sigma,
                // β in these latents, whose scale grows with the level; nothing is added at the very first timestep.
                Variance::Large if table.timesteps()[index] > 0.0 => {
                    (gap * (1.0 + target * target) / (1.0 + sigma * sigma)).sqrt()
                }
                Variance::Large => 0.0,
            };
            x = toward(&x, &x0, (target / sigma).powi(2))?; // the posterior's mean
            x = with_noise(host, x, added, index)?;
            x = host.land(x, index)?;
        }
        Ok(x)
    }
}
