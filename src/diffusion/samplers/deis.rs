//! Diffusion exponential integrator sampler.

use candle_core::Tensor;

use super::multistep::{num_past, powers, quadrature, weighted_sum};
use super::{Options, Sampler, SamplerContext, begin, slope, stable_order};
use crate::diffusion::SampleError;
use crate::diffusion::schedule::{SigmaTable, TimestepStyle};

/// Adams–Bashforth method over the noise ε as a polynomial in ln σ. Second order unless told otherwise, one model call
/// per step.
///
/// Zhang & Chen (2022), ρAB-DEIS, <https://arxiv.org/abs/2204.13902>; `DEISMultistepScheduler`.
pub(super) struct Deis;

impl Sampler for Deis {
    fn id(&self) -> &'static str {
        "deis"
    }

    fn label(&self) -> &'static str {
        "DEIS"
    }

    fn aliases(&self) -> &'static [&'static str] {
        &["DEISMultistepScheduler"]
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
        for index in first..table.steps() {
            begin(host, &x, table, index)?;
            let (sigma, target) = (table.sigmas()[index], table.target(index));
            let order = options
                .order
                .unwrap_or(2)
                .min(num_past(host))
                .min(stable_order(table, index));
            let past: Vec<_> = (0..order.max(1)).filter_map(|back| host.past(back)).collect();
            let nodes: Vec<f64> = past.iter().map(|past| (past.sigma / sigma).ln()).collect();
            let noises = past
                .iter()
                .map(|past| slope(&past.x, &past.x0, past.sigma))
                .collect::<candle_core::Result<Vec<_>>>()?;
            let weights = quadrature(&nodes, &moments(sigma, target, nodes.len()));
            x = (x + weighted_sum(&noises, &weights)?)?;
            x = host.land(x, index)?;
        }
        Ok(x)
    }
}

/// ∫ uᵏ dσ from `sigma` to `target` for k in 0..`count`, where u is ln σ counted from its start.
fn moments(sigma: f64, target: f64, count: usize) -> Vec<f64> {
    let end = (target / sigma).ln();
    let mut moments = vec![target - sigma];
    for (k, power) in powers(end).enumerate().take(count).skip(1) {
        moments.push(target * power - k as f64 * moments[k - 1]);
    }
    moments
}
