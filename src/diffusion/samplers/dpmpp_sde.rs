//! The stochastic single-step solver of k-diffusion.

use candle_core::Tensor;

use super::{Options, Sampler, SamplerContext, ancestral_step, begin, toward, with_noise};
use crate::diffusion::SampleError;
use crate::diffusion::schedule::{SigmaTable, TimestepStyle};

/// DPM-Solver++ for the SDE: the estimate at the middle of the step, reached with noise, carries the whole of it. Two
/// model calls per step.
///
/// Source: `sample_dpmpp_sde` of k-diffusion, `DPMSolverSDEScheduler` of diffusers. Their Brownian tree is replaced by
/// independent noise for both halves, which leaves the distribution of the result as it is.
pub(super) struct DpmppSde;

impl Sampler for DpmppSde {
    fn id(&self) -> &'static str {
        "dpmpp_sde"
    }

    fn label(&self) -> &'static str {
        "DPM++ SDE"
    }

    fn aliases(&self) -> &'static [&'static str] {
        &["dpmpp_sde_gpu", "DPMSolverSDEScheduler"]
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
            let (sigma, target) = (table.sigmas()[index], table.target(index));
            if target == 0.0 {
                x = x0;
            } else {
                let middle = (sigma * target).sqrt();
                let (down, up) = ancestral_step(sigma, middle, 1.0);
                let halfway = with_noise(host, toward(&x, &x0, down / sigma)?, up, 2 * index)?;
                let x0_halfway = host.denoise(&halfway, middle)?;
                let (down, up) = ancestral_step(sigma, target, 1.0);
                x = with_noise(host, toward(&x, &x0_halfway, down / sigma)?, up, 2 * index + 1)?;
            }
            x = host.land(x, index)?;
        }
        Ok(x)
    }
}
