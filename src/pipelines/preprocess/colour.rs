//! Where which colour is.

use super::resize::Filter;
use super::{Parameter, Pixels, Preprocessor};

/// Squares, each of the mean colour of what it covers.
pub(super) static COLOUR: Preprocessor = Preprocessor {
    id: "colour",
    label: "Colour grid",
    parameters: &[Parameter {
        id: "cell",
        label: "Cell (px)",
        range: (2.0, 512.0),
        default: 64.0,
    }],
    apply,
};

fn apply(image: &Pixels, values: &[f64]) -> Pixels {
    let cell = values.first().copied().unwrap_or(1.0).max(1.0);
    let cells = |side: usize| (side as f64 / cell).round().max(1.0) as usize;
    let (columns, rows) = (cells(image.width), cells(image.height));
    let grid = image.resized(columns, rows, Filter::Area);
    let mut values = Vec::with_capacity(image.values.len());
    for y in 0..image.height {
        for x in 0..image.width {
            let place = (y * rows / image.height) * columns + x * columns / image.width;
            values.extend_from_slice(&grid.values[place * image.channels..][..image.channels]);
        }
    }
    Pixels { values, ..*image }
}
