//! Out of focus.

use super::{Parameter, Pixels, Preprocessor};

/// A Gaussian blur: for networks that sharpen.
pub(super) struct Blur;

impl Preprocessor for Blur {
    fn id(&self) -> &'static str {
        "blur"
    }

    fn label(&self) -> &'static str {
        "Blur"
    }

    fn parameters(&self) -> &'static [Parameter] {
        &[Parameter {
            id: "radius",
            label: "Radius (px)",
            range: (0.0, 64.0),
            default: 9.0,
        }]
    }

    fn apply(&self, image: &Pixels, values: &[f64]) -> Pixels {
        image.blurred(values.first().copied().unwrap_or_default())
    }
}
