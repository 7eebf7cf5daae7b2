//! Evenly spaced in arctan σ.

use super::karras::spread;
use super::{Schedule, Span};
use crate::diffusion::ScheduleError;

/// The levels that minimise the Kullback–Leibler bound of Align Your Steps where data is Gaussian (Sabour et al. 2024,
/// theorem 3.1, <https://arxiv.org/abs/2404.14507>).
pub(super) static KL_OPTIMAL: Schedule = Schedule {
    id: "kl_optimal",
    label: "KL Optimal",
    rounds_to_nearest: true,
    sigmas,
    ..Schedule::DEFAULT
};

fn sigmas(span: &Span<'_>) -> Result<Vec<f64>, ScheduleError> {
    let training = span.training;
    spread(
        span.steps(),
        training.sigma_min(),
        training.sigma_max(),
        f64::atan,
        f64::tan,
    )
}
