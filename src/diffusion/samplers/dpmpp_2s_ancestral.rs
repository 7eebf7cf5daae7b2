//! DPM-Solver++(2S) with fresh noise after every step.

use candle_core::Tensor;

use super::{Options, Sampler, SamplerContext, ancestral_step, begin, toward, with_noise};
use crate::diffusion::SampleError;
use crate::diffusion::schedule::{SigmaTable, TimestepStyle};

/// A whole second-order step to below the next noise level, and noise up to it. Two model calls per step.
///
/// Source: `sample_dpmpp_2s_ancestral` of k-diffusion.
pub(super) struct Dpmpp2SAncestral;

impl Sampler for Dpmpp2SAncestral {
    fn id(&self) -> &'static str {
        "dpmpp_2s_a"
    }

    fn label(&self) -> &'static str {
        "DPM++ 2S a"
    }

    fn aliases(&self) -> &'static [&'static str] {
        &["dpmpp_2s_ancestral"]
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
            if down == 0.0 {
                x = x0;
            } else {
                let middle = (sigma * down).sqrt();
                let halfway = toward(&x, &x0, middle / sigma)?;
                let x0_halfway = host.denoise(&halfway, middle)?;
                x = toward(&x, &x0_halfway, down / sigma)?;
                x = with_noise(host, x, up, index)?;
            }
            x = host.land(x, index)?;
        }
        Ok(x)
    }
}
