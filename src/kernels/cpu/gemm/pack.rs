//! Weights in the order in which a product reads them.

use super::dispatch::GemmElement;
use super::micro::{K_STEP, NR};
use rayon::prelude::*;

/// How the rows of a convolution's weights (its inputs at each tap of the kernel) follow one another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TapOrder {
    /// All inputs of a tap, then the next tap.
    TapByTap,
    /// For each line of the kernel: [`K_STEP`] inputs at all taps of the line, then the next inputs.
    LineByLine,
}

/// A matrix of weights `(depth, outputs)` in panels of [`NR`] columns, each as deep as the whole matrix; depth and
/// columns are filled up with zeros. Within a panel: row after row for f32, pairs of rows interleaved for bf16.
#[derive(Debug, Clone)]
pub(crate) struct PackedRhs<E> {
    panels: Vec<E>,
    depth: usize,
    outputs: usize,
}

impl<E: GemmElement> PackedRhs<E> {
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
        self.outputs.div_ceil(NR)
    }

    /// One panel: `depth · NR` numbers.
    #[inline(always)]
    pub(crate) fn panel(&self, index: usize) -> &[E] {
        let size = self.depth * NR;
        &self.panels[index * size..(index + 1) * size]
    }

    /// Packs kernels `(outputs, inputs, lines, taps)`, as PyTorch stores them; a matrix has one line and one tap.
    ///
    /// * `columns`: which output stands in which column; the identity but for gated layers.
    pub(crate) fn new(
        weights: &[E],
        [outputs, inputs, lines, taps]: [usize; 4],
        order: TapOrder,
        columns: impl Fn(usize) -> usize + Sync,
    ) -> Self {
        assert_eq!(
            weights.len(),
            outputs * inputs * lines * taps,
            "as many weights as the shape says"
        );
        let padded = inputs.next_multiple_of(K_STEP);
        let depth = padded * lines * taps;
        let size = depth * NR;
        let kernel = lines * taps;
        let mut panels = vec![E::default(); outputs.div_ceil(NR) * size];
        panels
            .par_chunks_mut(size.max(1))
            .enumerate()
            .for_each(|(index, panel)| {
                // A step of depth at a time: what is written stays in the first cache, what is read is read in order.
                for first in (0..inputs).step_by(K_STEP) {
                    let steps = K_STEP.min(inputs - first);
                    for column in 0..NR.min(outputs - index * NR) {
                        let start = (columns(index * NR + column) * inputs + first) * kernel;
                        let weights = &weights[start..start + steps * kernel];
                        for tap in 0..kernel {
                            let (line, tap_in_line) = (tap / taps, tap % taps);
                            let row = match order {
                                TapOrder::TapByTap => tap * padded + first,
                                TapOrder::LineByLine => (line * padded + first) * taps + tap_in_line * K_STEP,
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

/// Where a panel holds the number at the given row (a multiple of [`K_STEP`]) and column.
fn place<E: GemmElement>(row: usize, column: usize) -> usize {
    if E::PAIR == 1 {
        row * NR + column
    } else {
        // Tiles of 32 rows × 16 columns, two side by side.
        row * NR + column / 16 * (16 * K_STEP) + column % 16 * 2
    }
}

/// Writes the numbers of a column, from row to row.
#[inline(always)]
fn put<'a, E: GemmElement>(panel: &mut [E], weights: impl Iterator<Item = &'a E>) {
    if E::PAIR == 1 {
        for (row, weight) in panel.chunks_mut(NR).zip(weights) {
            row[0] = *weight;
        }
    } else {
        for (step, weight) in weights.enumerate() {
            panel[step / 2 * 32 + step % 2] = *weight;
        }
    }
}
