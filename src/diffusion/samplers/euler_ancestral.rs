//! Euler's method with fresh noise after every step.

use candle_core::Tensor;

use super::{Options, Sampler, SamplerContext, ancestral_step, begin, slope, with_noise};
use crate::diffusion::SampleError;
use crate::diffusion::schedule::{SigmaTable, TimestepStyle};

/// Walks below the next noise level by Euler's method and adds noise up to it. One model call per step.
///
/// Source: ancestral sampling of <https://arxiv.org/abs/2006.11239> in the variables of
/// <https://arxiv.org/abs/2206.00364>.
pub(super) struct EulerAncestral;

impl Sampler for EulerAncestral {
    fn id(&self) -> &'static str {
        "euler_a"
    }

    fn label(&self) -> &'static str {
        "Euler a"
    }

    fn aliases(&self) -> &'static [&'static str] {
        &["euler_ancestral", "EulerAncestralDiscreteScheduler"]
    }

    fn order(&self) -> i32 {
        1
    }

    fn timestep_style(&self) -> TimestepStyle {
        TimestepStyle::Sigmas
    }

    fn is_stochastic(&self, _eta: f64) -> bool {
        true
    }

    fn sample(
        &self,
        host: &mut dyn SamplerContext,
        mut x: Tensor,
        table: &SigmaTable,
        _options: Options,
        first: usize,
    ) -> Result<Tensor, SampleError> {
        for index in first..table.steps() {
            let x0 = begin(host, &x, table, index)?;
            let sigma = table.sigmas()[index];
            let (down, up) = ancestral_step(sigma, table.target(index), 1.0);
            let d = slope(&x, &x0, sigma)?;
            x = (x + (d * (down - sigma))?)?;
            x = with_noise(host, x, up, index)?;
            x = host.land(x, index)?;
        }
        Ok(x)
    }
}
