//! Lines as grey as they are strong.

use super::{Parameter, Pixels, Preprocessor};

/// How much darker a pixel is than its surroundings, in white on black.
pub(super) struct Lineart;

/// Strength of a line in the middle of all lines.
const MEDIAN_STRENGTH: f32 = 127.0;
/// Lines are never raised by more than this median would be.
const LEAST_MEDIAN: f32 = 16.0;

impl Preprocessor for Lineart {
    fn id(&self) -> &'static str {
        "lineart"
    }

    fn label(&self) -> &'static str {
        "Line art"
    }

    fn parameters(&self) -> &'static [Parameter] {
        &[
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
        ]
    }

    fn apply(&self, image: &Pixels, values: &[f64]) -> Pixels {
        let &[radius, threshold] = values else {
            return image.clone();
        };
        let around = image.blurred(radius);
        let darker = around
            .values
            .iter()
            .zip(&image.values)
            .map(|(around, own)| around - own);
        let difference = Pixels {
            values: darker.collect(),
            ..*image
        };
        let strength = difference.map_pixels(|pixel| pixel.iter().copied().fold(f32::MAX, f32::min).max(0.0));
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
}
