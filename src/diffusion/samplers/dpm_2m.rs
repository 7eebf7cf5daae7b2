//! The second-order multistep solver of DPM-Solver.

use candle_core::Tensor;

use super::{Options, Sampler, SamplerContext, begin, slope, stable_order};
use crate::diffusion::SampleError;
use crate::diffusion::schedule::{SigmaTable, TimestepStyle};

/// DPM-Solver(2M) with the midpoint rule: as DPM++ 2M, of the noise instead of the picture. One model call per step.
///
/// Lu et al. (2022), <https://arxiv.org/abs/2206.00927>; `DPMSolverMultistepScheduler` with `algorithm_type`
/// `dpmsolver`.
pub(super) struct Dpm2M;

impl Sampler for Dpm2M {
    fn id(&self) -> &'static str {
        "dpm_2m"
    }

    fn label(&self) -> &'static str {
        "DPM 2M"
    }

    fn order(&self) -> i32 {
        2
    }

    fn timestep_style(&self) -> TimestepStyle {
        TimestepStyle::Solver
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
        let most = options.order.unwrap_or(2);
        for index in first..table.steps() {
            let x0 = begin(host, &x, table, index)?;
            let (sigma, target) = (table.sigmas()[index], table.target(index));
            let mut noise = slope(&x, &x0, sigma)?;
            if most.min(stable_order(table, index)) > 1
                && let Some(before) = host.past(1)
            {
                let ratio = (sigma / target).ln() / (before.sigma / sigma).ln();
                let change = (&noise - slope(&before.x, &before.x0, before.sigma)?)?;
                noise = (noise + (change * (0.5 * ratio))?)?;
            }
            x = (x + (noise * (target - sigma))?)?;
            x = host.land(x, index)?;
        }
        Ok(x)
    }
}
