//! The interface of a micro-kernel: one tile of C from some rows of A and one panel of B.

use crate::kernels::cpu::element::Element;
use std::ops::Range;

/// Columns of a block and of a panel of weights.
pub(crate) const NR: usize = 32;
/// Most rows of a block.
pub(crate) const MAX_MR: usize = 32;
/// Rows of weights are padded with zeros to a multiple of this: a tile of bf16 is 32 deep.
pub(crate) const K_STEP: usize = 32;

/// A block of results in f32, row after row of [`NR`].
#[repr(C, align(64))]
pub(crate) struct AccTile(pub(super) [f32; MAX_MR * NR]);

impl AccTile {
    pub(crate) const fn new() -> Self {
        Self([0.0; MAX_MR * NR])
    }

    #[inline(always)]
    pub(crate) fn row(&self, row: usize) -> &[f32; NR] {
        self.0.as_chunks().0.get(row).unwrap_or(&[0.0; NR])
    }
}

/// Part of the left factor: row i is the concatenation of `taps` pieces of `depth` numbers, piece t at
/// `data[offset + i·stride + t·tap_stride]`, taken [`K_STEP`] numbers of each piece at a time.
///
/// With one tap that is a plain matrix of rows; with three taps of distance one pixel, a line of a 3×3 kernel. Other
/// numbers of taps are as many sources.
#[derive(Debug, Clone, Copy)]
pub(crate) struct LhsView<'a, E> {
    pub(crate) data: &'a [E],
    pub(crate) offset: usize,
    pub(crate) stride: usize,
    /// A multiple of [`K_STEP`].
    pub(crate) depth: usize,
    pub(crate) taps: usize,
    pub(crate) tap_stride: usize,
}

impl<'a, E> LhsView<'a, E> {
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
    pub(super) fn holds(&self, rows: usize) -> bool {
        let last = rows.saturating_sub(1) * self.stride + self.taps.saturating_sub(1) * self.tap_stride;
        matches!(self.taps, 1 | 3)
            && self.depth.is_multiple_of(K_STEP)
            && self.offset + last + self.depth <= self.data.len()
    }

    pub(super) fn total_depth(&self) -> usize {
        self.depth * self.taps
    }
}

/// Where a tile of results stands in C. The last rows are computed together with rows before them, so only `range` counts.
#[derive(Clone)]
pub(super) struct BlockPosition {
    pub(super) start: usize,
    pub(super) range: Range<usize>,
    pub(super) panel: usize,
}

/// Computes one block on one kind of processor.
pub(crate) trait MicroKernel: Copy + Send + Sync {
    /// What it multiplies.
    type Element: Element;
    /// Rows of a block, at most [`MAX_MR`].
    const MR: usize;

    /// Runs `work` with this processor's instructions switched on, so that what is inlined into it is compiled for
    /// them.
    fn within<R>(self, work: impl FnOnce() -> R) -> R;

    /// `block[r][c] = Σ_k a[first_row + r][k] · panel[k][c]`, r < [`MicroKernel::MR`].
    ///
    /// # Safety
    /// Called within [`MicroKernel::within`]; every source holds `first_row + MR` rows; `panel` has as many numbers as the
    /// sources are deep times [`NR`].
    unsafe fn block(
        self,
        sources: &[LhsView<'_, Self::Element>],
        first_row: usize,
        panel: &[Self::Element],
        block: &mut AccTile,
    );
}
