//! The multistep solvers of DPM-Solver++, for the ODE and for the SDE.

use candle_core::Tensor;

use super::{Options, Sampler, SamplerContext, begin, stable_order, toward, with_noise};
use crate::diffusion::SampleError;
use crate::diffusion::schedule::{SigmaTable, TimestepStyle};

/// DPM-Solver++(2M), (3M) and their SDE variants. One model call per step; the steps before give the higher orders.
///
/// Lu et al. (2022), algorithm 2 and appendix, <https://arxiv.org/abs/2211.01095>; `DPMSolverMultistepScheduler` with
/// `algorithm_type` `dpmsolver++` and `sde-dpmsolver++`. Its (3M), like k-diffusion's, counts the bend of the estimate
/// half, which leaves it at second order with a smaller error.
pub(super) struct Multistep {
    id: &'static str,
    label: &'static str,
    aliases: &'static [&'static str],
    /// Estimates that a step looks at, 2 or 3.
    order: usize,
    /// How the second order is weighed where there is no third.
    rule: Rule,
    is_stochastic: bool,
}

/// What the change of the estimate counts in a step of length h, in ln σ.
#[derive(Clone, Copy)]
enum Rule {
    /// (1 − e⁻ʰ) / 2
    Midpoint,
    /// (e⁻ʰ − 1) / h + 1, the exact integral
    Heun,
}

pub(super) static DPMPP_2M: Multistep = Multistep {
    id: "dpmpp_2m",
    label: "DPM++ 2M",
    aliases: &[
        "DPMSolverMultistepScheduler",
        "EDMDPMSolverMultistepScheduler",
        "edm_dpmpp_2m",
    ],
    order: 2,
    rule: Rule::Midpoint,
    is_stochastic: false,
};

pub(super) static DPMPP_2M_HEUN: Multistep = Multistep {
    id: "dpmpp_2m_heun",
    label: "DPM++ 2M Heun",
    aliases: &[],
    rule: Rule::Heun,
    ..DPMPP_2M
};

pub(super) static DPMPP_3M: Multistep = Multistep {
    id: "dpmpp_3m",
    label: "DPM++ 3M",
    aliases: &[],
    order: 3,
    ..DPMPP_2M
};

pub(super) static DPMPP_2M_SDE: Multistep = Multistep {
    id: "dpmpp_2m_sde",
    label: "DPM++ 2M SDE",
    aliases: &["dpmpp_2m_sde_gpu"],
    is_stochastic: true,
    ..DPMPP_2M
};

pub(super) static DPMPP_2M_SDE_HEUN: Multistep = Multistep {
    id: "dpmpp_2m_sde_heun",
    label: "DPM++ 2M SDE Heun",
    aliases: &["dpmpp_2m_sde_heun_gpu"],
    rule: Rule::Heun,
    ..DPMPP_2M_SDE
};

pub(super) static DPMPP_3M_SDE: Multistep = Multistep {
    id: "dpmpp_3m_sde",
    label: "DPM++ 3M SDE",
    aliases: &["dpmpp_3m_sde_gpu"],
    order: 3,
    ..DPMPP_2M_SDE
};

impl Sampler for Multistep {
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

    fn is_stochastic(&self, _eta: f64) -> bool {
        self.is_stochastic
    }

    fn sample(
        &self,
        host: &mut dyn SamplerContext,
        mut x: Tensor,
        table: &SigmaTable,
        options: Options,
        first: usize,
    ) -> Result<Tensor, SampleError> {
        let most = options.order.unwrap_or(self.order);
        for index in first..table.steps() {
            let x0 = begin(host, &x, table, index)?;
            let ratio = table.target(index) / table.sigmas()[index]; // e⁻ʰ
            let correction = self.correction(host, ratio, &x0, most.min(stable_order(table, index)))?;
            x = if self.is_stochastic {
                toward(&x, &x0, ratio * ratio)?
            } else {
                toward(&x, &x0, ratio)?
            };
            if let Some(correction) = correction {
                x = (x + correction)?;
            }
            if self.is_stochastic {
                let amount = table.target(index) * (1.0 - ratio * ratio).max(0.0).sqrt();
                x = with_noise(host, x, amount, index)?;
            }
            x = host.land(x, index)?;
        }
        Ok(x)
    }
}

impl Multistep {
    /// What the steps before add to Euler's step of length h = −ln `ratio`; `None` if there are none, or `order` is 1.
    fn correction(
        &self,
        host: &dyn SamplerContext,
        ratio: f64,
        x0: &Tensor,
        order: usize,
    ) -> candle_core::Result<Option<Tensor>> {
        let (Some(now), Some(one), true) = (host.past(0), host.past(1), order > 1) else {
            return Ok(None);
        };
        let h = -ratio.ln();
        // The SDE's step is the ODE's of twice the length.
        let length = if self.is_stochastic { 2.0 * h } else { h };
        let decay = (-length).exp_m1();
        let heun = decay / length + 1.0;
        let r0 = (one.sigma / now.sigma).ln() / h;
        let change = ((x0 - &one.x0)? / r0)?;
        let Some(two) = host.past(2).filter(|_| order > 2) else {
            let weight = match self.rule {
                Rule::Midpoint => -0.5 * decay,
                Rule::Heun => heun,
            };
            return Ok(Some((change * weight)?));
        };
        let r1 = (two.sigma / one.sigma).ln() / h;
        let change_before = ((&one.x0 - &two.x0)? / r1)?;
        let bend = ((&change - change_before)? / (r0 + r1))?;
        let first = (change + (&bend * r0)?)?;
        let second = (decay + length) / (length * length);
        // diffusers takes half of `bend` away from the SDE's step where the derivation adds it; it is followed.
        let weight = if self.is_stochastic {
            -second - 0.5
        } else {
            0.5 - second
        };
        Ok(Some(((first * heun)? + (bend * weight)?)?))
    }
}
