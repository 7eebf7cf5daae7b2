//! Without fine detail.

use super::resize::Filter;
use super::{Parameter, Pixels, Preprocessor};

/// Made small and large again: for networks that invent the detail.
pub(super) static TILE: Preprocessor = Preprocessor {
    id: "tile",
    label: "Tile",
    parameters: &[Parameter {
        id: "factor",
        label: "Shrink by",
        range: (1.0, 8.0),
        default: 2.0,
    }],
    apply,
};

fn apply(image: &Pixels, values: &[f64]) -> Pixels {
    let factor = values.first().copied().unwrap_or(1.0).max(1.0);
    let small = |side: usize| (side as f64 / factor).round().max(1.0) as usize;
    image
        .resized(small(image.width), small(image.height), Filter::Area)
        .resized(image.width, image.height, Filter::Cubic)
}
