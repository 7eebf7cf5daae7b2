//! Evenly spaced in ln σ.

use super::karras::spread;
use super::{Schedule, ScheduleSpec, Span};
use crate::diffusion::ScheduleError;

/// Each level the same fraction of the one before (<https://arxiv.org/abs/2206.00364>, with ρ → ∞).
pub(super) struct Exponential;

impl Schedule for Exponential {
    fn spec(&self) -> &ScheduleSpec {
        const SPEC: ScheduleSpec = ScheduleSpec {
            id: "exponential",
            label: "Exponential",
            ..ScheduleSpec::DEFAULT
        };
        &SPEC
    }

    fn sigmas(&self, span: &Span<'_>) -> Result<Vec<f64>, ScheduleError> {
        spread(span.steps(), span.sigma_min, span.sigma_max, f64::ln, f64::exp)
    }
}
