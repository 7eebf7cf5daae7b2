//! The second-order multistep solver of DPM-Solver++.

use candle_core::Tensor;

use super::{Options, Sampler, SamplerHost, Step};
use crate::diffusion::SampleError;
use crate::diffusion::schedule::{Grid, Timetable};

/// DPM-Solver++(2M) with the midpoint rule. One model call per step; the step before gives the second order.
///
/// Lu et al. (2022), algorithm 2, <https://arxiv.org/abs/2211.01095>.
pub(super) struct Dpmpp2M;

/// DPM-Solver++(2M) with Heun's rule, which weighs the same correction by the exact integral.
pub(super) struct Dpmpp2MHeun;

/// Below this many steps the last one is of first order, for stability (`lower_order_final`).
const FEW_STEPS: usize = 15;

impl Sampler for Dpmpp2M {
    fn id(&self) -> &'static str {
        "dpmpp_2m"
    }

    fn label(&self) -> &'static str {
        "DPM++ 2M"
    }

    fn order(&self) -> i32 {
        2
    }

    fn grid(&self) -> Grid {
        Grid::Solver
    }

    fn sample(
        &self,
        host: &mut dyn SamplerHost,
        x: Tensor,
        table: &Timetable,
        _options: Options,
        first: usize,
    ) -> Result<Tensor, SampleError> {
        walk(host, x, table, first, |h| 0.5 * -(-h).exp_m1()) // (1 − e⁻ʰ) / 2
    }
}

impl Sampler for Dpmpp2MHeun {
    fn id(&self) -> &'static str {
        "dpmpp_2m_heun"
    }

    fn label(&self) -> &'static str {
        "DPM++ 2M Heun"
    }

    fn order(&self) -> i32 {
        2
    }

    fn grid(&self) -> Grid {
        Grid::Solver
    }

    fn sample(
        &self,
        host: &mut dyn SamplerHost,
        x: Tensor,
        table: &Timetable,
        _options: Options,
        first: usize,
    ) -> Result<Tensor, SampleError> {
        walk(host, x, table, first, |h| (-h).exp_m1() / h + 1.0) // (e⁻ʰ − 1) / h + 1
    }
}

/// Both rules: x′ = (σ′/σ) x + (1 − e⁻ʰ) x₀ + weight(h) · D, with λ = −ln σ, h = λ′ − λ and D the change of x₀ over
/// the last step, scaled to this one's length.
fn walk(
    host: &mut dyn SamplerHost,
    mut x: Tensor,
    table: &Timetable,
    first: usize,
    weight: impl Fn(f64) -> f64,
) -> Result<Tensor, SampleError> {
    for index in first..table.steps() {
        let sigma = table.sigmas()[index];
        let target = table.target(index);
        let x0 = host.denoise(&x, sigma)?;
        host.observe(Step {
            index,
            sigma,
            x: &x,
            x0: &x0,
        })?;

        let is_last = index + 1 == table.steps();
        let first_order = target == 0.0 || (is_last && table.steps() < FEW_STEPS);
        let correction = match host.past(1) {
            Some(before) if !first_order => {
                let h = (sigma / target).ln();
                let h_before = (before.sigma / sigma).ln();
                Some(((&x0 - &before.x0)? * (weight(h) * h / h_before))?)
            }
            _ => None,
        };
        let ratio = target / sigma; // e⁻ʰ
        x = ((x * ratio)? + (x0 * (1.0 - ratio))?)?;
        if let Some(correction) = correction {
            x = (x + correction)?;
        }
        x = host.land(x, index)?;
    }
    Ok(x)
}
