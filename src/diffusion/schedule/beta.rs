//! Levels at quantiles of a beta distribution.

use statrs::distribution::{Beta as BetaDistribution, ContinuousCDF as _};

use super::{Schedule, Span};
use crate::diffusion::ScheduleError;

/// Both parameters of the distribution.
const SHAPE: f64 = 0.6;

/// Dense at both ends of the run: quantiles of Beta(0.6, 0.6) (Lee et al. 2024, <https://arxiv.org/abs/2407.12173>).
pub(super) static BETA: Schedule = Schedule {
    id: "beta",
    label: "Beta",
    sigmas,
    ..Schedule::DEFAULT
};

fn sigmas(span: &Span<'_>) -> Result<Vec<f64>, ScheduleError> {
    let (sigma_min, sigma_max) = (span.sigma_min, span.sigma_max);
    let bad_range = ScheduleError::BadSigmaRange { sigma_min, sigma_max };
    let steps = span.steps();
    if steps > 1 && !(0.0 < sigma_min && sigma_min < sigma_max && sigma_max.is_finite()) {
        return Err(bad_range);
    }
    let distribution = BetaDistribution::new(SHAPE, SHAPE).map_err(|_impossible| bad_range)?;
    let last = (steps.max(2) - 1) as f64;
    let levels = (0..steps).map(|i| match i {
        0 => sigma_max,
        i if i + 1 == steps => sigma_min,
        i => sigma_min + distribution.inverse_cdf(1.0 - i as f64 / last) * (sigma_max - sigma_min),
    });
    Ok(levels.collect())
}
