//! The multistep solvers of DPM-Solver++, for the ODE and for the SDE.

use candle_core::Tensor;

use super::{Sampler, SamplerContext, SamplerSpec, Step, StepNoise, stable_order, toward, with_noise};
use crate::diffusion::SampleError;
use crate::diffusion::schedule::TimestepStyle;

/// DPM-Solver++(2M), (3M) and their SDE variants. One model call per step; the steps before give the higher orders.
///
/// Lu et al. (2022), algorithm 2 and appendix, <https://arxiv.org/abs/2211.01095>; `DPMSolverMultistepScheduler` with
/// `algorithm_type` `dpmsolver++` and `sde-dpmsolver++`. Its (3M), like k-diffusion's, counts the second difference of the
/// estimate half, which leaves it at second order with a smaller error.
///
/// With λ = −ln σ, h = λ′ − λ and D for the estimate extrapolated from the steps before:
/// - ODE: x′ = e⁻ʰ x + (1 − e⁻ʰ) D;
/// - SDE: x′ = e⁻²ʰ x + (1 − e⁻²ʰ) D + σ′ √(1 − e⁻²ʰ) ε, the ODE's step of twice the length, and noise.
pub(super) struct Multistep {
    spec: SamplerSpec,
    /// Estimates that a step looks at, 2 or 3.
    estimates: usize,
    /// How the second order is weighed where there is no third.
    rule: Rule,
}

/// The weight of the estimate's first difference in a step of length h in λ.
#[derive(Clone, Copy)]
enum Rule {
    /// (1 − e⁻ʰ) / 2
    Midpoint,
    /// (e⁻ʰ − 1) / h + 1, the exact integral
    Heun,
}

/// What all variants have in common.
const BASE: SamplerSpec = SamplerSpec {
    order: 2,
    timestep_style: TimestepStyle::Solver,
    ..SamplerSpec::DEFAULT
};

pub(super) static DPMPP_2M: Multistep = Multistep {
    spec: SamplerSpec {
        id: "dpmpp_2m",
        label: "DPM++ 2M",
        aliases: &[
            "DPMSolverMultistepScheduler",
            "EDMDPMSolverMultistepScheduler",
            "edm_dpmpp_2m",
        ],
        ..BASE
    },
    estimates: 2,
    rule: Rule::Midpoint,
};

pub(super) static DPMPP_2M_HEUN: Multistep = Multistep {
    spec: SamplerSpec {
        id: "dpmpp_2m_heun",
        label: "DPM++ 2M Heun",
        ..BASE
    },
    estimates: 2,
    rule: Rule::Heun,
};

pub(super) static DPMPP_3M: Multistep = Multistep {
    spec: SamplerSpec {
        id: "dpmpp_3m",
        label: "DPM++ 3M",
        ..BASE
    },
    estimates: 3,
    rule: Rule::Midpoint,
};

pub(super) static DPMPP_2M_SDE: Multistep = Multistep {
    spec: SamplerSpec {
        id: "dpmpp_2m_sde",
        label: "DPM++ 2M SDE",
        aliases: &["dpmpp_2m_sde_gpu"],
        noise: StepNoise::Always,
        ..BASE
    },
    estimates: 2,
    rule: Rule::Midpoint,
};

pub(super) static DPMPP_2M_SDE_HEUN: Multistep = Multistep {
    spec: SamplerSpec {
        id: "dpmpp_2m_sde_heun",
        label: "DPM++ 2M SDE Heun",
        aliases: &["dpmpp_2m_sde_heun_gpu"],
        noise: StepNoise::Always,
        ..BASE
    },
    estimates: 2,
    rule: Rule::Heun,
};

pub(super) static DPMPP_3M_SDE: Multistep = Multistep {
    spec: SamplerSpec {
        id: "dpmpp_3m_sde",
        label: "DPM++ 3M SDE",
        aliases: &["dpmpp_3m_sde_gpu"],
        noise: StepNoise::Always,
        ..BASE
    },
    estimates: 3,
    rule: Rule::Midpoint,
};

impl Sampler for Multistep {
    fn spec(&self) -> &SamplerSpec {
        &self.spec
    }

    fn step(&self, ctx: &mut dyn SamplerContext, step: &Step<'_>) -> Result<Tensor, SampleError> {
        match self.spec.noise {
            StepNoise::Always => self.sde_step(ctx, step),
            StepNoise::None | StepNoise::WithEta => Ok(self.ode_step(ctx, step)?),
        }
    }
}

impl Multistep {
    fn ode_step(&self, ctx: &dyn SamplerContext, step: &Step<'_>) -> candle_core::Result<Tensor> {
        let ratio = step.target() / step.sigma(); // e⁻ʰ
        let h = -ratio.ln();
        let x = toward(step.x, step.x0, ratio)?;
        match self.differences(ctx, step, h)? {
            Differences::None => Ok(x),
            Differences::First(d1) => x + (d1 * self.first_weight(h))?,
            Differences::Second(d1, d2) => {
                let d2 = (d2 * (0.5 - second_weight(h)))?;
                x + ((d1 * heun_weight(h))? + d2)?
            }
        }
    }

    fn sde_step(&self, ctx: &mut dyn SamplerContext, step: &Step<'_>) -> Result<Tensor, SampleError> {
        let ratio = step.target() / step.sigma(); // e⁻ʰ
        let h = -ratio.ln();
        let length = 2.0 * h;
        let x = toward(step.x, step.x0, ratio * ratio)?;
        let x = match self.differences(ctx, step, h)? {
            Differences::None => x,
            Differences::First(d1) => (x + (d1 * self.first_weight(length))?)?,
            Differences::Second(d1, d2) => {
                // diffusers takes half of `d2` away where the derivation adds it; it is followed.
                let d2 = (d2 * (-second_weight(length) - 0.5))?;
                (x + ((d1 * heun_weight(length))? + d2)?)?
            }
        };
        let amount = step.target() * (1.0 - ratio * ratio).max(0.0).sqrt();
        with_noise(ctx, x, amount, step.index, step.index)
    }

    /// The differences of the estimate that the step is extrapolated with, as many as there are steps and order allow.
    ///
    /// * `h`: length of the step in λ.
    fn differences(&self, ctx: &dyn SamplerContext, step: &Step<'_>, h: f64) -> candle_core::Result<Differences> {
        let order = step.options.order.unwrap_or(self.estimates).min(stable_order(step));
        let Some(last) = ctx.past(1).filter(|_| order > 1) else {
            return Ok(Differences::None);
        };
        let r0 = (last.sigma / step.sigma()).ln() / h;
        let d1_0 = ((step.x0 - &last.x0)? / r0)?;
        let Some(before) = ctx.past(2).filter(|_| order > 2) else {
            return Ok(Differences::First(d1_0));
        };
        let r1 = (before.sigma / last.sigma).ln() / h;
        let d1_1 = ((&last.x0 - &before.x0)? / r1)?;
        let d2 = ((&d1_0 - d1_1)? / (r0 + r1))?;
        Ok(Differences::Second((d1_0 + (&d2 * r0)?)?, d2))
    }

    /// Weight of the first difference where it is the only one.
    fn first_weight(&self, h: f64) -> f64 {
        match self.rule {
            Rule::Midpoint => -0.5 * (-h).exp_m1(),
            Rule::Heun => heun_weight(h),
        }
    }
}

/// Divided differences of the estimate at the start of the step, in units of its length.
enum Differences {
    None,
    First(Tensor),
    Second(Tensor, Tensor),
}

/// (e⁻ʰ − 1) / h + 1
fn heun_weight(h: f64) -> f64 {
    (-h).exp_m1() / h + 1.0
}

/// (e⁻ʰ − 1 + h) / h²
fn second_weight(h: f64) -> f64 {
    ((-h).exp_m1() + h) / (h * h)
}
