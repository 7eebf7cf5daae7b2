//! Diffusion exponential integrator sampler.

use candle_core::Tensor;

use super::multistep::{num_past, powers, quadrature, weighted_sum};
use super::{Sampler, SamplerContext, SamplerSpec, Step, stable_order};
use crate::diffusion::SampleError;
use crate::diffusion::schedule::TimestepStyle;

/// Adams–Bashforth method over the noise ε as a polynomial in ln σ. Second order unless options say otherwise, one model
/// call per step.
///
/// Zhang & Chen (2022), ρAB-DEIS, <https://arxiv.org/abs/2204.13902>; `DEISMultistepScheduler`.
pub(super) struct Deis;

impl Sampler for Deis {
    fn spec(&self) -> &SamplerSpec {
        const SPEC: SamplerSpec = SamplerSpec {
            id: "deis",
            label: "DEIS",
            aliases: &["DEISMultistepScheduler"],
            order: 2,
            timestep_style: TimestepStyle::Solver,
            leaves_noise: true,
            ..SamplerSpec::DEFAULT
        };
        &SPEC
    }

    fn step(&self, ctx: &mut dyn SamplerContext, step: &Step<'_>) -> Result<Tensor, SampleError> {
        let (sigma, target) = (step.sigma(), step.target());
        let order = step
            .options
            .order
            .unwrap_or(2)
            .min(num_past(ctx))
            .min(stable_order(step));
        let past: Vec<_> = (0..order.max(1)).filter_map(|back| ctx.past(back)).collect();
        let nodes: Vec<f64> = past.iter().map(|past| (past.sigma / sigma).ln()).collect();
        let noises = past
            .iter()
            .map(|past| past.noise())
            .collect::<candle_core::Result<Vec<_>>>()?;
        let weights = quadrature(&nodes, &moments(sigma, target, nodes.len()));
        Ok((step.x + weighted_sum(&noises, &weights)?)?) // x′ = x + ∫ ε dσ
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
