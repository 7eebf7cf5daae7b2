//! Unified predictor-corrector framework.

use candle_core::Tensor;

use super::multistep::{num_past, powers};
use super::{Options, PastStep, Sampler, SamplerContext, begin, toward};
use crate::diffusion::SampleError;
use crate::diffusion::schedule::{SigmaTable, TimestepStyle};

/// `UniPC`: the call that predicts the next step also corrects the last one. Second order unless told otherwise, one
/// model call per step.
///
/// Zhao et al. (2023), <https://arxiv.org/abs/2302.04867>, in the prediction of x₀; `UniPCMultistepScheduler`.
pub(super) struct UniPc {
    id: &'static str,
    label: &'static str,
    aliases: &'static [&'static str],
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

pub(super) static UNIPC: UniPc = UniPc {
    id: "unipc",
    label: "UniPC",
    aliases: &["uni_pc_bh2", "unipc_bh2", "UniPCMultistepScheduler"],
    b: B::Second,
};

pub(super) static UNIPC_BH1: UniPc = UniPc {
    id: "unipc_bh1",
    label: "UniPC bh1",
    aliases: &["uni_pc_bh1"],
    b: B::First,
};

impl Sampler for UniPc {
    fn id(&self) -> &'static str {
        self.id
    }

    fn label(&self) -> &'static str {
        self.label
    }

    fn aliases(&self) -> &'static [&'static str] {
        self.aliases
    }

    fn order(&self) -> i32 {
        2
    }

    fn timestep_style(&self) -> TimestepStyle {
        TimestepStyle::Solver
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
        let order_of = |step: usize| most.min(table.steps() - step).min(step - start + 1);
        // The corrected latents of the newest step. Those of a resumed run are made again from its past.
        let mut corrected: Option<Tensor> = None;
        for index in start..table.steps() {
            let is_past = index < first;
            if !is_past {
                begin(host, &x, table, index)?;
            }
            let newest = if is_past { first - 1 - index } else { 0 };
            let past: Vec<&PastStep> = (newest..=newest + most).filter_map(|back| host.past(back)).collect();
            let here = match corrected {
                None => past[0].x.clone(),
                Some(before) => {
                    let order = order_of(index - 1);
                    self.step(&before, past[0].sigma, &past[1..=order], Some(&past[0].x0))?
                }
            };
            if !is_past {
                x = self.step(&here, table.target(index), &past[..order_of(index)], None)?;
                x = host.land(x, index)?;
            }
            corrected = Some(here);
        }
        Ok(x)
    }
}

impl UniPc {
    /// A step from `x`, at the level of the newest of `past`, to `target`, by as many steps as `past` holds.
    ///
    /// * `past`: newest first, at least one.
    /// * `there`: the estimate at `target` if it is known: then the step is a correction.
    fn step(&self, x: &Tensor, target: f64, past: &[&PastStep], there: Option<&Tensor>) -> candle_core::Result<Tensor> {
        let PastStep { sigma, x0, .. } = past[0];
        let euler = toward(x, x0, target / sigma)?;
        if past.len() == 1 && there.is_none() {
            return Ok(euler);
        }
        let h = (sigma / target).ln();
        let mut places: Vec<f64> = past[1..].iter().map(|past| (sigma / past.sigma).ln() / h).collect();
        let mut estimates: Vec<&Tensor> = past[1..].iter().map(|past| &past.x0).collect();
        if let Some(there) = there {
            places.push(1.0);
            estimates.push(there);
        }
        let scale = match self.b {
            B::First => -h,
            B::Second => (-h).exp_m1(),
        };
        let weights = if places.len() == 1 {
            vec![0.5]
        } else {
            solve(&places, &right_side(-h, scale, places.len()))
        };
        let mut x = euler;
        for ((estimate, place), weight) in estimates.into_iter().zip(&places).zip(&weights) {
            x = (x - ((estimate - x0)? * (scale * weight / place))?)?;
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

/// The weights w with Σ wᵢ placesᵢᵏ = rightₖ for k from 0, by elimination. Places differ from each other.
fn solve(places: &[f64], right: &[f64]) -> Vec<f64> {
    let n = places.len();
    let powers: Vec<Vec<f64>> = places.iter().map(|place| powers(*place).take(n).collect()).collect();
    let mut rows: Vec<Vec<f64>> = (0..n)
        .map(|k| powers.iter().map(|powers| powers[k]).chain([right[k]]).collect())
        .collect();
    for column in 0..n {
        let largest = (column..n)
            .max_by(|a, b| rows[*a][column].abs().total_cmp(&rows[*b][column].abs()))
            .unwrap_or(column);
        rows.swap(column, largest);
        let pivot = rows[column].clone();
        for (_, row) in rows.iter_mut().enumerate().filter(|(k, _)| *k != column) {
            let factor = row[column] / pivot[column];
            row.iter_mut().zip(&pivot).for_each(|(value, p)| *value -= factor * p);
        }
    }
    (0..n).map(|k| rows[k][n] / rows[k][k]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_should_solve_their_equations() {
        let (places, right) = ([-2.5, -1.0, 1.0], [0.3, -0.7, 1.1]);
        let weights = solve(&places, &right);
        for (k, expected) in right.iter().enumerate() {
            let power = |place: f64| powers(place).nth(k).unwrap();
            let found: f64 = places.iter().zip(&weights).map(|(p, w)| w * power(*p)).sum();
            assert!((found - expected).abs() < 1e-12, "{k}: {found}");
        }
    }
}
