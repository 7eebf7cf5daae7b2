//! bf16 on AVX-512: with the dot product of pairs where the processor has it, else by widening.

use super::micro::{AccTile, K_STEP, LhsView, MicroKernel, NR};
use crate::kernels::cpu::path::Path;
use half::bf16;
#[cfg_attr(
    not(test),
    expect(clippy::wildcard_imports, reason = "the names of the instructions")
)]
use std::arch::x86_64::*;

/// Having one proves that the processor has AVX-512.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Avx512Bf16 {
    has_dot_product: bool,
}

impl Avx512Bf16 {
    pub(crate) fn try_new() -> Option<Self> {
        Path::Avx512.is_supported().then(|| Self {
            has_dot_product: is_x86_feature_detected!("avx512bf16"),
        })
    }
}

/// Rows of a block: twelve of two registers leave room for the weights.
const MR: usize = 12;

impl MicroKernel for Avx512Bf16 {
    type Element = bf16;
    const MR: usize = MR;

    fn within<R>(self, work: impl FnOnce() -> R) -> R {
        #[target_feature(enable = "avx512f,avx512bw,avx512cd,avx512dq,avx512vl,fma,avx2,f16c,bmi2")]
        fn inner<R>(work: impl FnOnce() -> R) -> R {
            work()
        }
        // SAFETY: `self` exists, so the processor has these instructions.
        unsafe { inner(work) }
    }

    #[inline(always)]
    unsafe fn block(self, sources: &[LhsView<'_, bf16>], first_row: usize, panel: &[bf16], block: &mut AccTile) {
        // SAFETY: the processor has the instructions; the rest is the caller's promise.
        unsafe {
            if self.has_dot_product {
                dot_product(sources, first_row, panel, block);
            } else {
                widened(sources, first_row, panel, block);
            }
        }
    }
}

/// # Safety
/// As [`MicroKernel::block`], on a processor with AVX-512 BF16.
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512bf16")]
unsafe fn dot_product(sources: &[LhsView<'_, bf16>], first_row: usize, panel: &[bf16], block: &mut AccTile) {
    let mut sums = [[_mm512_setzero_ps(); 2]; MR];
    // SAFETY: pointers stay within the sources and the panel, see `MicroKernel::block`.
    unsafe {
        for_each_pair(sources, first_row, panel, |rows, stride, left, right| {
            let left: __m512bh = std::mem::transmute(_mm512_loadu_si512(left.cast()));
            let right: __m512bh = std::mem::transmute(_mm512_loadu_si512(right.cast()));
            for (r, sum) in sums.iter_mut().enumerate() {
                let pair = rows.add(r * stride).cast::<i32>().read_unaligned();
                let pair: __m512bh = std::mem::transmute(_mm512_set1_epi32(pair));
                sum[0] = _mm512_dpbf16_ps(sum[0], pair, left);
                sum[1] = _mm512_dpbf16_ps(sum[1], pair, right);
            }
        });
        write(&sums, block);
    }
}

/// # Safety
/// As [`MicroKernel::block`], on a processor with AVX-512.
#[target_feature(enable = "avx512f,avx512bw,avx512vl")]
unsafe fn widened(sources: &[LhsView<'_, bf16>], first_row: usize, panel: &[bf16], block: &mut AccTile) {
    let mut sums = [[_mm512_setzero_ps(); 2]; MR];
    let upper = _mm512_set1_epi32(0xffff_0000_u32.cast_signed());
    // SAFETY: as above.
    unsafe {
        for_each_pair(sources, first_row, panel, |rows, stride, left, right| {
            let (left, right) = (_mm512_loadu_si512(left.cast()), _mm512_loadu_si512(right.cast()));
            let even = [_mm512_slli_epi32::<16>(left), _mm512_slli_epi32::<16>(right)];
            let odd = [_mm512_and_si512(left, upper), _mm512_and_si512(right, upper)];
            for (r, sum) in sums.iter_mut().enumerate() {
                let pair = rows.add(r * stride).cast::<u32>().read_unaligned();
                let first = _mm512_set1_ps(f32::from_bits(pair << 16));
                let second = _mm512_set1_ps(f32::from_bits(pair & 0xffff_0000));
                for half in 0..2 {
                    sum[half] = _mm512_fmadd_ps(first, _mm512_castsi512_ps(even[half]), sum[half]);
                    sum[half] = _mm512_fmadd_ps(second, _mm512_castsi512_ps(odd[half]), sum[half]);
                }
            }
        });
        write(&sums, block);
    }
}

/// Calls `step` for each pair of depth with the rows at it, their stride, and the weights of columns 0–15 and 16–31.
///
/// # Safety
/// As [`MicroKernel::block`].
#[inline(always)]
unsafe fn for_each_pair(
    sources: &[LhsView<'_, bf16>],
    first_row: usize,
    panel: &[bf16],
    mut step: impl FnMut(*const bf16, usize, *const bf16, *const bf16),
) {
    let mut weights = panel.as_ptr();
    for source in sources {
        // SAFETY: the source holds the rows, the panel as many rows as the sources are deep.
        unsafe {
            let rows = source.data.as_ptr().add(source.offset + first_row * source.stride);
            for first in (0..source.depth).step_by(K_STEP) {
                for tap in 0..source.taps {
                    let rows = rows.add(tap * source.tap_stride + first);
                    for pair in 0..K_STEP / 2 {
                        let left = weights.add(pair * 32);
                        step(rows.add(2 * pair), source.stride, left, left.add(16 * K_STEP));
                    }
                    weights = weights.add(K_STEP * NR);
                }
            }
        }
    }
}

/// # Safety
/// On a processor with AVX-512.
#[target_feature(enable = "avx512f")]
unsafe fn write(sums: &[[__m512; 2]; MR], block: &mut AccTile) {
    for (row, sum) in block.0.chunks_exact_mut(NR).zip(sums) {
        // SAFETY: a row holds 32 numbers.
        unsafe {
            _mm512_storeu_ps(row.as_mut_ptr(), sum[0]);
            _mm512_storeu_ps(row.as_mut_ptr().add(16), sum[1]);
        }
    }
}
