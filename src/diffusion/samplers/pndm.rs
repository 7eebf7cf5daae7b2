//! Pseudo numerical methods for diffusion models.

use candle_core::Tensor;

use super::multistep::{MOST_STEPS, adams_bashforth, num_past, weighted_sum};
use super::{Sampler, SamplerContext, SamplerSpec, Step, toward};
use crate::diffusion::SampleError;
use crate::diffusion::schedule::TimestepStyle;

/// Adams–Bashforth method of fourth order with the weights of equal steps, over the network's own outputs.
///
/// Liu et al. (2022), <https://arxiv.org/abs/2202.09778>; `PNDMScheduler`. On unequal steps it is of second order.
pub(super) struct Pndm {
    spec: SamplerSpec,
    warm_up: WarmUp,
}

/// How the first steps are taken, which have nothing to look back at.
#[derive(Clone, Copy, PartialEq, Eq)]
enum WarmUp {
    /// One step of Heun's kind, of two model calls: PLMS.
    Heun,
    /// Three steps of the classical Runge–Kutta method, of four model calls each.
    RungeKutta,
}

/// Steps that the Runge–Kutta start takes.
const NUM_PRK_STEPS: usize = 3;

pub(super) static PNDM: Pndm = Pndm {
    spec: SamplerSpec {
        id: "pndm",
        label: "PLMS",
        aliases: &["PNDMScheduler"],
        order: 2,
        timestep_style: TimestepStyle::Stride,
        ..SamplerSpec::DEFAULT
    },
    warm_up: WarmUp::Heun,
};

pub(super) static PNDM_PRK: Pndm = Pndm {
    spec: SamplerSpec {
        id: "pndm_prk",
        label: "PNDM PRK",
        order: 2,
        timestep_style: TimestepStyle::Stride,
        ..SamplerSpec::DEFAULT
    },
    warm_up: WarmUp::RungeKutta,
};

impl Sampler for Pndm {
    fn spec(&self) -> &SamplerSpec {
        &self.spec
    }

    /// diffusers calls PLMS twice in its second timestep, and counts the double as one of the steps left out.
    fn first_step(&self, skipped: usize) -> usize {
        match self.warm_up {
            WarmUp::Heun if skipped > 1 => skipped - 1,
            _ => skipped,
        }
    }

    /// A run over a picture then leaves out the step after its first.
    fn next_index(&self, ctx: &dyn SamplerContext, step: &Step<'_>) -> usize {
        let is_over_picture = step.index > 0 && num_past(ctx) == 1 && self.warm_up == WarmUp::Heun;
        if is_over_picture && step.index + 2 < step.table.steps() {
            step.index + 2
        } else {
            step.index + 1
        }
    }

    fn step(&self, ctx: &mut dyn SamplerContext, step: &Step<'_>) -> Result<Tensor, SampleError> {
        let (sigma, target) = (step.sigma(), step.target());
        let known = num_past(ctx).min(MOST_STEPS);
        let output = match self.warm_up {
            WarmUp::Heun if known == 1 && !step.is_last() => heun_output(ctx, step)?,
            WarmUp::RungeKutta if known <= NUM_PRK_STEPS && !step.is_last() => runge_kutta_output(ctx, step)?,
            _ => {
                let outputs = (0..known)
                    .filter_map(|back| ctx.past(back))
                    .map(|past| ctx.process().output_from_x0(&past.x, &past.x0, past.sigma))
                    .collect::<candle_core::Result<Vec<_>>>()?;
                weighted_sum(&outputs, adams_bashforth(known))?
            }
        };
        let x0 = ctx.process().x0_from_output(step.x, &output, sigma)?;
        let x = toward(step.x, &x0, target / sigma)?;
        let x = ctx.process().relabel(x, target, step.next_sigma())?;
        let next = step.table.sigmas()[self.next_index(ctx, step)];
        Ok(ctx.process().relabel(x, step.next_sigma(), next)?)
    }
}

/// The mean of the outputs at both ends of the step.
fn heun_output(ctx: &mut dyn SamplerContext, step: &Step<'_>) -> Result<Tensor, SampleError> {
    let Step { x, x0, .. } = *step;
    let (sigma, target, next) = (step.sigma(), step.target(), step.next_sigma());
    let ahead = ctx.process().relabel(toward(x, x0, target / sigma)?, target, next)?;
    let there = output_at(ctx, &ahead, next)?;
    Ok(((ctx.process().output_from_x0(x, x0, sigma)? + there)? * 0.5)?)
}

/// The weighted mean of the outputs at both ends and twice in the middle of the step: (k₁ + 2k₂ + 2k₃ + k₄) / 6.
fn runge_kutta_output(ctx: &mut dyn SamplerContext, step: &Step<'_>) -> Result<Tensor, SampleError> {
    let Step { x, x0, .. } = *step;
    let (sigma, target, next) = (step.sigma(), step.target(), step.next_sigma());
    // Strides are halved downwards, so that the middle is another one as seen from the other end.
    let (landed, middle) = step.table.middle(step.index);
    let k1 = ctx.process().output_from_x0(x, x0, sigma)?;
    let ahead = ctx.process().relabel(toward(x, x0, landed / sigma)?, landed, middle)?;
    let k2 = output_at(ctx, &ahead, middle)?;
    let x0 = ctx.process().x0_from_output(x, &k2, sigma)?;
    let k3 = output_at(ctx, &toward(x, &x0, middle / sigma)?, middle)?;
    let x0 = ctx.process().x0_from_output(x, &k3, sigma)?;
    let ahead = ctx.process().relabel(toward(x, &x0, target / sigma)?, target, next)?;
    let k4 = output_at(ctx, &ahead, next)?;
    let ends = (k1 + k4)?;
    Ok((((k2 + k3)? * 2.0 + ends)? / 6.0)?)
}

/// The network's output at a level.
fn output_at(ctx: &mut dyn SamplerContext, x: &Tensor, sigma: f64) -> Result<Tensor, SampleError> {
    let x0 = ctx.denoise(x, sigma)?;
    Ok(ctx.process().output_from_x0(x, &x0, sigma)?)
}
