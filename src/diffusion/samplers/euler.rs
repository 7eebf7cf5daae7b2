//! Euler's first-order method.

use candle_core::Tensor;

use super::{Options, Sampler, SamplerHost, Step, slope};
use crate::diffusion::SampleError;
use crate::diffusion::schedule::{Grid, Timetable};

/// Euler's method on the probability-flow ODE dx/dσ = (x − x₀)/σ. One model call per step.
///
/// Algorithm 2 of Karras et al. (2022) without its second-order correction and with `S_churn` = 0.
/// Source: <https://arxiv.org/abs/2206.00364>
pub(super) struct Euler;

impl Sampler for Euler {
    fn id(&self) -> &'static str {
        "euler"
    }

    fn label(&self) -> &'static str {
        "Euler"
    }

    fn order(&self) -> i32 {
        1
    }

    fn grid(&self) -> Grid {
        Grid::Sigmas
    }

    fn sample(
        &self,
        host: &mut dyn SamplerHost,
        mut x: Tensor,
        table: &Timetable,
        _options: Options,
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

            let d = slope(&x, &x0, sigma)?; //                     d = (x − x₀) / σ
            x = (x + (d * (table.target(index) - sigma))?)?; //    x + (σ′ − σ) d
            x = host.land(x, index)?;
        }
        Ok(x)
    }
}
