//! Lines as grey as they are strong.

use super::{Parameter, Pixels, Preprocessor};

/// Strength of a line in the middle of all lines.
const MEDIAN_STRENGTH: f32 = 127.0;
/// Lines are never raised by more than this median would be.
const LEAST_MEDIAN: f32 = 16.0;

/// How much darker a pixel is than its surroundings, in white on black.
pub(super) static LINEART: Preprocessor = Preprocessor {
    id: "lineart",
    label: "Line art",
    parameters: &[
        Parameter {
            id: "radius",
            label: "Surroundings (px)",
            range: (0.1, 32.0),
            default: 6.0,
        },
        Parameter {
            id: "threshold",
            label: "Threshold",
            range: (0.0, 16.0),
            default: 8.0,
        },
    ],
    apply,
};

fn apply(image: &Pixels, values: &[f64]) -> Pixels {
    let &[radius, threshold] = values else {
        return image.clone();
    };
    let darker = image.blurred(radius).minus(image);
    let strength = darker.map_pixels(|pixel| pixel.iter().copied().fold(f32::MAX, f32::min).max(0.0));
    let mut lines: Vec<f32> = strength.values.clone();
    lines.retain(|value| f64::from(*value) > threshold);
    lines.sort_by(f32::total_cmp);
    let median = lines
        .get(lines.len() / 2)
        .copied()
        .unwrap_or_default()
        .max(LEAST_MEDIAN);
    strength.map_pixels(|pixel| (pixel[0] / median * MEDIAN_STRENGTH).min(255.0))
}
