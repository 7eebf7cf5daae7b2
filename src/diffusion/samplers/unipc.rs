//! Unified predictor-corrector framework.

use candle_core::Tensor;

use super::multistep::{corrected, num_past, powers};
use super::{PastStep, Sampler, SamplerContext, SamplerSpec, Step, toward};
use crate::diffusion::SampleError;
use crate::diffusion::linear::solve;
use crate::diffusion::schedule::TimestepStyle;

/// `UniPC`: the call that predicts the next step also corrects the last one. Second order unless options say otherwise,
/// one model call per step.
///
/// Zhao et al. (2023), <https://arxiv.org/abs/2302.04867>, in the prediction of x₀; `UniPCMultistepScheduler`.
pub(super) struct UniPc {
    spec: SamplerSpec,
    b: B,
}

/// The paper's B(h).
#[derive(Clone, Copy)]
enum B {
    /// h
    First,
    /// eʰ − 1
    Second,
}

/// What both variants have in common.
const BASE: SamplerSpec = SamplerSpec {
    order: 2,
    timestep_style: TimestepStyle::Solver,
    ..SamplerSpec::DEFAULT
};

pub(super) static UNIPC: UniPc = UniPc {
    spec: SamplerSpec {
        id: "unipc",
        label: "UniPC",
        aliases: &["uni_pc_bh2", "unipc_bh2", "UniPCMultistepScheduler"],
        ..BASE
    },
    b: B::Second,
};

pub(super) static UNIPC_BH1: UniPc = UniPc {
    spec: SamplerSpec {
        id: "unipc_bh1",
        label: "UniPC bh1",
        aliases: &["uni_pc_bh1"],
        ..BASE
    },
    b: B::First,
};

impl Sampler for UniPc {
    fn spec(&self) -> &SamplerSpec {
        &self.spec
    }

    fn step(&self, ctx: &mut dyn SamplerContext, step: &Step<'_>) -> Result<Tensor, SampleError> {
        let most = step.options.order.unwrap_or(2);
        let left = step.table.steps() - step.index;
        let known = num_past(ctx);
        let x = corrected(ctx, step, |ctx, before, back| {
            let order = most.min(left + back + 1).min(known - back - 1);
            let past: Vec<_> = (back..=back + order).filter_map(|back| ctx.past(back)).collect();
            Ok(self.solve(before, past[0].sigma, &past[1..], Some(&past[0].x0))?)
        })?;
        let order = most.min(left).min(known);
        let past: Vec<_> = (0..order).filter_map(|back| ctx.past(back)).collect();
        Ok(self.solve(&x, step.target(), &past, None)?)
    }
}

impl UniPc {
    /// A step from `x`, at the level of the newest of `past`, to `target`, by as many steps as `past` holds.
    ///
    /// With λ = −ln σ, h = λ′ − λ and rᵢ = (λᵢ − λ) / h: x′ = e⁻ʰ x + (1 − e⁻ʰ) x₀ − B(−h) Σ wᵢ (x₀ᵢ − x₀) / rᵢ.
    ///
    /// * `past`: newest first, at least one.
    /// * `there`: the estimate at `target` if it is known: then the step is a correction.
    fn solve(
        &self,
        x: &Tensor,
        target: f64,
        past: &[&PastStep],
        there: Option<&Tensor>,
    ) -> candle_core::Result<Tensor> {
        let PastStep { sigma, x0, .. } = past[0];
        let euler = toward(x, x0, target / sigma)?;
        if past.len() == 1 && there.is_none() {
            return Ok(euler);
        }
        let h = (sigma / target).ln();
        let mut r: Vec<f64> = past[1..].iter().map(|past| (sigma / past.sigma).ln() / h).collect();
        let mut estimates: Vec<&Tensor> = past[1..].iter().map(|past| &past.x0).collect();
        if let Some(there) = there {
            r.push(1.0);
            estimates.push(there);
        }
        let b = match self.b {
            B::First => -h,
            B::Second => (-h).exp_m1(),
        };
        let weights = if r.len() == 1 {
            vec![0.5]
        } else {
            solve_weights(&r, &right_side(-h, b, r.len()))
        };
        let mut x = euler;
        for ((estimate, r), weight) in estimates.into_iter().zip(&r).zip(&weights) {
            x = (x - ((estimate - x0)? * (b * weight / r))?)?;
        }
        Ok(x)
    }
}

/// k! φₖ₊₁(h) / B(h) times h for k in 1..=`count`, with φ₁ = (eʰ − 1) / h and φₖ₊₁ = (φₖ − 1 / k!) / h.
fn right_side(h: f64, scale: f64, count: usize) -> Vec<f64> {
    let mut phi = h.exp_m1() / h - 1.0;
    let mut factorial = 1.0;
    (1..=count)
        .map(|k| {
            let value = phi * factorial / scale;
            factorial *= (k + 1) as f64;
            phi = phi / h - 1.0 / factorial;
            value
        })
        .collect()
}

/// The weights w with Σ wᵢ rᵢᵏ = rightₖ for k from 0. The rᵢ differ from each other.
fn solve_weights(r: &[f64], right: &[f64]) -> Vec<f64> {
    let rows = (0..r.len()).map(|k| r.iter().filter_map(|r| powers(*r).nth(k)).collect());
    let found = solve(rows.collect(), right.iter().map(|value| [*value]).collect());
    found.into_iter().map(|[weight]| weight).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_should_solve_their_equations() {
        let (r, right) = ([-2.5, -1.0, 1.0], [0.3, -0.7, 1.1]);
        let weights = solve_weights(&r, &right);
        for (k, expected) in right.iter().enumerate() {
            let power = |r: f64| powers(r).nth(k).unwrap();
            let found: f64 = r.iter().zip(&weights).map(|(r, w)| w * power(*r)).sum();
            assert!((found - expected).abs() < 1e-12, "{k}: {found}");
        }
    }
}
