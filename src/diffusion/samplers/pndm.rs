//! Pseudo numerical methods for diffusion models.

use candle_core::Tensor;

use super::multistep::{MOST_STEPS, adams_bashforth, num_past, weighted_sum};
use super::{Options, Sampler, SamplerContext, begin, relabel, toward};
use crate::diffusion::SampleError;
use crate::diffusion::schedule::{SigmaTable, TimestepStyle};

/// Adams–Bashforth method of fourth order with the weights of equal steps, over the network's own outputs.
///
/// Liu et al. (2022), <https://arxiv.org/abs/2202.09778>; `PNDMScheduler`. On unequal steps it is of second order.
pub(super) struct Pndm {
    id: &'static str,
    label: &'static str,
    aliases: &'static [&'static str],
    start: Start,
}

/// How the first steps are taken, which have nothing to look back at.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Start {
    /// One step of Heun's kind, of two model calls: PLMS.
    Heun,
    /// Three steps of the classical Runge–Kutta method, of four model calls each.
    RungeKutta,
}

/// Steps that the Runge–Kutta start takes.
const NUM_PRK_STEPS: usize = 3;

pub(super) static PNDM: Pndm = Pndm {
    id: "pndm",
    label: "PLMS",
    aliases: &["PNDMScheduler"],
    start: Start::Heun,
};

pub(super) static PNDM_PRK: Pndm = Pndm {
    id: "pndm_prk",
    label: "PNDM PRK",
    aliases: &[],
    start: Start::RungeKutta,
};

impl Sampler for Pndm {
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
        TimestepStyle::Stride
    }

    /// The doubled first timestep counts as one of those left out, in diffusers, and then the step after the first.
    fn first_step(&self, skipped: usize) -> usize {
        match self.start {
            Start::Heun if skipped > 1 => skipped - 1,
            _ => skipped,
        }
    }

    fn sample(
        &self,
        host: &mut dyn SamplerContext,
        mut x: Tensor,
        table: &SigmaTable,
        _options: Options,
        first: usize,
    ) -> Result<Tensor, SampleError> {
        let from_picture = first > 0 && host.past(0).is_none() && self.start == Start::Heun;
        let mut index = first;
        while index < table.steps() {
            let x0 = begin(host, &x, table, index)?;
            let (sigma, next) = (table.sigmas()[index], table.sigmas()[index + 1]);
            let is_last = index + 1 == table.steps();
            let known = num_past(host).min(MOST_STEPS);
            let output = match self.start {
                Start::Heun if known == 1 && !is_last => heun_output(host, &x, &x0, table, index)?,
                Start::RungeKutta if known <= NUM_PRK_STEPS && !is_last => {
                    runge_kutta_output(host, &x, &x0, table, index)?
                }
                _ => {
                    let outputs = (0..known)
                        .filter_map(|back| host.past(back))
                        .map(|past| host.output_from_x0(&past.x, &past.x0, past.sigma))
                        .collect::<candle_core::Result<Vec<_>>>()?;
                    weighted_sum(&outputs, adams_bashforth(known))?
                }
            };
            let x0 = host.x0_from_output(&x, &output, sigma)?;
            x = toward(&x, &x0, table.target(index) / sigma)?;
            x = relabel(x, table.target(index), next)?;
            x = host.land(x, index)?;
            index += 1;
            if from_picture && index == first + 1 && index + 1 < table.steps() {
                x = relabel(x, next, table.sigmas()[index + 1])?;
                index += 1;
            }
        }
        Ok(x)
    }
}

/// The mean of the outputs at both ends of step `index`.
fn heun_output(
    host: &mut dyn SamplerContext,
    x: &Tensor,
    x0: &Tensor,
    table: &SigmaTable,
    index: usize,
) -> Result<Tensor, SampleError> {
    let (sigma, target, next) = (table.sigmas()[index], table.target(index), table.sigmas()[index + 1]);
    let ahead = relabel(toward(x, x0, target / sigma)?, target, next)?;
    let there = ask(host, &ahead, next)?;
    Ok(((host.output_from_x0(x, x0, sigma)? + there)? * 0.5)?)
}

/// The weighted mean of the outputs at both ends and twice in the middle of step `index`.
fn runge_kutta_output(
    host: &mut dyn SamplerContext,
    x: &Tensor,
    x0: &Tensor,
    table: &SigmaTable,
    index: usize,
) -> Result<Tensor, SampleError> {
    let (sigma, target, next) = (table.sigmas()[index], table.target(index), table.sigmas()[index + 1]);
    // Strides are halved downwards, so that the middle is another one as seen from the other end.
    let (landed, middle) = table.middle(index);
    let first = host.output_from_x0(x, x0, sigma)?;
    let second = ask(host, &relabel(toward(x, x0, landed / sigma)?, landed, middle)?, middle)?;
    let x0 = host.x0_from_output(x, &second, sigma)?;
    let third = ask(host, &toward(x, &x0, middle / sigma)?, middle)?;
    let x0 = host.x0_from_output(x, &third, sigma)?;
    let fourth = ask(host, &relabel(toward(x, &x0, target / sigma)?, target, next)?, next)?;
    let ends = (first + fourth)?;
    Ok((((second + third)? * 2.0 + ends)? / 6.0)?)
}

/// The network's output at a level.
fn ask(host: &mut dyn SamplerContext, x: &Tensor, sigma: f64) -> Result<Tensor, SampleError> {
    let x0 = host.denoise(x, sigma)?;
    Ok(host.output_from_x0(x, &x0, sigma)?)
}
