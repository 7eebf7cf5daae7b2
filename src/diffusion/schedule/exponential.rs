//! Evenly spaced in ln σ.

use super::Schedule;
use super::karras::spread;
use crate::diffusion::ScheduleError;

/// Each level the same fraction of the one before (<https://arxiv.org/abs/2206.00364>, with ρ → ∞).
pub(super) struct Exponential;

impl Schedule for Exponential {
    fn id(&self) -> &'static str {
        "exponential"
    }

    fn label(&self) -> &'static str {
        "Exponential"
    }

    fn sigmas(&self, planned: &[f64], sigma_min: f64, sigma_max: f64) -> Result<Vec<f64>, ScheduleError> {
        spread(planned.len(), sigma_min, sigma_max, f64::ln, f64::exp)
    }
}
