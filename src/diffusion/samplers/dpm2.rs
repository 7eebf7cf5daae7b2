//! The midpoint method in ln σ.

use candle_core::Tensor;

use super::{Options, Sampler, SamplerContext, ancestral_step, begin, slope, toward, with_noise};
use crate::diffusion::SampleError;
use crate::diffusion::schedule::{SigmaTable, TimestepStyle};

/// The slope at the geometric mean of both levels carries the whole step. Second order, two model calls per step.
///
/// Source: `KDPM2DiscreteScheduler` of diffusers, `sample_dpm_2` of k-diffusion; DPM-Solver-2 of
/// <https://arxiv.org/abs/2206.00927> in the variables of <https://arxiv.org/abs/2206.00364>.
pub(super) struct Dpm2;

/// [`Dpm2`] to below the next level, and noise up to it.
pub(super) struct Dpm2Ancestral;

impl Sampler for Dpm2 {
    fn id(&self) -> &'static str {
        "dpm2"
    }

    fn label(&self) -> &'static str {
        "DPM2"
    }

    fn aliases(&self) -> &'static [&'static str] {
        &["kdpm_2", "KDPM2DiscreteScheduler"]
    }

    fn order(&self) -> i32 {
        2
    }

    fn timestep_style(&self) -> TimestepStyle {
        TimestepStyle::Midpoints
    }

    fn sample(
        &self,
        host: &mut dyn SamplerContext,
        x: Tensor,
        table: &SigmaTable,
        _options: Options,
        first: usize,
    ) -> Result<Tensor, SampleError> {
        walk(host, x, table, 0.0, first)
    }
}

impl Sampler for Dpm2Ancestral {
    fn id(&self) -> &'static str {
        "dpm2_a"
    }

    fn label(&self) -> &'static str {
        "DPM2 a"
    }

    fn aliases(&self) -> &'static [&'static str] {
        &["dpm_2_ancestral", "kdpm_2_a", "KDPM2AncestralDiscreteScheduler"]
    }

    fn order(&self) -> i32 {
        1
    }

    fn timestep_style(&self) -> TimestepStyle {
        TimestepStyle::Midpoints
    }

    fn is_stochastic(&self, _eta: f64) -> bool {
        true
    }

    fn sample(
        &self,
        host: &mut dyn SamplerContext,
        x: Tensor,
        table: &SigmaTable,
        _options: Options,
        first: usize,
    ) -> Result<Tensor, SampleError> {
        walk(host, x, table, 1.0, first)
    }
}

/// Both; `eta` as in [`ancestral_step`].
fn walk(
    host: &mut dyn SamplerContext,
    mut x: Tensor,
    table: &SigmaTable,
    eta: f64,
    first: usize,
) -> Result<Tensor, SampleError> {
    for index in first..table.steps() {
        let x0 = begin(host, &x, table, index)?;
        let sigma = table.sigmas()[index];
        let (down, up) = ancestral_step(sigma, table.target(index), eta);
        if down == 0.0 {
            x = x0;
        } else {
            let middle = (sigma * down).sqrt();
            let halfway = toward(&x, &x0, middle / sigma)?;
            let x0_halfway = host.denoise(&halfway, middle)?;
            x = (x + (slope(&halfway, &x0_halfway, middle)? * (down - sigma))?)?;
            x = with_noise(host, x, up, index)?;
        }
        x = host.land(x, index)?;
    }
    Ok(x)
}
