//! The second-order single-step solver of DPM-Solver++.

use candle_core::Tensor;

use super::{Options, Sampler, SamplerContext, begin, toward};
use crate::diffusion::SampleError;
use crate::diffusion::schedule::{SigmaTable, TimestepStyle};

/// DPM-Solver++(2S): two steps of the table make one of second order; the first of them goes by Euler's method. One
/// model call per step.
///
/// Lu et al. (2022), algorithm 1, <https://arxiv.org/abs/2211.01095>; `DPMSolverSinglestepScheduler`.
pub(super) struct Dpmpp2S;

impl Sampler for Dpmpp2S {
    fn id(&self) -> &'static str {
        "dpmpp_2s"
    }

    fn label(&self) -> &'static str {
        "DPM++ 2S"
    }

    fn aliases(&self) -> &'static [&'static str] {
        &["DPMSolverSinglestepScheduler"]
    }

    fn order(&self) -> i32 {
        2
    }

    fn timestep_style(&self) -> TimestepStyle {
        TimestepStyle::Singlestep
    }

    fn sample(
        &self,
        host: &mut dyn SamplerContext,
        mut x: Tensor,
        table: &SigmaTable,
        options: Options,
        first: usize,
    ) -> Result<Tensor, SampleError> {
        let is_second_order = options.order != Some(1);
        for index in first..table.steps() {
            let x0 = begin(host, &x, table, index)?;
            let (sigma, target) = (table.sigmas()[index], table.target(index));
            x = match host.past(1) {
                Some(start) if is_second_order && index % 2 == 1 && target > 0.0 => {
                    let ratio = target / start.sigma;
                    // How much longer the whole step is than its first half, in ln σ.
                    let stretch = ratio.ln() / (sigma / start.sigma).ln();
                    let change = ((&x0 - &start.x0)? * (0.5 * (1.0 - ratio) * stretch))?;
                    (toward(&start.x, &start.x0, ratio)? + change)?
                }
                _ => toward(&x, &x0, target / sigma)?,
            };
            x = host.land(x, index)?;
        }
        Ok(x)
    }
}
