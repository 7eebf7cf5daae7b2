//! Without fine detail.

use super::resize::Filter;
use super::{Parameter, Pixels, Preprocessor};

/// Made small and large again: for networks that invent the detail.
pub(super) struct Tile;

impl Preprocessor for Tile {
    fn id(&self) -> &'static str {
        "tile"
    }

    fn label(&self) -> &'static str {
        "Tile"
    }

    fn parameters(&self) -> &'static [Parameter] {
        &[Parameter {
            id: "factor",
            label: "Shrink by",
            range: (1.0, 8.0),
            default: 2.0,
        }]
    }

    fn apply(&self, image: &Pixels, values: &[f64]) -> Pixels {
        let factor = values.first().copied().unwrap_or(1.0).max(1.0);
        let small = |side: usize| (side as f64 / factor).round().max(1.0) as usize;
        image
            .resized(small(image.width), small(image.height), Filter::Area)
            .resized(image.width, image.height, Filter::Cubic)
    }
}
