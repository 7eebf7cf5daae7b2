//! Evenly spaced in λ = ln(α/σ).

use super::karras::spread;
use super::{Schedule, ScheduleSpec, Span};
use crate::diffusion::ScheduleError;

/// The levels of DPM-Solver (Lu et al. 2022, <https://arxiv.org/abs/2206.00927>): those of the exponential schedule,
/// at timesteps rounded to the nearest.
pub(super) struct Lu;

impl Schedule for Lu {
    fn spec(&self) -> &ScheduleSpec {
        const SPEC: ScheduleSpec = ScheduleSpec {
            id: "lu",
            label: "Lu",
            rounds_to_nearest: true,
            ..ScheduleSpec::DEFAULT
        };
        &SPEC
    }

    fn sigmas(&self, span: &Span<'_>) -> Result<Vec<f64>, ScheduleError> {
        spread(span.steps(), span.sigma_min, span.sigma_max, f64::ln, f64::exp)
    }
}
