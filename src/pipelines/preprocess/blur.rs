//! Out of focus.

use super::{Parameter, Pixels, Preprocessor};

/// A Gaussian blur: for networks that sharpen.
pub(super) static BLUR: Preprocessor = Preprocessor {
    id: "blur",
    label: "Blur",
    parameters: &[Parameter {
        id: "radius",
        label: "Radius (px)",
        range: (0.0, 64.0),
        default: 9.0,
    }],
    apply,
};

fn apply(image: &Pixels, values: &[f64]) -> Pixels {
    image.blurred(values.first().copied().unwrap_or_default())
}
