//! Evenly spaced in λ = ln(α/σ).

use super::karras::spread;
use super::{Schedule, Span};
use crate::diffusion::ScheduleError;

/// The levels of DPM-Solver (Lu et al. 2022, <https://arxiv.org/abs/2206.00927>): those of the exponential schedule,
/// at timesteps rounded to the nearest.
pub(super) static LU: Schedule = Schedule {
    id: "lu",
    label: "Lu",
    rounds_to_nearest: true,
    sigmas,
    ..Schedule::DEFAULT
};

fn sigmas(span: &Span<'_>) -> Result<Vec<f64>, ScheduleError> {
    spread(span.steps(), span.sigma_min, span.sigma_max, f64::ln, f64::exp)
}
