//! As if drawn quickly.

use super::{Parameter, Pixels, Preprocessor};

/// Blur of the strokes, in pixels.
const FINE_SIGMA: f64 = 0.5;

/// White strokes where a picture, slightly blurred, is darker than strongly blurred: the difference of two Gaussians,
/// cut at a threshold.
///
/// Source: <https://doi.org/10.1016/j.cag.2012.03.004>
pub(super) static SCRIBBLE: Preprocessor = Preprocessor {
    id: "scribble",
    label: "Scribble",
    parameters: &[
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
    ],
    apply,
};

fn apply(image: &Pixels, values: &[f64]) -> Pixels {
    let &[threshold, radius] = values else {
        return image.clone();
    };
    let darker = image.blurred(radius).minus(&image.blurred(FINE_SIGMA));
    darker.map_pixels(|pixel| {
        let is_stroke = pixel.iter().all(|value| f64::from(*value) > threshold);
        if is_stroke { 255.0 } else { 0.0 }
    })
}
