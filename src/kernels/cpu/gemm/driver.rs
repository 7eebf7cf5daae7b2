//! The loops around the micro-kernel: blocks of rows and panels of columns, shared out among threads.

use super::dispatch::{GemmElement, WithMicroKernel};
use super::epilogue::Epilogue;
use super::micro::{AccTile, BlockPosition, LhsView, MicroKernel};
use super::output::OutputPtr;
use super::pack::PackedRhs;
use crate::kernels::cpu::element::Element;
use rayon::prelude::*;

/// A product to be computed.
pub(crate) struct Gemm<'a, E: GemmElement, O: Element> {
    /// The left factor, in the order of the packed weights' rows.
    pub(crate) sources: &'a [LhsView<'a, E>],
    /// Rows of the left factor.
    pub(crate) rows: usize,
    /// The right factor.
    pub(crate) weights: &'a PackedRhs<E>,
    /// What is done to the result, and where it goes.
    pub(crate) epilogue: Epilogue<'a, O>,
}

impl<E: GemmElement, O: Element> Gemm<'_, E, O> {
    /// Computes it: `(output rows, outputs)`.
    pub(crate) fn run(self) -> Vec<O> {
        E::dispatch(self)
    }
}

impl<E: GemmElement, O: Element> WithMicroKernel<E> for Gemm<'_, E, O> {
    type Output = Vec<O>;

    fn run<M: MicroKernel<Element = E>>(self, micro: M) -> Vec<O> {
        if self.rows >= M::MR {
            return run_blocked(micro, &self);
        }
        // Too few rows for a block: put zeros below them.
        let copies: Vec<Vec<E>> = self
            .sources
            .iter()
            .map(|source| {
                let width = source.depth + (source.taps - 1) * source.tap_stride;
                let mut rows = vec![E::default(); M::MR * width];
                for (i, row) in rows.chunks_exact_mut(width).take(self.rows).enumerate() {
                    let start = source.offset + i * source.stride;
                    row.copy_from_slice(&source.data[start..start + width]);
                }
                rows
            })
            .collect();
        let sources: Vec<LhsView<'_, E>> = self
            .sources
            .iter()
            .zip(&copies)
            .map(|(source, rows)| LhsView {
                data: rows,
                offset: 0,
                stride: source.depth + (source.taps - 1) * source.tap_stride,
                ..*source
            })
            .collect();
        run_blocked(
            micro,
            &Gemm {
                sources: &sources,
                rows: self.rows,
                weights: self.weights,
                epilogue: self.epilogue,
            },
        )
    }
}

/// Rows and columns that one task computes, chosen so that its part of A (or of B) stays in the second cache.
struct Blocking {
    rows: usize,
    along_rows: usize,
    panels: usize,
    along_panels: usize,
    /// Whether a block of rows meets all panels before the next rows, or a panel all rows before the next panel.
    rows_outside: bool,
}

impl Blocking {
    fn plan<M: MicroKernel>(rows: usize, panels: usize, is_convolution: bool) -> Self {
        /// Found by measuring the layers of Stable Diffusion 1.5 on two cores with 2 MiB of second cache each.
        const ROWS_PER_TASK: usize = 512;
        const PANELS_PER_TASK: usize = 10;
        let blocks = rows.div_ceil(M::MR);
        let threads = rayon::current_num_threads();
        let mut rows_per_task = (ROWS_PER_TASK / M::MR).min(blocks).max(1);
        let mut panels_per_task = PANELS_PER_TASK.min(panels).max(1);
        // Enough tasks that nobody waits long for the last one.
        while blocks.div_ceil(rows_per_task) * panels.div_ceil(panels_per_task) < 4 * threads {
            if panels_per_task > 4 {
                panels_per_task = panels_per_task.div_ceil(2);
            } else if rows_per_task > 4 {
                rows_per_task = rows_per_task.div_ceil(2);
            } else {
                break;
            }
        }
        Self {
            rows: rows_per_task * M::MR,
            along_rows: blocks.div_ceil(rows_per_task),
            panels: panels_per_task,
            along_panels: panels.div_ceil(panels_per_task),
            rows_outside: !is_convolution,
        }
    }
}

fn run_blocked<M: MicroKernel, O: Element>(micro: M, product: &Gemm<'_, M::Element, O>) -> Vec<O>
where
    M::Element: GemmElement,
{
    let Gemm {
        sources,
        rows,
        weights,
        epilogue,
    } = product;
    let rows = *rows;
    let depth: usize = sources.iter().map(LhsView::total_depth).sum();
    assert_eq!(depth, weights.depth(), "the weights must be as deep as the rows");
    assert!(
        sources.iter().all(|source| source.holds(rows.max(M::MR))),
        "every row must lie within its source"
    );
    let width = epilogue.width(weights.outputs());
    epilogue.check(rows, weights.outputs());
    let mut out = Vec::with_capacity(epilogue.output_rows * width);
    let target = OutputPtr::new(&mut out);

    let panels = weights.panels();
    let is_convolution = sources.len() > 1 || sources.iter().any(|source| source.taps > 1);
    let tasks = Blocking::plan::<M>(rows, panels, is_convolution);
    let task = |index: usize| {
        let (row_task, panel_task) = (index / tasks.along_panels, index % tasks.along_panels);
        let row_range = row_task * tasks.rows..((row_task + 1) * tasks.rows).min(rows);
        let panel_range = panel_task * tasks.panels..((panel_task + 1) * tasks.panels).min(panels);
        let mut pipeline = Pipeline::new(product, target);
        micro.within(
            #[inline(always)]
            || {
                if tasks.rows_outside {
                    for first in row_range.step_by(M::MR) {
                        for panel in panel_range.clone() {
                            pipeline.next(micro, first, panel);
                        }
                    }
                } else {
                    for panel in panel_range {
                        for first in row_range.clone().step_by(M::MR) {
                            pipeline.next(micro, first, panel);
                        }
                    }
                }
                pipeline.finish();
            },
        );
    };
    (0..tasks.along_rows * tasks.along_panels)
        .into_par_iter()
        .with_max_len(1)
        .for_each(task);
    // SAFETY: every row that is a result went through `finish` with every panel.
    unsafe { out.set_len(epilogue.output_rows * width) };
    out
}

/// Blocks one after another, each finished after the next was begun: the results of a block take long to leave the tile
/// unit, and the vector units have time while it multiplies.
struct Pipeline<'a, E: GemmElement, O: Element> {
    product: &'a Gemm<'a, E, O>,
    target: OutputPtr<O>,
    blocks: [AccTile; 2],
    newest: usize,
    pending: Option<BlockPosition>,
}

impl<'a, E: GemmElement, O: Element> Pipeline<'a, E, O> {
    fn new(product: &'a Gemm<'a, E, O>, target: OutputPtr<O>) -> Self {
        Self {
            product,
            target,
            blocks: [AccTile::new(), AccTile::new()],
            newest: 0,
            pending: None,
        }
    }

    /// Multiplies the block of rows from `first` on by a panel.
    #[inline(always)]
    fn next<M: MicroKernel<Element = E>>(&mut self, micro: M, first: usize, panel: usize) {
        let Gemm {
            sources, rows, weights, ..
        } = *self.product;
        // The last rows are computed again with those before them; the epilogue takes the new ones only.
        let start = first.min(rows.saturating_sub(M::MR));
        let other = 1 - self.newest;
        // SAFETY: called within `within`, after `run_blocked` has checked the bounds.
        unsafe { micro.block(sources, start, weights.panel(panel), &mut self.blocks[other]) };
        self.finish();
        self.newest = other;
        self.pending = Some(BlockPosition {
            start,
            range: first..(first + M::MR).min(rows),
            panel,
        });
    }

    /// Finishes the newest block.
    #[inline(always)]
    fn finish(&mut self) {
        let Some(position) = self.pending.take() else { return };
        let (block, outputs) = (&self.blocks[self.newest], self.product.weights.outputs());
        // SAFETY: each task has rows or columns of its own, so no two threads write the same element.
        unsafe {
            self.product.epilogue.finish(block, position, outputs, self.target);
        };
    }
}
