//! Noise levels of Karras et al. (2022).

use super::{Schedule, Span};
use crate::diffusion::ScheduleError;

/// ρ of the paper.
const RHO: f64 = 7.0;

/// Dense near the end of the run, sparse near its beginning.
pub(super) static KARRAS: Schedule = Schedule {
    id: "karras",
    label: "Karras",
    rounds_to_nearest: true,
    sigmas,
    ..Schedule::DEFAULT
};

fn sigmas(span: &Span<'_>) -> Result<Vec<f64>, ScheduleError> {
    karras_sigmas(span.steps(), span.sigma_min, span.sigma_max, RHO)
}

/// Noise levels of Karras et al. (2022): dense near `sigma_min`, sparse near `sigma_max`.
///
/// `σᵢ = (σ_max^(1/ρ) + i/(n−1) · (σ_min^(1/ρ) − σ_max^(1/ρ)))^ρ` for i in 0..n.
///
/// * `steps`: levels wanted, n ≥ 1. With n = 1 the result is `[sigma_max]`.
/// * `sigma_min`, `sigma_max`: standard deviation of the noise, in units of the data's; 0 < min < max.
/// * `rho`: dimensionless; 7 in the paper.
///
/// Returns `steps` strictly falling values, `sigma_max` first.
///
/// # Errors
/// [`ScheduleError::NoSteps`] if `steps` is 0, [`ScheduleError::BadSigmaRange`] if the range is empty or not finite.
///
/// Source: <https://arxiv.org/abs/2206.00364>
pub fn karras_sigmas(steps: usize, sigma_min: f64, sigma_max: f64, rho: f64) -> Result<Vec<f64>, ScheduleError> {
    let warp = |sigma: f64| sigma.powf(rho.recip());
    spread(steps, sigma_min, sigma_max, warp, |warped| warped.powf(rho))
}

/// `steps` levels from `sigma_max` down to `sigma_min`, evenly spaced after `warp`.
pub(super) fn spread(
    steps: usize,
    sigma_min: f64,
    sigma_max: f64,
    warp: impl Fn(f64) -> f64,
    unwarp: impl Fn(f64) -> f64,
) -> Result<Vec<f64>, ScheduleError> {
    if steps == 0 {
        return Err(ScheduleError::NoSteps);
    }
    if steps == 1 {
        return Ok(vec![sigma_max]);
    }
    if !(0.0 < sigma_min && sigma_min < sigma_max && sigma_max.is_finite()) {
        return Err(ScheduleError::BadSigmaRange { sigma_min, sigma_max });
    }
    let (start, end) = (warp(sigma_max), warp(sigma_min));
    let last = (steps - 1) as f64;
    Ok((0..steps)
        .map(|i| unwarp(start + i as f64 / last * (end - start)))
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_should_fall_from_the_largest_to_the_smallest() {
        let sigmas = karras_sigmas(10, 0.03, 14.6, 7.0).unwrap();
        assert!((sigmas[0] - 14.6).abs() < 1e-9 && (sigmas[9] - 0.03).abs() < 1e-9);
        assert!(sigmas.windows(2).all(|pair| pair[0] > pair[1]));
    }

    #[test]
    fn an_empty_range_should_be_refused() {
        for (min, max) in [(0.0, 1.0), (2.0, 1.0), (1.0, f64::INFINITY), (f64::NAN, 1.0)] {
            assert!(karras_sigmas(4, min, max, 7.0).is_err(), "{min} {max}");
        }
    }
}
