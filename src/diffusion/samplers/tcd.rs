//! Sampling of trajectory consistency distillation.

use candle_core::Tensor;

use super::{Options, Sampler, SamplerContext, begin, toward, with_noise};
use crate::diffusion::SampleError;
use crate::diffusion::schedule::{SigmaTable, TimestepStyle};

/// Jumps down the trajectory to a fraction 1 − γ of the next timestep and adds noise up to its level. One model call per
/// step.
///
/// Zheng et al. (2024), algorithm 4, <https://arxiv.org/abs/2402.19159>; `TCDScheduler`. γ is [`Options::eta`].
pub(super) struct Tcd;

impl Sampler for Tcd {
    fn id(&self) -> &'static str {
        "tcd"
    }

    fn label(&self) -> &'static str {
        "TCD"
    }

    fn aliases(&self) -> &'static [&'static str] {
        &["TCDScheduler"]
    }

    fn order(&self) -> i32 {
        1
    }

    fn timestep_style(&self) -> TimestepStyle {
        TimestepStyle::Distilled
    }

    fn is_stochastic(&self, eta: f64) -> bool {
        eta > 0.0
    }

    fn leaves_noise(&self) -> bool {
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
            let is_last = index + 1 == table.steps();
            let down = if is_last {
                target
            } else {
                table.below(index, 1.0 - options.eta).min(target)
            };
            x = toward(&x, &x0, down / sigma)?;
            x = with_noise(host, x, (target * target - down * down).sqrt(), index)?;
            x = host.land(x, index)?;
        }
        Ok(x)
    }
}
