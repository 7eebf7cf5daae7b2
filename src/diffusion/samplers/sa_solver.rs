//! Stochastic Adams solver.

use candle_core::Tensor;

use super::multistep::{num_past, powers, quadrature, weighted_sum};
use super::{Options, PastStep, Sampler, SamplerContext, begin};
use crate::diffusion::SampleError;
use crate::diffusion::schedule::{SigmaTable, TimestepStyle};

/// Adams–Bashforth predictor and Adams–Moulton corrector for the SDE, both of second order unless told otherwise. One
/// model call per step.
///
/// Xue et al. (2023), <https://arxiv.org/abs/2309.05019>, in the prediction of x₀; `SASolverScheduler`.
pub(super) struct SaSolver;

/// Timesteps between which noise is added.
const NOISY_TIMESTEPS: std::ops::RangeInclusive<f64> = 200.0..=800.0;

impl Sampler for SaSolver {
    fn id(&self) -> &'static str {
        "sa_solver"
    }

    fn label(&self) -> &'static str {
        "SA-Solver"
    }

    fn aliases(&self) -> &'static [&'static str] {
        &["SASolverScheduler"]
    }

    fn order(&self) -> i32 {
        1
    }

    fn timestep_style(&self) -> TimestepStyle {
        TimestepStyle::Solver
    }

    fn is_stochastic(&self, _eta: f64) -> bool {
        true
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
        let start = first - num_past(host).min(first);
        let is_noisy = |step: usize| NOISY_TIMESTEPS.contains(&table.timesteps()[step]);
        // The corrected latents of the newest step. Those of a resumed run are made again from its past.
        let mut corrected: Option<Tensor> = None;
        for index in start..table.steps() {
            let is_past = index < first;
            if !is_past {
                begin(host, &x, table, index)?;
            }
            let newest = if is_past { first - 1 - index } else { 0 };
            let past: Vec<PastStep> = (newest..newest + most.max(2))
                .filter_map(|back| host.past(back).cloned())
                .collect();
            let here = match corrected {
                None => past[0].x.clone(),
                Some(before) => {
                    let order = most.min(index - start + 1).min(table.steps() - index + 1);
                    let noise = host.noise_like(&before, index - 1)?;
                    let leg = Leg {
                        from: past[1].sigma,
                        to: past[0].sigma,
                        is_noisy: is_noisy(index - 1),
                        is_correction: true,
                    };
                    leg.walk(&before, &past[..order], &noise)?
                }
            };
            if !is_past {
                let order = most.min(index - start + 1).min(table.steps() - index);
                let noise = host.noise_like(&here, index)?;
                let leg = Leg {
                    from: table.sigmas()[index],
                    to: table.target(index),
                    is_noisy: is_noisy(index),
                    is_correction: false,
                };
                x = leg.walk(&here, &past[..order], &noise)?;
                x = host.land(x, index)?;
            }
            corrected = Some(here);
        }
        Ok(x)
    }
}

/// A way between two noise levels.
struct Leg {
    from: f64,
    to: f64,
    is_noisy: bool,
    is_correction: bool,
}

impl Leg {
    /// Goes from `x` by the estimates of `past`, newest first: those before the leg, and the one at its end if this is
    /// a correction.
    fn walk(&self, x: &Tensor, past: &[PastStep], noise: &Tensor) -> candle_core::Result<Tensor> {
        let ratio = self.to / self.from; // e⁻ʰ
        let a = if self.is_noisy { 2.0 } else { 1.0 }; // 1 + τ²
        let estimates: Vec<Tensor> = past.iter().map(|past| past.x0.clone()).collect();
        let x = ((x * ratio.powf(a))? + weighted_sum(&estimates, &self.weights(past, ratio, a))?)?;
        let added = self.to * (1.0 - ratio.powf(2.0 * (a - 1.0))).max(0.0).sqrt();
        x + (noise * added)?
    }

    /// a ∫ eᵃᵘ ℓᵢ(u) du over the leg, with u = ln σ of its end less ln σ, which is −h at its start.
    fn weights(&self, past: &[PastStep], ratio: f64, a: f64) -> Vec<f64> {
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
