//! What is done to a block of results before it is written: bias, condition, nonlinearity, shortcut, rounding.

use super::Block;
use super::COLUMNS;
use super::Target;
use crate::kernels::cpu::element;
use crate::kernels::cpu::element::Element;
use std::ops::Range;

/// A function of one number, or of two.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Activation {
    /// x.
    #[default]
    None,
    /// x · sigmoid(x).
    Silu,
    /// x · Φ(x).
    Gelu,
    /// x · sigmoid(1.702 x).
    QuickGelu,
    /// max(x, 0).
    Relu,
    /// a · gelu(g) for the two halves of a panel; half as many results as columns.
    GeGlu,
}

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
    #[inline(always)]
    fn place(self, row: usize) -> usize {
        match self {
            Self::Same => row,
            Self::Image {
                image,
                pitch,
                height,
                width,
            } => {
                let (index, rest) = (row / image, row % image);
                let (y, x) = (rest / pitch, rest % pitch);
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
    /// Nonlinearity before the shortcut.
    pub(crate) activation: Activation,
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
            shortcut: None,
            relu_after: false,
            rows: RowMap::Same,
            output_rows: rows,
        }
    }

    /// Numbers in a row of the result.
    pub(crate) fn width(&self, outputs: usize) -> usize {
        match self.activation {
            Activation::GeGlu => outputs / 2,
            _ => outputs,
        }
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
            self.activation != Activation::GeGlu || outputs.is_multiple_of(2 * COLUMNS / 2),
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
                width <= pitch && height * pitch <= image + pitch - width && self.output_rows % (height * width) == 0,
                "the picture must lie within its padding"
            ),
        }
    }

    /// Finishes rows `range` of a block that begins at row `start` and writes them.
    ///
    /// # Safety
    /// [`Target`] holds `output_rows` rows; nobody else writes the results of these rows and this panel.
    #[inline(always)]
    pub(crate) unsafe fn finish(
        &self,
        block: &Block,
        start: usize,
        range: Range<usize>,
        panel: usize,
        outputs: usize,
        target: Target<O>,
    ) {
        let first = panel * COLUMNS;
        let columns = COLUMNS.min(outputs - first);
        let bias = self.bias.map(|bias| &bias[first..first + columns]);
        let width = self.width(outputs);
        let (out_first, out_columns) = match self.activation {
            Activation::GeGlu => (first / 2, columns / 2),
            _ => (first, columns),
        };
        for row in range {
            let place = self.rows.place(row);
            if place == NOWHERE || place >= self.output_rows {
                continue;
            }
            let mut values = *block.row(row - start);
            if let Some(bias) = bias {
                for (value, bias) in values.iter_mut().zip(bias) {
                    *value += bias;
                }
            }
            if let Some((condition, rows_per_image)) = self.condition {
                let begin = place / rows_per_image * outputs + first;
                for (value, condition) in values.iter_mut().zip(&condition[begin..begin + columns]) {
                    *value += condition;
                }
            }
            activate(&mut values, self.activation);
            let begin = place * width + out_first;
            if let Some(shortcut) = self.shortcut {
                for (value, add) in values.iter_mut().zip(&shortcut[begin..begin + out_columns]) {
                    *value += add.to_f32();
                }
            }
            if self.relu_after {
                for value in &mut values {
                    *value = value.max(0.0);
                }
            }
            // SAFETY: the caller's promise.
            let out = unsafe { target.slice(begin, out_columns) };
            for (out, value) in out.iter_mut().zip(&values) {
                out.write(O::from_f32(*value));
            }
        }
    }
}

/// Applies a nonlinearity to a row of a block; what is gated ends up in the first half.
#[inline(always)]
fn activate(values: &mut [f32; COLUMNS], activation: Activation) {
    match activation {
        Activation::None => {}
        Activation::Silu => {
            for value in values {
                *value *= element::sigmoid(*value);
            }
        }
        Activation::Gelu => {
            for value in values {
                *value = element::gelu(*value);
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
        Activation::GeGlu => {
            let (a, gate) = values.split_at_mut(COLUMNS / 2);
            for (a, gate) in a.iter_mut().zip(gate) {
                *a *= element::gelu(*gate);
            }
        }
    }
}
