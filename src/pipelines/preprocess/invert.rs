//! Light for dark.

use super::{Parameter, Pixels, Preprocessor};

/// 255 − x: for drawings in ink, where networks expect chalk.
pub(super) struct Invert;

impl Preprocessor for Invert {
    fn id(&self) -> &'static str {
        "invert"
    }

    fn label(&self) -> &'static str {
        "Invert"
    }

    fn parameters(&self) -> &'static [Parameter] {
        &[]
    }

    fn apply(&self, image: &Pixels, _: &[f64]) -> Pixels {
        Pixels {
            values: image.values.iter().map(|value| 255.0 - value).collect(),
            ..*image
        }
    }
}
