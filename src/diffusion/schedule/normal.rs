//! The training schedule itself.

use super::{Schedule, ScheduleSpec, Span};
use crate::diffusion::ScheduleError;

/// The noise levels of the timesteps that the spacing chose.
pub(super) struct Normal;

impl Schedule for Normal {
    fn spec(&self) -> &ScheduleSpec {
        const SPEC: ScheduleSpec = ScheduleSpec {
            id: "normal",
            label: "Normal",
            aliases: &["uniform", "discrete", "default", "automatic"],
            keeps_timesteps: true,
            ..ScheduleSpec::DEFAULT
        };
        &SPEC
    }

    fn sigmas(&self, span: &Span<'_>) -> Result<Vec<f64>, ScheduleError> {
        Ok(span.planned.to_vec())
    }
}
