//! Weights in the order in which a product reads them.

use super::COLUMNS;
use super::DEPTH_STEP;
use super::Multiplied;
use rayon::prelude::*;

/// How the rows of a convolution's weights (its inputs at each tap of the kernel) follow one another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Order {
    /// All inputs of a tap, then the next tap.
    TapByTap,
    /// For each line of the kernel: [`DEPTH_STEP`] inputs at all taps of the line, then the next inputs.
    LineByLine,
}

/// A matrix of weights `(depth, outputs)` in panels of [`COLUMNS`] columns, each as deep as the whole matrix; depth and
/// columns are filled up with zeros. Within a panel: row after row for f32, pairs of rows interleaved for bf16.
#[derive(Debug, Clone)]
pub(crate) struct Packed<E> {
    panels: Vec<E>,
    depth: usize,
    outputs: usize,
}

impl<E: Multiplied> Packed<E> {
    /// Depth with its filling: what the sources of a product must have.
    pub(crate) fn depth(&self) -> usize {
        self.depth
    }

    /// Columns without filling.
    pub(crate) fn outputs(&self) -> usize {
        self.outputs
    }

    /// How many panels there are.
    pub(crate) fn panels(&self) -> usize {
        self.outputs.div_ceil(COLUMNS)
    }

    /// One panel: `depth · COLUMNS` numbers.
    #[inline(always)]
    pub(crate) fn panel(&self, index: usize) -> &[E] {
        let size = self.depth * COLUMNS;
        &self.panels[index * size..(index + 1) * size]
    }

    /// Packs kernels `(outputs, inputs, lines, taps)`, as PyTorch stores them; a matrix has one line and one tap.
    ///
    /// * `columns`: which output stands in which column; the identity but for gated layers.
    pub(crate) fn new(
        weights: &[E],
        [outputs, inputs, lines, taps]: [usize; 4],
        order: Order,
        columns: impl Fn(usize) -> usize + Sync,
    ) -> Self {
        assert_eq!(
            weights.len(),
            outputs * inputs * lines * taps,
            "as many weights as the shape says"
        );
        let padded = inputs.next_multiple_of(DEPTH_STEP);
        let depth = padded * lines * taps;
        let size = depth * COLUMNS;
        let kernel = lines * taps;
        let mut panels = vec![E::default(); outputs.div_ceil(COLUMNS) * size];
        panels
            .par_chunks_mut(size.max(1))
            .enumerate()
            .for_each(|(index, panel)| {
                // A step of depth at a time: what is written stays in the first cache, what is read is read in order.
                for first in (0..inputs).step_by(DEPTH_STEP) {
                    let steps = DEPTH_STEP.min(inputs - first);
                    for column in 0..COLUMNS.min(outputs - index * COLUMNS) {
                        let start = (columns(index * COLUMNS + column) * inputs + first) * kernel;
                        let weights = &weights[start..start + steps * kernel];
                        for tap in 0..kernel {
                            let (line, tap_in_line) = (tap / taps, tap % taps);
                            let row = match order {
                                Order::TapByTap => tap * padded + first,
                                Order::LineByLine => (line * padded + first) * taps + tap_in_line * DEPTH_STEP,
                            };
                            let panel = &mut panel[place::<E>(row, column)..];
                            if kernel == 1 {
                                put(panel, weights.iter());
                            } else {
                                put(panel, weights[tap..].iter().step_by(kernel));
                            }
                        }
                    }
                }
            });
        Self { panels, depth, outputs }
    }
}

/// Where a panel holds the number at the given row (a multiple of [`DEPTH_STEP`]) and column.
fn place<E: Multiplied>(row: usize, column: usize) -> usize {
    if E::PAIR == 1 {
        row * COLUMNS + column
    } else {
        // Tiles of 32 rows × 16 columns, two side by side.
        row * COLUMNS + column / 16 * (16 * DEPTH_STEP) + column % 16 * 2
    }
}

/// Writes the numbers of a column, from row to row.
#[inline(always)]
fn put<'a, E: Multiplied>(panel: &mut [E], weights: impl Iterator<Item = &'a E>) {
    if E::PAIR == 1 {
        for (row, weight) in panel.chunks_mut(COLUMNS).zip(weights) {
            row[0] = *weight;
        }
    } else {
        for (step, weight) in weights.enumerate() {
            panel[step / 2 * 32 + step % 2] = *weight;
        }
    }
}
