//! What is done to a block of results before it is written: bias, condition, nonlinearity, shortcut, rounding.

use super::Block;
use super::COLUMNS;
use super::Target;
use crate::kernels::cpu::element;
use crate::kernels::cpu::element::Element;
use std::ops::Range;

/// Slope of [`Activation::LeakyRelu`] below 0.
pub(crate) const LEAK: f32 = 0.2;

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
    /// max(x, [`LEAK`] · x).
    LeakyRelu,
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

/// UserMetadata a row that is not part of the result.
const NOWHERE: usize = usize::MAX;

impl RowMap {
    /// The places of the rows from `row` on.
    #[inline(always)]
    fn places(self, row: usize) -> Places {
        let (mut index, mut y, mut x) = (0, 0, row);
        if let Self::Image { image, pitch, .. } = self {
            let rest = row % image;
            (index, y, x) = (row / image, rest / pitch, rest % pitch);
        }
        Places { map: self, index, y, x }
    }
}

/// Walks along the rows, so that nothing is divided on the way.
struct Places {
    map: RowMap,
    index: usize,
    y: usize,
    x: usize,
}

impl Places {
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
                width <= pitch
                    && height * pitch <= image + pitch - width
                    && self.output_rows.is_multiple_of(height * width),
                "the picture must lie within its padding"
            ),
        }
    }

    /// Finishes rows `range` of a block that begins at row `start` and writes them.
    ///
    /// # Safety
    /// [`Target`] holds `output_rows` rows; nobody else writes the results of these rows and this panel.
    #[inline(always)]
    #[expect(clippy::too_many_arguments, reason = "a block, its place, and where its results go")]
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
        let mut places = self.rows.places(range.start);
        if columns == COLUMNS {
            let bias = bias.and_then(|bias| bias.first_chunk::<COLUMNS>());
            for row in range {
                let place = places.next();
                if place >= self.output_rows {
                    continue;
                }
                let mut values = *block.row(row - start);
                if let Some(bias) = bias {
                    add(&mut values, bias);
                }
                if let Some((condition, rows_per_image)) = self.condition {
                    let begin = place / rows_per_image * outputs + first;
                    if let Some(condition) = condition[begin..].first_chunk::<COLUMNS>() {
                        add(&mut values, condition);
                    }
                }
                let begin = place * width + out_first;
                if self.activation == Activation::GeGlu {
                    let mut gated = [0f32; COLUMNS / 2];
                    for lane in 0..COLUMNS / 2 {
                        gated[lane] = values[lane] * O::gelu(values[lane + COLUMNS / 2]);
                    }
                    // SAFETY: the caller's promise.
                    unsafe { self.put(gated, begin, target) };
                } else {
                    activate::<O>(&mut values, self.activation);
                    // SAFETY: the caller's promise.
                    unsafe { self.put(values, begin, target) };
                }
            }
            return;
        }
        for row in range {
            let place = places.next();
            if place >= self.output_rows {
                continue;
            }
            let mut values = *block.row(row - start);
            if let Some(bias) = bias {
                add(&mut values, bias);
            }
            if let Some((condition, rows_per_image)) = self.condition {
                let begin = place / rows_per_image * outputs + first;
                add(&mut values, &condition[begin..begin + columns]);
            }
            activate::<O>(&mut values, self.activation);
            let begin = place * width + out_first;
            if let Some(shortcut) = self.shortcut {
                add(&mut values, &shortcut[begin..begin + out_columns]);
            }
            // SAFETY: the caller's promise.
            let out = unsafe { target.slice(begin, out_columns) };
            for (out, value) in out.iter_mut().zip(&values) {
                let value = if self.relu_after { value.max(0.0) } else { *value };
                out.write(O::from_f32(value));
            }
        }
    }

    /// Adds the shortcut and writes `N` results.
    ///
    /// # Safety
    /// As [`Epilogue::finish`].
    #[inline(always)]
    unsafe fn put<const N: usize>(&self, mut values: [f32; N], begin: usize, target: Target<O>) {
        if let Some(shortcut) = self.shortcut.and_then(|shortcut| shortcut[begin..].first_chunk::<N>()) {
            add(&mut values, shortcut);
        }
        if self.relu_after {
            values = values.map(|value| value.max(0.0));
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

/// Applies a nonlinearity to a row of a block; what is gated ends up in the first half.
#[inline(always)]
fn activate<O: Element>(values: &mut [f32; COLUMNS], activation: Activation) {
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
                *value = value.max(LEAK * *value);
            }
        }
        Activation::GeGlu => {
            let (a, gate) = values.split_at_mut(COLUMNS / 2);
            for (a, gate) in a.iter_mut().zip(gate) {
                *a *= O::gelu(*gate);
            }
        }
    }
}
