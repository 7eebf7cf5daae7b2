//! Multistep sampling of latent consistency models.

use candle_core::Tensor;

use super::{Options, Sampler, SamplerContext, begin, with_noise};
use crate::diffusion::SampleError;
use crate::diffusion::prediction::network_input;
use crate::diffusion::schedule::{SigmaTable, TimestepStyle};

/// Jumps to the end at every step and adds noise back up to the next level. One model call per step.
///
/// Luo et al. (2023), algorithm 3, <https://arxiv.org/abs/2310.04378>.
pub(super) struct Lcm;

/// Standard deviation of the data in the boundary condition.
const SIGMA_DATA: f64 = 0.5;
/// Timesteps are stretched by this in the boundary condition (`timestep_scaling`).
const TIMESTEP_SCALE: f64 = 10.0;

impl Sampler for Lcm {
    fn id(&self) -> &'static str {
        "lcm"
    }

    fn label(&self) -> &'static str {
        "LCM"
    }

    fn aliases(&self) -> &'static [&'static str] {
        &["LCMScheduler"]
    }

    fn order(&self) -> i32 {
        1
    }

    fn timestep_style(&self) -> TimestepStyle {
        TimestepStyle::Distilled
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
            // The consistency function is the identity at t = 0: c_skip x + c_out x₀.
            let t = table.timesteps()[index] * TIMESTEP_SCALE;
            let norm = t * t + SIGMA_DATA * SIGMA_DATA;
            let (c_skip, c_out) = (SIGMA_DATA * SIGMA_DATA / norm, t / norm.sqrt());
            let clean = ((x0 * c_out)? + (network_input(&x, sigma)? * c_skip)?)?;

            x = with_noise(host, clean, table.target(index), index)?;
            x = host.land(x, index)?;
        }
        Ok(x)
    }
}
