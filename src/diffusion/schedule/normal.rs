//! The training schedule itself.

use super::Schedule;
use crate::diffusion::ScheduleError;

/// The noise levels of the timesteps that the spacing chose.
pub(super) struct Normal;

impl Schedule for Normal {
    fn id(&self) -> &'static str {
        "normal"
    }

    fn label(&self) -> &'static str {
        "Normal"
    }

    fn sigmas(&self, planned: &[f64], _sigma_min: f64, _sigma_max: f64) -> Result<Vec<f64>, ScheduleError> {
        Ok(planned.to_vec())
    }

    fn keeps_timesteps(&self) -> bool {
        true
    }
}
