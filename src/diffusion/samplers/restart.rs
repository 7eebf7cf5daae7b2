//! Restart sampling.

use candle_core::Tensor;

use super::heun::heun_step;
use super::{Sampler, SamplerContext, SamplerSpec, Step, StepNoise, with_noise};
use crate::diffusion::SampleError;
use crate::diffusion::schedule::{TimestepStyle, karras_sigmas};

/// Heun's method that, near its end, adds noise and solves the middle of the run again. Two model calls per step, and
/// those of the steps taken again.
///
/// Xu et al. (2023), algorithm 1, <https://arxiv.org/abs/2306.14878>, with the interval and the numbers of restarts that
/// AUTOMATIC1111's web UI takes; the steps taken again come on top of the steps asked for.
pub(super) struct Restart;

/// Noise levels of the restart interval: of the table, those nearest to these.
const INTERVAL: [f64; 2] = [0.1, 2.0];
/// Below this many steps there is no restart.
const MIN_STEPS: usize = 20;
/// From this many steps on there are two restarts, of a quarter of the steps each, instead of one.
const MANY_STEPS: usize = 36;
/// Steps of the one restart.
const FEW_RESTART_STEPS: usize = 9;
/// The most restarts; draws are counted by it.
const MOST_RESTARTS: usize = 2;

impl Sampler for Restart {
    fn spec(&self) -> &SamplerSpec {
        const SPEC: SamplerSpec = SamplerSpec {
            id: "restart",
            label: "Restart",
            order: 2,
            timestep_style: TimestepStyle::Sigmas,
            noise: StepNoise::Always,
            ..SamplerSpec::DEFAULT
        };
        &SPEC
    }

    fn step(&self, ctx: &mut dyn SamplerContext, step: &Step<'_>) -> Result<Tensor, SampleError> {
        let Step { index, table, .. } = *step;
        let mut x = heun_step(ctx, step.x, step.x0, step.sigma(), step.target())?;
        let [low, high] = INTERVAL.map(|level| nearest(&table.sigmas()[..table.steps()], level));
        if index + 1 != low || high >= low {
            return Ok(x);
        }
        let (num_restarts, num_steps) = match table.steps() {
            ..MIN_STEPS => (0, 0),
            MIN_STEPS..MANY_STEPS => (1, FEW_RESTART_STEPS),
            steps => (MOST_RESTARTS, steps / 4),
        };
        let (bottom, top) = (table.sigmas()[low], table.sigmas()[high]);
        let sigmas = karras_sigmas(num_steps + 1, bottom, top, 7.0).unwrap_or_default(); // the range is the table's
        for restart in 0..num_restarts {
            let amount = (top * top - bottom * bottom).sqrt();
            x = with_noise(ctx, x, amount, index, index * MOST_RESTARTS + restart)?;
            for pair in sigmas.windows(2) {
                let x0 = ctx.denoise(&x, pair[0])?;
                x = heun_step(ctx, &x, &x0, pair[0], pair[1])?;
            }
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
