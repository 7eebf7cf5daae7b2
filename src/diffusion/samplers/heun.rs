//! Heun's method.

use candle_core::Tensor;

use super::{Options, Sampler, SamplerContext, begin, slope, toward};
use crate::diffusion::SampleError;
use crate::diffusion::schedule::{SigmaTable, TimestepStyle};

/// Euler's step, then the mean of the slopes at both of its ends. Second order, two model calls per step.
///
/// Karras et al. (2022), algorithm 1, <https://arxiv.org/abs/2206.00364>.
pub(super) struct Heun;

impl Sampler for Heun {
    fn id(&self) -> &'static str {
        "heun"
    }

    fn label(&self) -> &'static str {
        "Heun"
    }

    fn aliases(&self) -> &'static [&'static str] {
        &["HeunDiscreteScheduler"]
    }

    fn order(&self) -> i32 {
        2
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
            x = correct(host, &x, &x0, table.sigmas()[index], table.target(index))?;
            x = host.land(x, index)?;
        }
        Ok(x)
    }
}

/// One step of the method from `sigma` to `target`, whose first call gave `x0`; of first order where the slope at its
/// end has no meaning, without noise.
pub(super) fn correct(
    host: &mut dyn SamplerContext,
    x: &Tensor,
    x0: &Tensor,
    sigma: f64,
    target: f64,
) -> Result<Tensor, SampleError> {
    let ahead = toward(x, x0, target / sigma)?;
    if target == 0.0 {
        return Ok(ahead);
    }
    let x0_ahead = host.denoise(&ahead, target)?;
    let slopes = (slope(x, x0, sigma)? + slope(&ahead, &x0_ahead, target)?)?;
    Ok((x + (slopes * (0.5 * (target - sigma)))?)?)
}
