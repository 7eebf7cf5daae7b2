//! As if drawn quickly.

use super::{Parameter, Pixels, Preprocessor};

/// White strokes where a picture, slightly blurred, is darker than strongly blurred: the difference of two Gaussians,
/// cut at a threshold.
///
/// Source: <https://doi.org/10.1016/j.cag.2012.03.004>
pub(super) struct Scribble;

/// Blur of the strokes, in pixels.
const FINE_SIGMA: f64 = 0.5;

impl Preprocessor for Scribble {
    fn id(&self) -> &'static str {
        "scribble"
    }

    fn label(&self) -> &'static str {
        "Scribble"
    }

    fn parameters(&self) -> &'static [Parameter] {
        &[
            Parameter {
                id: "threshold",
                label: "Threshold",
                range: (1.0, 64.0),
                default: 16.0,
            },
            Parameter {
                id: "radius",
                label: "Stroke (px)",
                range: (1.0, 16.0),
                default: 5.0,
            },
        ]
    }

    fn apply(&self, image: &Pixels, values: &[f64]) -> Pixels {
        let &[threshold, radius] = values else {
            return image.clone();
        };
        let (fine, coarse) = (image.blurred(FINE_SIGMA), image.blurred(radius));
        let darker = coarse
            .values
            .iter()
            .zip(&fine.values)
            .map(|(coarse, fine)| coarse - fine);
        let difference = Pixels {
            values: darker.collect(),
            ..*image
        };
        difference.map_pixels(|pixel| {
            let is_stroke = pixel.iter().all(|value| f64::from(*value) > threshold);
            if is_stroke { 255.0 } else { 0.0 }
        })
    }
}
