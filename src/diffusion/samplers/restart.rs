//! Restart sampling.

use candle_core::Tensor;

use super::heun::correct;
use super::{Options, Sampler, SamplerContext, begin, with_noise};
use crate::diffusion::SampleError;
use crate::diffusion::schedule::{SigmaTable, TimestepStyle, karras_sigmas};

/// Heun's method that, once almost arrived, adds noise and walks the middle of the way again. Two model calls per step,
/// and those of the ways walked again.
///
/// Xu et al. (2023), algorithm 1, <https://arxiv.org/abs/2306.14878>, with the interval and the numbers of ways that
/// AUTOMATIC1111's web UI takes; the ways walked again come on top of the steps asked for.
pub(super) struct Restart;

/// Noise levels between which the way is walked again: of the table, those nearest to these.
const INTERVAL: [f64; 2] = [0.1, 2.0];
/// Below this many steps there is no way back.
const MIN_STEPS: usize = 20;
/// From this many steps on there are two ways back, of a quarter of the steps each, instead of one.
const MANY_STEPS: usize = 36;
/// Steps of the one way back.
const FEW_RESTART_STEPS: usize = 9;
/// The most ways back; draws are counted by it.
const MOST_RESTARTS: usize = 2;

impl Sampler for Restart {
    fn id(&self) -> &'static str {
        "restart"
    }

    fn label(&self) -> &'static str {
        "Restart"
    }

    fn order(&self) -> i32 {
        2
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
        let [low, high] = INTERVAL.map(|level| nearest(&table.sigmas()[..table.steps()], level));
        let (num_restarts, num_steps) = match table.steps() {
            ..MIN_STEPS => (0, 0),
            MIN_STEPS..MANY_STEPS => (1, FEW_RESTART_STEPS),
            steps => (MOST_RESTARTS, steps / 4),
        };
        for index in first..table.steps() {
            let x0 = begin(host, &x, table, index)?;
            x = correct(host, &x, &x0, table.sigmas()[index], table.target(index))?;
            if index + 1 == low && high < low {
                let (bottom, top) = (table.sigmas()[low], table.sigmas()[high]);
                let way = karras_sigmas(num_steps + 1, bottom, top, 7.0).unwrap_or_default(); // the range is the table's
                for restart in 0..num_restarts {
                    let amount = (top * top - bottom * bottom).sqrt();
                    x = with_noise(host, x, amount, index * MOST_RESTARTS + restart)?;
                    for leg in way.windows(2) {
                        let x0 = host.denoise(&x, leg[0])?;
                        x = correct(host, &x, &x0, leg[0], leg[1])?;
                    }
                }
            }
            x = host.land(x, index)?;
        }
        Ok(x)
    }
}

/// Place of the level nearest to `wanted`.
fn nearest(levels: &[f64], wanted: f64) -> usize {
    let distance = |index: &usize| (levels[*index] - wanted).abs();
    (0..levels.len())
        .min_by(|a, b| distance(a).total_cmp(&distance(b)))
        .unwrap_or(0)
}
