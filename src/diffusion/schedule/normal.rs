//! The training schedule itself.

use super::{Schedule, Span};
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

    fn aliases(&self) -> &'static [&'static str] {
        &["uniform", "discrete", "default", "automatic"]
    }

    fn sigmas(&self, span: &Span<'_>) -> Result<Vec<f64>, ScheduleError> {
        Ok(span.planned.to_vec())
    }

    fn keeps_timesteps(&self) -> bool {
        true
    }
}
