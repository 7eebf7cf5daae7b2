//! A straight line, then a parabola.

use super::{Schedule, Span};

/// How much of the noise is gone after the straight half.
const THRESHOLD: f64 = 0.025;

/// The noise level falls along a line to 97.5 % of its largest for the first half of the steps, then along a parabola
/// (Genmo's Mochi; `linear_quadratic` of ComfyUI). Made for flow models; others change little in its first half.
pub(super) static LINEAR_QUADRATIC: Schedule = Schedule {
    id: "linear_quadratic",
    label: "Linear Quadratic",
    rounds_to_nearest: true,
    sigmas: |span| Ok(sigmas(span)),
    ..Schedule::DEFAULT
};

fn sigmas(span: &Span<'_>) -> Vec<f64> {
    let (steps, sigma_max) = (span.steps(), span.training.sigma_max());
    if steps < 2 {
        return vec![sigma_max; steps];
    }
    let straight = steps / 2;
    let (line, rest) = (straight as f64, (steps - straight) as f64);
    // The parabola continues the line at its value and ends at 1 where the steps do.
    let missing = line - THRESHOLD * steps as f64;
    let square = missing / (line * rest * rest);
    let slope = THRESHOLD / line - 2.0 * missing / (rest * rest);
    let gone = |i: usize| {
        let at = i as f64;
        if i < straight {
            at * THRESHOLD / line
        } else {
            square * at * at + slope * at + square * line * line
        }
    };
    (0..steps).map(|i| sigma_max * (1.0 - gone(i))).collect()
}
