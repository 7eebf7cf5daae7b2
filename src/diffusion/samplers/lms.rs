//! Linear multistep method.

use candle_core::Tensor;

use super::multistep::{MOST_STEPS, num_past, powers, quadrature, weighted_sum};
use super::{Options, Sampler, SamplerContext, begin, slope};
use crate::diffusion::SampleError;
use crate::diffusion::schedule::{SigmaTable, TimestepStyle};

/// Adams–Bashforth method of fourth order with the weights of the actual noise levels. One model call per step.
///
/// Source: `LMSDiscreteScheduler` of diffusers, `sample_lms` of k-diffusion. As there, the weights of a run that starts
/// from a picture are those of the whole table, of which the slopes it has not seen are left out.
pub(super) struct Lms;

impl Sampler for Lms {
    fn id(&self) -> &'static str {
        "lms"
    }

    fn label(&self) -> &'static str {
        "LMS"
    }

    fn aliases(&self) -> &'static [&'static str] {
        &["LMSDiscreteScheduler"]
    }

    fn order(&self) -> i32 {
        4
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
            begin(host, &x, table, index)?;
            let sigma = table.sigmas()[index];
            let order = MOST_STEPS.min(index + 1);
            let nodes: Vec<f64> = (0..order).map(|back| table.sigmas()[index - back] - sigma).collect();
            let length = table.target(index) - sigma;
            let moments: Vec<f64> = (1..=order)
                .zip(powers(length))
                .map(|(k, power)| length * power / k as f64) // ∫ uᵏ⁻¹
                .collect();
            let weights = quadrature(&nodes, &moments);
            let slopes = (0..order.min(num_past(host)))
                .filter_map(|back| host.past(back))
                .map(|past| slope(&past.x, &past.x0, past.sigma))
                .collect::<candle_core::Result<Vec<_>>>()?;
            x = (x + weighted_sum(&slopes, &weights)?)?;
            x = host.land(x, index)?;
        }
        Ok(x)
    }
}
