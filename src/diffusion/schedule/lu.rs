//! Evenly spaced in λ = ln(α/σ).

use super::Schedule;
use super::karras::spread;
use crate::diffusion::ScheduleError;

/// The levels of DPM-Solver (Lu et al. 2022, <https://arxiv.org/abs/2206.00927>): those of the exponential schedule,
/// at timesteps rounded to the nearest.
pub(super) struct Lu;

impl Schedule for Lu {
    fn id(&self) -> &'static str {
        "lu"
    }

    fn label(&self) -> &'static str {
        "Lu"
    }

    fn sigmas(&self, planned: &[f64], sigma_min: f64, sigma_max: f64) -> Result<Vec<f64>, ScheduleError> {
        spread(planned.len(), sigma_min, sigma_max, f64::ln, f64::exp)
    }

    fn rounds_to_nearest(&self) -> bool {
        true
    }
}
