//! Evenly spaced in ln σ.

use super::karras::spread;
use super::{Schedule, Span};
use crate::diffusion::ScheduleError;

/// Each level the same fraction of the one before (<https://arxiv.org/abs/2206.00364>, with ρ → ∞).
pub(super) static EXPONENTIAL: Schedule = Schedule {
    id: "exponential",
    label: "Exponential",
    sigmas,
    ..Schedule::DEFAULT
};

fn sigmas(span: &Span<'_>) -> Result<Vec<f64>, ScheduleError> {
    spread(span.steps(), span.sigma_min, span.sigma_max, f64::ln, f64::exp)
}
