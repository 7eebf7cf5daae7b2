//! The post-operations of a product, applied to each tile before it is written: bias, condition, activation, shortcut,
//! rounding.

use super::micro::{AccTile, BlockPosition, NR};
use super::output::OutputPtr;
use crate::kernels::activation::{Activation, LEAKY_RELU_SLOPE};
use crate::kernels::cpu::element::{self, Element};

/// Where the rows of a product go.
#[derive(Debug, Clone, Copy)]
pub(crate) enum RowMap {
    /// Row i to row i.
    Same,
    /// The rows are the pixels of padded images, the results those of the pictures inside.
    Image {
        /// Rows from one image to the next.
        image: usize,
        /// Rows from one line to the next.
        pitch: usize,
        /// Lines of a result.
        height: usize,
        /// Pixels of a result's line.
        width: usize,
    },
}

/// Marks a row that is not part of the result.
const NOWHERE: usize = usize::MAX;

impl RowMap {
    /// Where the rows from `row` on go, one after another.
    #[inline(always)]
    fn cursor(self, row: usize) -> RowCursor {
        let (mut index, mut y, mut x) = (0, 0, row);
        if let Self::Image { image, pitch, .. } = self {
            let rest = row % image;
            (index, y, x) = (row / image, rest / pitch, rest % pitch);
        }
        RowCursor { map: self, index, y, x }
    }
}

/// Advances along the rows, so that no division is needed per row.
struct RowCursor {
    map: RowMap,
    index: usize,
    y: usize,
    x: usize,
}

impl RowCursor {
    #[inline(always)]
    fn next(&mut self) -> usize {
        let x = self.x;
        self.x += 1;
        match self.map {
            RowMap::Same => x,
            RowMap::Image {
                image,
                pitch,
                height,
                width,
            } => {
                let (index, y) = (self.index, self.y);
                if self.x == pitch {
                    self.x = 0;
                    self.y += 1;
                    if self.y * pitch == image {
                        self.y = 0;
                        self.index += 1;
                    }
                }
                if y < height && x < width {
                    (index * height + y) * width + x
                } else {
                    NOWHERE
                }
            }
        }
    }
}

/// result = after(activation(product + bias + condition) + shortcut).
#[derive(Clone, Copy)]
pub(crate) struct Epilogue<'a, O> {
    /// Added to every row: one number per column of the product.
    pub(crate) bias: Option<&'a [f32]>,
    /// Added to the rows of each image: `(images, columns)`, and the result's rows per image.
    pub(crate) condition: Option<(&'a [f32], usize)>,
    /// Applied before the shortcut, if the columns are not gated.
    pub(crate) activation: Activation,
    /// GEGLU: a · gelu(g) for the halves a and g of each panel, which gives half as many results as columns.
    pub(crate) is_gated: bool,
    /// Added after it, in the shape of the result.
    pub(crate) shortcut: Option<&'a [O]>,
    /// Whether negative sums become 0 at the very end.
    pub(crate) relu_after: bool,
    /// Where the rows go.
    pub(crate) rows: RowMap,
    /// How many rows the result has.
    pub(crate) output_rows: usize,
}

impl<O: Element> Epilogue<'_, O> {
    /// Rows of the result as they come, nothing done to them.
    pub(crate) fn plain(rows: usize) -> Self {
        Self {
            bias: None,
            condition: None,
            activation: Activation::None,
            is_gated: false,
            shortcut: None,
            relu_after: false,
            rows: RowMap::Same,
            output_rows: rows,
        }
    }

    /// Numbers in a row of the result.
    pub(crate) fn width(&self, outputs: usize) -> usize {
        if self.is_gated { outputs / 2 } else { outputs }
    }

    /// Asserts that every part has the size that `finish` relies on.
    pub(crate) fn check(&self, rows: usize, outputs: usize) {
        assert!(
            self.bias.is_none_or(|bias| bias.len() == outputs),
            "one bias per column"
        );
        assert!(
            self.condition.is_none_or(|(values, rows_per_image)| {
                rows_per_image > 0 && values.len() == self.output_rows.div_ceil(rows_per_image) * outputs
            }),
            "one condition per image and column"
        );
        assert!(
            self.shortcut
                .is_none_or(|shortcut| shortcut.len() == self.output_rows * self.width(outputs)),
            "the shortcut must have the shape of the result"
        );
        assert!(
            !self.is_gated || outputs.is_multiple_of(NR),
            "gated columns come in whole panels"
        );
        match self.rows {
            RowMap::Same => assert_eq!(rows, self.output_rows, "every row is a result"),
            RowMap::Image {
                image,
                pitch,
                height,
                width,
            } => assert!(
                width <= pitch
                    && height * pitch <= image + pitch - width
                    && self.output_rows.is_multiple_of(height * width),
                "the picture must lie within its padding"
            ),
        }
    }

    /// Finishes a tile and writes its results.
    ///
    /// # Safety
    /// [`OutputPtr`] holds `output_rows` rows; nobody else writes the results of these rows and this panel.
    #[inline(always)]
    pub(super) unsafe fn finish(&self, tile: &AccTile, position: BlockPosition, outputs: usize, target: OutputPtr<O>) {
        let BlockPosition { start, range, panel } = position;
        let first = panel * NR;
        let columns = NR.min(outputs - first);
        let bias = self.bias.map(|bias| &bias[first..first + columns]);
        let width = self.width(outputs);
        let mut cursor = self.rows.cursor(range.start);
        if columns == NR {
            // The compiler knows how many numbers these are, and so makes whole vectors of every step.
            let bias = bias.and_then(|bias| bias.first_chunk::<NR>());
            let out_first = if self.is_gated { first / 2 } else { first };
            for row in range {
                let place = cursor.next();
                if place >= self.output_rows {
                    continue;
                }
                let mut values = *tile.row(row - start);
                if let Some(bias) = bias {
                    add(&mut values, bias);
                }
                if let Some((condition, rows_per_image)) = self.condition {
                    let begin = place / rows_per_image * outputs + first;
                    if let Some(condition) = condition[begin..].first_chunk::<NR>() {
                        add(&mut values, condition);
                    }
                }
                let begin = place * width + out_first;
                // SAFETY: the caller's promise.
                unsafe {
                    if self.is_gated {
                        self.write(gated::<O>(&values), begin, target);
                    } else {
                        activate::<O>(&mut values, self.activation);
                        self.write(values, begin, target);
                    }
                }
            }
            return;
        }
        for row in range {
            let place = cursor.next();
            if place >= self.output_rows {
                continue;
            }
            let mut values = *tile.row(row - start);
            if let Some(bias) = bias {
                add(&mut values, bias);
            }
            if let Some((condition, rows_per_image)) = self.condition {
                let begin = place / rows_per_image * outputs + first;
                add(&mut values, &condition[begin..begin + columns]);
            }
            activate::<O>(&mut values, self.activation);
            let begin = place * width + first;
            if let Some(shortcut) = self.shortcut {
                add(&mut values, &shortcut[begin..begin + columns]);
            }
            // SAFETY: the caller's promise.
            let out = unsafe { target.slice(begin, columns) };
            for (out, value) in out.iter_mut().zip(&values) {
                let value = if self.relu_after { value.max(0.0) } else { *value };
                out.write(O::from_f32(value));
            }
        }
    }

    /// Adds the shortcut and writes `N` results from result `begin` on.
    ///
    /// # Safety
    /// As [`Epilogue::finish`].
    #[inline(always)]
    unsafe fn write<const N: usize>(&self, mut values: [f32; N], begin: usize, target: OutputPtr<O>) {
        if let Some(shortcut) = self.shortcut.and_then(|shortcut| shortcut[begin..].first_chunk::<N>()) {
            add(&mut values, shortcut);
        }
        if self.relu_after {
            // A loop, not `array::map`: that is a function of its own, which is not compiled for this path.
            for value in &mut values {
                *value = value.max(0.0);
            }
        }
        // SAFETY: the caller's promise.
        if let Some(out) = unsafe { target.slice(begin, N) }.first_chunk_mut::<N>() {
            for lane in 0..N {
                out[lane].write(O::from_f32(values[lane]));
            }
        }
    }
}

/// values += terms.
#[inline(always)]
fn add<E: Element>(values: &mut [f32], terms: &[E]) {
    for (value, term) in values.iter_mut().zip(terms) {
        *value += term.to_f32();
    }
}

/// Applies the activation to a row of a tile.
#[inline(always)]
fn activate<O: Element>(values: &mut [f32; NR], activation: Activation) {
    match activation {
        Activation::None => {}
        Activation::Silu => {
            for value in values {
                *value *= element::sigmoid(*value);
            }
        }
        Activation::Gelu => {
            for value in values {
                *value = O::gelu(*value);
            }
        }
        Activation::QuickGelu => {
            for value in values {
                *value *= element::sigmoid(1.702 * *value);
            }
        }
        Activation::Relu => {
            for value in values {
                *value = value.max(0.0);
            }
        }
        Activation::LeakyRelu => {
            for value in values {
                *value = value.max(LEAKY_RELU_SLOPE * *value);
            }
        }
    }
}

/// The first half of a row times the GELU of the second.
#[inline(always)]
fn gated<O: Element>(values: &[f32; NR]) -> [f32; NR / 2] {
    let mut gated = [0f32; NR / 2];
    for lane in 0..NR / 2 {
        gated[lane] = values[lane] * O::gelu(values[lane + NR / 2]);
    }
    gated
}
