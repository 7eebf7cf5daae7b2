//! f32 blocks from multiply-adds: AVX-512, AVX2, and whatever the compiler makes of plain Rust elsewhere (NEON on Arm).

use super::micro::{AccTile, K_STEP, LhsView, MicroKernel, NR};
use half::bf16;

/// Plain Rust.
///
/// As in the others, each strip of [`K_STEP`] columns is summed for itself first: the rounding of a sum grows with
/// its length, and a convolution of the widest U-Net sums 23,040 products.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Portable;

impl MicroKernel for Portable {
    type Element = f32;
    const MR: usize = 4;

    fn within<R>(self, work: impl FnOnce() -> R) -> R {
        work()
    }

    #[inline(always)]
    unsafe fn block(self, sources: &[LhsView<'_, f32>], first_row: usize, panel: &[f32], block: &mut AccTile) {
        block.0[..Self::MR * NR].fill(0.0);
        let (totals, _) = block.0.as_chunks_mut::<NR>();
        let mut weights = panel.as_chunks::<NR>().0.chunks_exact(K_STEP);
        for source in sources {
            for first in (0..source.depth).step_by(K_STEP) {
                let mut sums = [[0f32; NR]; Self::MR];
                for tap in 0..source.taps {
                    let Some(weights) = weights.next() else { return };
                    for (r, sums) in sums.iter_mut().enumerate() {
                        let start = source.offset + (first_row + r) * source.stride + tap * source.tap_stride + first;
                        for (x, weights) in source.data[start..start + K_STEP].iter().zip(weights) {
                            for (sum, weight) in sums.iter_mut().zip(weights) {
                                *sum += x * weight;
                            }
                        }
                    }
                }
                for (total, sum) in totals.as_flattened_mut().iter_mut().zip(sums.as_flattened()) {
                    *total += sum;
                }
            }
        }
    }
}

/// bf16 widened to f32, for machines that have nothing for it: right, not fast.
#[derive(Debug, Clone, Copy)]
pub(crate) struct PortableBf16;

impl MicroKernel for PortableBf16 {
    type Element = bf16;
    const MR: usize = 4;

    fn within<R>(self, work: impl FnOnce() -> R) -> R {
        work()
    }

    #[inline(always)]
    unsafe fn block(self, sources: &[LhsView<'_, bf16>], first_row: usize, panel: &[bf16], block: &mut AccTile) {
        block.0[..Self::MR * NR].fill(0.0);
        let (rows, _) = block.0.as_chunks_mut::<NR>();
        let mut weights = panel.chunks_exact(K_STEP * NR);
        for source in sources {
            for first in (0..source.depth).step_by(K_STEP) {
                for tap in 0..source.taps {
                    let Some(weights) = weights.next() else { return };
                    let (left, right) = weights.split_at(weights.len() / 2);
                    for (r, sums) in rows.iter_mut().take(Self::MR).enumerate() {
                        let start = source.offset + (first_row + r) * source.stride + tap * source.tap_stride + first;
                        let row = &source.data[start..start + K_STEP];
                        let (upper, lower) = sums.split_at_mut(NR / 2);
                        for (half, sums) in [(left, upper), (right, lower)] {
                            for ([x0, x1], pairs) in row.as_chunks::<2>().0.iter().zip(half.as_chunks::<32>().0) {
                                let (x0, x1) = (x0.to_f32(), x1.to_f32());
                                for (sum, [w0, w1]) in sums.iter_mut().zip(pairs.as_chunks::<2>().0) {
                                    *sum += x0 * w0.to_f32() + x1 * w1.to_f32();
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

#[cfg(target_arch = "x86_64")]
pub(crate) use x86::{Avx2, Avx512};

#[cfg(target_arch = "x86_64")]
mod x86 {
    use super::{AccTile, K_STEP, LhsView, MicroKernel, NR};
    use crate::kernels::cpu::path::Path;
    #[cfg_attr(
        not(test),
        expect(clippy::wildcard_imports, reason = "the names of the instructions")
    )]
    use std::arch::x86_64::*;

    /// Having one proves that the processor has AVX-512.
    #[derive(Debug, Clone, Copy)]
    pub(crate) struct Avx512(());

    impl Avx512 {
        pub(crate) fn try_new() -> Option<Self> {
            Path::Avx512.is_supported().then_some(Self(()))
        }
    }

    impl MicroKernel for Avx512 {
        type Element = f32;
        const MR: usize = 12;

        fn within<R>(self, work: impl FnOnce() -> R) -> R {
            #[target_feature(enable = "avx512f,avx512bw,avx512cd,avx512dq,avx512vl,fma,avx2,f16c,bmi2")]
            fn inner<R>(work: impl FnOnce() -> R) -> R {
                work()
            }
            // SAFETY: `self` exists, so the processor has these instructions.
            unsafe { inner(work) }
        }

        #[inline(always)]
        unsafe fn block(self, sources: &[LhsView<'_, f32>], first_row: usize, panel: &[f32], block: &mut AccTile) {
            // SAFETY: the processor has the instructions; the rest is the caller's promise.
            unsafe { avx512(sources, first_row, panel, block) }
        }
    }

    /// # Safety
    /// As [`MicroKernel::block`], on a processor with AVX-512.
    #[target_feature(enable = "avx512f")]
    unsafe fn avx512(sources: &[LhsView<'_, f32>], first_row: usize, panel: &[f32], block: &mut AccTile) {
        const MR: usize = Avx512::MR;
        let mut totals = [[_mm512_setzero_ps(); 2]; MR];
        let mut weights = panel.as_ptr();
        // SAFETY: the sources hold the rows, the panel as many rows as they are deep.
        unsafe {
            for source in sources {
                let rows = source.data.as_ptr().add(source.offset + first_row * source.stride);
                for first in (0..source.depth).step_by(K_STEP) {
                    let mut sums = [[_mm512_setzero_ps(); 2]; MR];
                    for tap in 0..source.taps {
                        let rows = rows.add(tap * source.tap_stride + first);
                        for k in 0..K_STEP {
                            let left = _mm512_loadu_ps(weights);
                            let right = _mm512_loadu_ps(weights.add(16));
                            weights = weights.add(NR);
                            for (r, sum) in sums.iter_mut().enumerate() {
                                let x = _mm512_set1_ps(*rows.add(r * source.stride + k));
                                sum[0] = _mm512_fmadd_ps(x, left, sum[0]);
                                sum[1] = _mm512_fmadd_ps(x, right, sum[1]);
                            }
                        }
                    }
                    for (total, sum) in totals.iter_mut().zip(&sums) {
                        total[0] = _mm512_add_ps(total[0], sum[0]);
                        total[1] = _mm512_add_ps(total[1], sum[1]);
                    }
                }
            }
            for (row, total) in block.0.chunks_exact_mut(NR).zip(&totals) {
                _mm512_storeu_ps(row.as_mut_ptr(), total[0]);
                _mm512_storeu_ps(row.as_mut_ptr().add(16), total[1]);
            }
        }
    }

    /// Having one proves that the processor has AVX2 and FMA.
    #[derive(Debug, Clone, Copy)]
    pub(crate) struct Avx2(());

    impl Avx2 {
        pub(crate) fn try_new() -> Option<Self> {
            Path::Avx2.is_supported().then_some(Self(()))
        }
    }

    impl MicroKernel for Avx2 {
        type Element = f32;
        const MR: usize = 6;

        fn within<R>(self, work: impl FnOnce() -> R) -> R {
            #[target_feature(enable = "avx2,fma,f16c,bmi2")]
            fn inner<R>(work: impl FnOnce() -> R) -> R {
                work()
            }
            // SAFETY: `self` exists, so the processor has these instructions.
            unsafe { inner(work) }
        }

        #[inline(always)]
        unsafe fn block(self, sources: &[LhsView<'_, f32>], first_row: usize, panel: &[f32], block: &mut AccTile) {
            // SAFETY: the processor has the instructions; the rest is the caller's promise.
            unsafe {
                avx2(sources, first_row, panel, block, 0);
                avx2(sources, first_row, panel, block, 16);
            }
        }
    }

    /// Sixteen of the columns.
    ///
    /// # Safety
    /// As [`MicroKernel::block`], on a processor with AVX2 and FMA; `column` is 0 or 16.
    #[target_feature(enable = "avx2,fma")]
    unsafe fn avx2(sources: &[LhsView<'_, f32>], first_row: usize, panel: &[f32], block: &mut AccTile, column: usize) {
        const MR: usize = Avx2::MR;
        let mut totals = [[_mm256_setzero_ps(); 2]; MR];
        // SAFETY: the sources hold the rows, the panel as many rows as they are deep.
        unsafe {
            let mut weights = panel.as_ptr().add(column);
            for source in sources {
                let rows = source.data.as_ptr().add(source.offset + first_row * source.stride);
                for first in (0..source.depth).step_by(K_STEP) {
                    let mut sums = [[_mm256_setzero_ps(); 2]; MR];
                    for tap in 0..source.taps {
                        let rows = rows.add(tap * source.tap_stride + first);
                        for k in 0..K_STEP {
                            let left = _mm256_loadu_ps(weights);
                            let right = _mm256_loadu_ps(weights.add(8));
                            weights = weights.wrapping_add(NR);
                            for (r, sum) in sums.iter_mut().enumerate() {
                                let x = _mm256_set1_ps(*rows.add(r * source.stride + k));
                                sum[0] = _mm256_fmadd_ps(x, left, sum[0]);
                                sum[1] = _mm256_fmadd_ps(x, right, sum[1]);
                            }
                        }
                    }
                    for (total, sum) in totals.iter_mut().zip(&sums) {
                        total[0] = _mm256_add_ps(total[0], sum[0]);
                        total[1] = _mm256_add_ps(total[1], sum[1]);
                    }
                }
            }
            for (row, total) in block.0.chunks_exact_mut(NR).zip(&totals) {
                _mm256_storeu_ps(row.as_mut_ptr().add(column), total[0]);
                _mm256_storeu_ps(row.as_mut_ptr().add(column + 8), total[1]);
            }
        }
    }
}
