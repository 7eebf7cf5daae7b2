//! The matrix product behind linear maps and convolutions: C = A · B, finished in the registers.
//!
//! * A, the activations, is read where it lies, row by row ([`Source`]). A convolution is the same product with rows
//!   read at several shifts of the padded image, so that nothing is unfolded.
//! * B, the weights, is packed once into panels of [`COLUMNS`] columns ([`Packed`]).
//! * What a layer does to its result (bias, nonlinearity, shortcut, rounding) happens while a block of it is in the
//!   first cache ([`Epilogue`]).
//!
//! [`Micro`] computes one block and is the only part that differs between processors.

#[cfg(target_arch = "x86_64")]
mod amx;
#[cfg(target_arch = "x86_64")]
mod avx512;
mod epilogue;
mod fma;
mod pack;

pub(crate) use epilogue::{Activation, Epilogue, LEAK, RowMap};
pub(crate) use pack::{Order, Packed};

use super::element::Element;
use super::path::Path;
use super::path::path;
use half::bf16;
use rayon::prelude::*;
use std::mem::MaybeUninit;
use std::ops::Range;

/// Columns of a block and of a panel of weights.
pub(crate) const COLUMNS: usize = 32;
/// Most rows of a block.
pub(crate) const MAX_ROWS: usize = 32;
/// Rows of weights are padded with zeros to a multiple of this: a tile of bf16 is 32 deep.
pub(crate) const DEPTH_STEP: usize = 32;

/// A block of results in f32, row after row of [`COLUMNS`].
#[repr(C, align(64))]
pub(crate) struct Block([f32; MAX_ROWS * COLUMNS]);

impl Block {
    pub(crate) const fn new() -> Self {
        Self([0.0; MAX_ROWS * COLUMNS])
    }

    #[inline(always)]
    pub(crate) fn row(&self, row: usize) -> &[f32; COLUMNS] {
        self.0.as_chunks().0.get(row).unwrap_or(&[0.0; COLUMNS])
    }
}

/// Part of the left factor: row i is the concatenation of `taps` pieces of `depth` numbers, piece t at
/// `data[offset + i·stride + t·tap_stride]`, taken [`DEPTH_STEP`] numbers of each piece at a time.
///
/// With one tap that is a plain matrix of rows; with three taps of distance one pixel, a line of a 3×3 kernel. Other
/// numbers of taps are as many sources.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Source<'a, E> {
    pub(crate) data: &'a [E],
    pub(crate) offset: usize,
    pub(crate) stride: usize,
    /// A multiple of [`DEPTH_STEP`].
    pub(crate) depth: usize,
    pub(crate) taps: usize,
    pub(crate) tap_stride: usize,
}

impl<'a, E> Source<'a, E> {
    /// Rows of `depth` numbers, `stride` apart.
    pub(crate) fn rows(data: &'a [E], offset: usize, stride: usize, depth: usize) -> Self {
        Self {
            data,
            offset,
            stride,
            depth,
            taps: 1,
            tap_stride: 0,
        }
    }

    /// Whether `rows` rows lie within the data.
    fn holds(&self, rows: usize) -> bool {
        let last = rows.saturating_sub(1) * self.stride + self.taps.saturating_sub(1) * self.tap_stride;
        matches!(self.taps, 1 | 3)
            && self.depth.is_multiple_of(DEPTH_STEP)
            && self.offset + last + self.depth <= self.data.len()
    }

    fn total_depth(&self) -> usize {
        self.depth * self.taps
    }
}

/// Computes one block on one kind of processor.
pub(crate) trait Micro: Copy + Send + Sync {
    /// What it multiplies.
    type Element: Element;
    /// Rows of a block, at most [`MAX_ROWS`].
    const ROWS: usize;

    /// Runs `work` with this processor's instructions switched on, so that what is inlined into it is compiled for
    /// them.
    fn within<R>(self, work: impl FnOnce() -> R) -> R;

    /// `block[r][c] = Σ_k a[first_row + r][k] · panel[k][c]`, r < [`Micro::ROWS`].
    ///
    /// # Safety
    /// Called within [`Micro::within`]; every source holds `first_row + ROWS` rows; `panel` has as many numbers as the
    /// sources are deep times [`COLUMNS`].
    unsafe fn block(
        self,
        sources: &[Source<'_, Self::Element>],
        first_row: usize,
        panel: &[Self::Element],
        block: &mut Block,
    );
}

/// What [`with_micro`] does with the processor's block kernel.
pub(crate) trait WithMicro<E: Element> {
    type Output;
    fn run<M: Micro<Element = E>>(self, micro: M) -> Self::Output;
}

/// Formats that have block kernels.
pub(crate) trait Multiplied: Element {
    /// Numbers of a panel's column that lie next to each other: bf16 is multiplied in pairs.
    const PAIR: usize;
    /// Hands the kernel of the path in use to `work`.
    fn dispatch<W: WithMicro<Self>>(work: W) -> W::Output;
}

impl Multiplied for f32 {
    const PAIR: usize = 1;

    fn dispatch<W: WithMicro<Self>>(work: W) -> W::Output {
        match path() {
            #[cfg(target_arch = "x86_64")]
            Path::Amx | Path::Avx512 => match fma::Avx512::try_new() {
                Some(micro) => work.run(micro),
                None => work.run(fma::Portable),
            },
            #[cfg(target_arch = "x86_64")]
            Path::Avx2 => match fma::Avx2::try_new() {
                Some(micro) => work.run(micro),
                None => work.run(fma::Portable),
            },
            _ => work.run(fma::Portable),
        }
    }
}

impl Multiplied for bf16 {
    const PAIR: usize = 2;

    fn dispatch<W: WithMicro<Self>>(work: W) -> W::Output {
        match path() {
            #[cfg(target_arch = "x86_64")]
            Path::Amx => match amx::AmxBf16::try_new() {
                Some(micro) => work.run(micro),
                None => work.run(fma::PortableBf16),
            },
            #[cfg(target_arch = "x86_64")]
            Path::Avx512 => match avx512::Avx512Bf16::try_new() {
                Some(micro) => work.run(micro),
                None => work.run(fma::PortableBf16),
            },
            _ => work.run(fma::PortableBf16),
        }
    }
}

/// A product to be computed.
pub(crate) struct Product<'a, E: Multiplied, O: Element> {
    /// The left factor, in the order of the packed weights' rows.
    pub(crate) sources: &'a [Source<'a, E>],
    /// Rows of the left factor.
    pub(crate) rows: usize,
    /// The right factor.
    pub(crate) weights: &'a Packed<E>,
    /// What is done to the result, and where it goes.
    pub(crate) epilogue: Epilogue<'a, O>,
}

impl<E: Multiplied, O: Element> Product<'_, E, O> {
    /// Computes it: `(output rows, outputs)`.
    pub(crate) fn run(self) -> Vec<O> {
        E::dispatch(self)
    }
}

impl<E: Multiplied, O: Element> WithMicro<E> for Product<'_, E, O> {
    type Output = Vec<O>;

    fn run<M: Micro<Element = E>>(self, micro: M) -> Vec<O> {
        if self.rows >= M::ROWS {
            return run_blocked(micro, &self);
        }
        // Too few rows for a block: put zeros below them.
        let copies: Vec<Vec<E>> = self
            .sources
            .iter()
            .map(|source| {
                let width = source.depth + (source.taps - 1) * source.tap_stride;
                let mut rows = vec![E::default(); M::ROWS * width];
                for (i, row) in rows.chunks_exact_mut(width).take(self.rows).enumerate() {
                    let start = source.offset + i * source.stride;
                    row.copy_from_slice(&source.data[start..start + width]);
                }
                rows
            })
            .collect();
        let sources: Vec<Source<'_, E>> = self
            .sources
            .iter()
            .zip(&copies)
            .map(|(source, rows)| Source {
                data: rows,
                offset: 0,
                stride: source.depth + (source.taps - 1) * source.tap_stride,
                ..*source
            })
            .collect();
        run_blocked(
            micro,
            &Product {
                sources: &sources,
                rows: self.rows,
                weights: self.weights,
                epilogue: self.epilogue,
            },
        )
    }
}

/// Rows and columns that one task computes, chosen so that its part of A (or of B) stays in the second cache.
struct Tasks {
    rows: usize,
    along_rows: usize,
    panels: usize,
    along_panels: usize,
    /// Whether a block of rows meets all panels before the next rows, or a panel all rows before the next panel.
    rows_outside: bool,
}

impl Tasks {
    fn plan<M: Micro>(rows: usize, panels: usize, is_convolution: bool) -> Self {
        /// Found by measuring the layers of Stable Diffusion 1.5 on two cores with 2 MiB of second cache each.
        const ROWS_PER_TASK: usize = 512;
        const PANELS_PER_TASK: usize = 10;
        let blocks = rows.div_ceil(M::ROWS);
        let threads = rayon::current_num_threads();
        let mut rows_per_task = (ROWS_PER_TASK / M::ROWS).min(blocks).max(1);
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
            rows: rows_per_task * M::ROWS,
            along_rows: blocks.div_ceil(rows_per_task),
            panels: panels_per_task,
            along_panels: panels.div_ceil(panels_per_task),
            rows_outside: !is_convolution,
        }
    }
}

fn run_blocked<M: Micro, O: Element>(micro: M, product: &Product<'_, M::Element, O>) -> Vec<O>
where
    M::Element: Multiplied,
{
    let Product {
        sources,
        rows,
        weights,
        epilogue,
    } = product;
    let rows = *rows;
    let depth: usize = sources.iter().map(Source::total_depth).sum();
    assert_eq!(depth, weights.depth(), "the weights must be as deep as the rows");
    assert!(
        sources.iter().all(|source| source.holds(rows.max(M::ROWS))),
        "every row must lie within its source"
    );
    let width = epilogue.width(weights.outputs());
    epilogue.check(rows, weights.outputs());
    let mut out = Vec::with_capacity(epilogue.output_rows * width);
    let target = Target::new(&mut out);

    let panels = weights.panels();
    let is_convolution = sources.len() > 1 || sources.iter().any(|source| source.taps > 1);
    let tasks = Tasks::plan::<M>(rows, panels, is_convolution);
    let task = |index: usize| {
        let (row_task, panel_task) = (index / tasks.along_panels, index % tasks.along_panels);
        let row_range = row_task * tasks.rows..((row_task + 1) * tasks.rows).min(rows);
        let panel_range = panel_task * tasks.panels..((panel_task + 1) * tasks.panels).min(panels);
        let mut pipeline = Pipeline::new(product, target);
        micro.within(
            #[inline(always)]
            || {
                if tasks.rows_outside {
                    for first in row_range.step_by(M::ROWS) {
                        for panel in panel_range.clone() {
                            pipeline.next(micro, first, panel);
                        }
                    }
                } else {
                    for panel in panel_range {
                        for first in row_range.clone().step_by(M::ROWS) {
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
struct Pipeline<'a, E: Multiplied, O: Element> {
    product: &'a Product<'a, E, O>,
    target: Target<O>,
    blocks: [Block; 2],
    newest: usize,
    unfinished: Option<Unfinished>,
}

/// Rows `range` of a block that begins at row `start`, and its panel.
struct Unfinished {
    start: usize,
    range: Range<usize>,
    panel: usize,
}

impl<'a, E: Multiplied, O: Element> Pipeline<'a, E, O> {
    fn new(product: &'a Product<'a, E, O>, target: Target<O>) -> Self {
        Self {
            product,
            target,
            blocks: [Block::new(), Block::new()],
            newest: 0,
            unfinished: None,
        }
    }

    /// Multiplies the block of rows from `first` on by a panel.
    #[inline(always)]
    fn next<M: Micro<Element = E>>(&mut self, micro: M, first: usize, panel: usize) {
        let Product {
            sources, rows, weights, ..
        } = *self.product;
        // The last rows are computed again with those before them; the epilogue takes the new ones only.
        let start = first.min(rows.saturating_sub(M::ROWS));
        let other = 1 - self.newest;
        // SAFETY: called within `within`, after `run_blocked` has checked the bounds.
        unsafe { micro.block(sources, start, weights.panel(panel), &mut self.blocks[other]) };
        self.finish();
        self.newest = other;
        self.unfinished = Some(Unfinished {
            start,
            range: first..(first + M::ROWS).min(rows),
            panel,
        });
    }

    /// Finishes the newest block.
    #[inline(always)]
    fn finish(&mut self) {
        let Some(Unfinished { start, range, panel }) = self.unfinished.take() else {
            return;
        };
        let (block, outputs) = (&self.blocks[self.newest], self.product.weights.outputs());
        // SAFETY: each task has rows or columns of its own, so no two threads write the same element.
        unsafe {
            self.product
                .epilogue
                .finish(block, start, range, panel, outputs, self.target);
        };
    }
}

/// Where results go: threads write to places of their own in one vector.
#[derive(Clone, Copy)]
pub(crate) struct Target<O> {
    start: *mut O,
    len: usize,
}

// SAFETY: a `Target` is only written through `Target::slice`, whose caller promises that no two threads overlap.
unsafe impl<O: Send> Sync for Target<O> {}
// SAFETY: as above.
unsafe impl<O: Send> Send for Target<O> {}

impl<O> Target<O> {
    /// The whole capacity of a vector that is about to be filled.
    pub(crate) fn new(out: &mut Vec<O>) -> Self {
        Self {
            start: out.as_mut_ptr(),
            len: out.capacity(),
        }
    }

    /// Elements to be written; they hold nothing yet.
    ///
    /// # Safety
    /// Nobody else reads or writes these elements while the slice lives, the vector outlives it and does not grow.
    #[inline(always)]
    pub(crate) unsafe fn slice<'a>(self, start: usize, len: usize) -> &'a mut [MaybeUninit<O>] {
        assert!(start + len <= self.len, "the results must lie within their vector");
        // SAFETY: within the vector's memory, and ours alone by the caller's promise.
        unsafe { std::slice::from_raw_parts_mut(self.start.add(start).cast(), len) }
    }
}
