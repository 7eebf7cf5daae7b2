//! Euler's method.

use candle_core::Tensor;

use super::{Options, Sampler, SamplerContext, begin, slope};
use crate::diffusion::SampleError;
use crate::diffusion::schedule::{SigmaTable, TimestepStyle};

/// Euler's method on the probability-flow ODE. First order, one model call per step.
///
/// Source: Karras et al. (2022), algorithm 2 without its second-order correction, <https://arxiv.org/abs/2206.00364>.
pub(super) struct Euler;

impl Sampler for Euler {
    fn id(&self) -> &'static str {
        "euler"
    }

    fn label(&self) -> &'static str {
        "Euler"
    }

    fn aliases(&self) -> &'static [&'static str] {
        &["EulerDiscreteScheduler", "EDMEulerScheduler", "edm_euler"]
    }

    fn order(&self) -> i32 {
        1
    }

    fn timestep_style(&self) -> TimestepStyle {
        TimestepStyle::Sigmas
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
            let d = slope(&x, &x0, sigma)?; //                     d = (x − x₀) / σ
            x = (x + (d * (table.target(index) - sigma))?)?; //    x + (σ′ − σ) d
            x = host.land(x, index)?;
        }
        Ok(x)
    }
}
