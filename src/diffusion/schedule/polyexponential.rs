//! Polynomials in ln σ.

use super::{Schedule, Span};
use crate::diffusion::ScheduleError;

/// The power, as in k-diffusion and A1111: 1, which makes it the exponential schedule at timesteps rounded to the nearest.
const RHO: f64 = 1.0;

/// ln σ falls like a power of the way (`get_sigmas_polyexponential` of k-diffusion).
pub(super) static POLYEXPONENTIAL: Schedule = Schedule {
    id: "polyexponential",
    label: "Polyexponential",
    rounds_to_nearest: true,
    sigmas,
    ..Schedule::DEFAULT
};

fn sigmas(span: &Span<'_>) -> Result<Vec<f64>, ScheduleError> {
    polyexponential_sigmas(span.steps(), span.sigma_min, span.sigma_max, RHO)
}

/// `ln σᵢ = ln σ_min + (1 − i/(n−1))^ρ · ln(σ_max/σ_min)` for i in 0..n.
fn polyexponential_sigmas(steps: usize, sigma_min: f64, sigma_max: f64, rho: f64) -> Result<Vec<f64>, ScheduleError> {
    if !(0.0 < sigma_min && sigma_min <= sigma_max && sigma_max.is_finite()) {
        return Err(ScheduleError::BadSigmaRange { sigma_min, sigma_max });
    }
    let last = (steps.max(2) - 1) as f64;
    let ramp = |i: usize| (1.0 - i as f64 / last).powf(rho);
    Ok((0..steps)
        .map(|i| (sigma_min.ln() + ramp(i) * (sigma_max / sigma_min).ln()).exp())
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn larger_powers_should_dwell_at_low_noise() {
        let of = |rho| polyexponential_sigmas(5, 0.01, 100.0, rho).unwrap();
        let (one, two) = (of(1.0), of(2.0));
        for (found, expected) in one.iter().zip([100.0, 10.0, 1.0, 0.1, 0.01]) {
            assert!((found / expected - 1.0).abs() < 1e-12, "{one:?}");
        }
        assert!((two[2] - 0.1).abs() < 1e-12, "{two:?}"); // ½² of four decades above 0.01
        assert_eq!((two[0], two[4]), (one[0], one[4]));
    }
}
