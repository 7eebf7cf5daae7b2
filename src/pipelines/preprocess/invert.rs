//! Light for dark.

use super::{Pixels, Preprocessor};

/// 255 − x: for drawings in ink, where networks expect chalk.
pub(super) static INVERT: Preprocessor = Preprocessor {
    id: "invert",
    label: "Invert",
    parameters: &[],
    apply,
};

fn apply(image: &Pixels, _: &[f64]) -> Pixels {
    Pixels {
        values: image.values.iter().map(|value| 255.0 - value).collect(),
        ..*image
    }
}
