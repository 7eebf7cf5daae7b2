//! Stochastic Adams solver.

use candle_core::Tensor;

use super::multistep::{corrected, num_past, powers, quadrature, weighted_sum};
use super::{PastStep, Sampler, SamplerContext, SamplerSpec, Step, StepNoise};
use crate::diffusion::SampleError;
use crate::diffusion::schedule::TimestepStyle;

/// Adams–Bashforth predictor and Adams–Moulton corrector for the SDE, both of second order unless options say otherwise.
/// One model call per step.
///
/// Xue et al. (2023), <https://arxiv.org/abs/2309.05019>, in the prediction of x₀; `SASolverScheduler`.
pub(super) struct SaSolver;

/// Timesteps between which noise is added.
const NOISY_TIMESTEPS: std::ops::RangeInclusive<f64> = 200.0..=800.0;

impl Sampler for SaSolver {
    fn spec(&self) -> &SamplerSpec {
        const SPEC: SamplerSpec = SamplerSpec {
            id: "sa_solver",
            label: "SA-Solver",
            aliases: &["SASolverScheduler"],
            order: 1,
            timestep_style: TimestepStyle::Solver,
            noise: StepNoise::Always,
            leaves_noise: true,
            ..SamplerSpec::DEFAULT
        };
        &SPEC
    }

    fn step(&self, ctx: &mut dyn SamplerContext, step: &Step<'_>) -> Result<Tensor, SampleError> {
        let Step { index, table, .. } = *step;
        let most = step.options.order.unwrap_or(2);
        let left = table.steps() - index;
        let is_noisy = |index: usize| NOISY_TIMESTEPS.contains(&table.timesteps()[index]);
        let known = num_past(ctx);
        let x = corrected(ctx, step, |ctx, before, back| {
            let from = index - back - 1;
            let noise = ctx.noise_like(before, from, from)?;
            let order = most.min(known - back).min(left + back + 1);
            let past = past_steps(ctx, back, order.max(2));
            let interval = Interval {
                from: past[1].sigma,
                to: past[0].sigma,
                is_noisy: is_noisy(from),
                is_correction: true,
            };
            Ok(interval.solve(before, &past[..order], &noise)?)
        })?;
        let noise = ctx.noise_like(&x, index, index)?;
        let interval = Interval {
            from: step.sigma(),
            to: step.target(),
            is_noisy: is_noisy(index),
            is_correction: false,
        };
        Ok(interval.solve(&x, &past_steps(ctx, 0, most.min(known).min(left)), &noise)?)
    }
}

/// `count` past steps, the one `back` places before the newest first.
fn past_steps(ctx: &dyn SamplerContext, back: usize, count: usize) -> Vec<&PastStep> {
    (back..back + count).filter_map(|back| ctx.past(back)).collect()
}

/// A step between two noise levels.
struct Interval {
    from: f64,
    to: f64,
    is_noisy: bool,
    is_correction: bool,
}

impl Interval {
    /// Goes from `x` by the estimates of `past`, newest first: those up to the start of the interval, and the one at its
    /// end if this is a correction.
    ///
    /// With λ = −ln σ, h its change and a = 1 + τ²: x′ = e⁻ᵃʰ x + a ∫ eᵃᵘ x₀(u) du + σ′ √(1 − e⁻²⁽ᵃ⁻¹⁾ʰ) ε.
    fn solve(&self, x: &Tensor, past: &[&PastStep], noise: &Tensor) -> candle_core::Result<Tensor> {
        let ratio = self.to / self.from; // e⁻ʰ
        let a = if self.is_noisy { 2.0 } else { 1.0 };
        let estimates: Vec<Tensor> = past.iter().map(|past| past.x0.clone()).collect();
        let x = ((x * ratio.powf(a))? + weighted_sum(&estimates, &self.weights(past, ratio, a))?)?;
        let added = self.to * (1.0 - ratio.powf(2.0 * (a - 1.0))).max(0.0).sqrt();
        x + (noise * added)?
    }

    /// a ∫ eᵃᵘ ℓᵢ(u) du over the interval, with u = ln σ of its end less ln σ, which is −h at its start.
    fn weights(&self, past: &[&PastStep], ratio: f64, a: f64) -> Vec<f64> {
        if past.len() == 1 {
            return vec![1.0 - ratio.powf(a)];
        }
        let h = -ratio.ln();
        let decay = (-a * h).exp();
        let mut moments = vec![1.0 - decay];
        for (k, power) in powers(-h).enumerate().take(past.len()).skip(1) {
            moments.push(-power * decay - k as f64 / a * moments[k - 1]);
        }
        let nodes: Vec<f64> = past.iter().map(|past| (self.to / past.sigma).ln()).collect();
        let mut weights = quadrature(&nodes, &moments);
        if past.len() == 2 {
            // What makes the second order agree with UniPC's where no noise is added (the paper's appendix).
            let integral = (a * h - 1.0 + decay) / (a * a);
            let shift = if self.is_correction {
                a * (h / 2.0 - integral / h)
            } else {
                a * (h * h / 2.0 - integral) / (past[1].sigma / past[0].sigma).ln()
            };
            weights[0] += shift;
            weights[1] -= shift;
        }
        weights
    }
}
