//! Blocks of 32×32 from four accumulating tiles.

use super::micro::{AccTile, K_STEP, LhsView, MicroKernel, NR};
use crate::kernels::cpu::amx::Tiles;
use crate::kernels::cpu::path::Path;
use half::bf16;
use std::arch::asm;

/// bf16 on AMX. Having one proves that the processor has it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct AmxBf16(());

impl AmxBf16 {
    pub(crate) fn try_new() -> Option<Self> {
        Path::Amx.is_supported().then_some(Self(()))
    }
}

impl MicroKernel for AmxBf16 {
    type Element = bf16;
    const MR: usize = 32;

    fn within<R>(self, work: impl FnOnce() -> R) -> R {
        #[target_feature(enable = "avx512f,avx512bw,avx512cd,avx512dq,avx512vl,fma,avx2,f16c,bmi2")]
        fn inner<R>(work: impl FnOnce() -> R) -> R {
            work()
        }
        // SAFETY: `self` exists, so the processor has these instructions and tiles.
        unsafe {
            let _tiles = Tiles::configure();
            inner(work)
        }
    }

    #[inline(always)]
    unsafe fn block(self, sources: &[LhsView<'_, bf16>], first_row: usize, panel: &[bf16], block: &mut AccTile) {
        let mut weights = panel.as_ptr();
        // SAFETY: tiles are configured (`within`); the sources hold 32 rows from `first_row` on and the panel as many
        // rows as they are deep (the caller's promise); a block holds 32 rows of 32 numbers.
        unsafe {
            asm!(
                "tilezero tmm0",
                "tilezero tmm1",
                "tilezero tmm2",
                "tilezero tmm3",
                options(nostack, nomem)
            );
            for source in sources {
                let rows = source.data.as_ptr().add(source.offset + first_row * source.stride);
                let steps = source.depth / K_STEP;
                if source.taps == 3 {
                    accumulate_three(rows, source.stride, source.tap_stride, weights, steps);
                } else {
                    accumulate(rows, source.stride, weights, steps);
                }
                weights = weights.add(source.total_depth() * NR);
            }
            let out = block.0.as_mut_ptr();
            asm!(
                "tilestored [{upper} + {stride}], tmm0",
                "tilestored [{upper} + {stride} + 64], tmm1",
                "tilestored [{lower} + {stride}], tmm2",
                "tilestored [{lower} + {stride} + 64], tmm3",
                upper = in(reg) out,
                lower = in(reg) out.add(16 * NR),
                stride = in(reg) NR * size_of::<f32>(),
                options(nostack),
            );
        }
    }
}

/// tmm0–3 += 32 rows · 32 columns over `steps` steps of depth.
///
/// # Safety
/// Tiles are configured; 32 rows, `stride` numbers apart, and the weights hold `32 · steps` numbers and rows.
#[inline(always)]
unsafe fn accumulate(rows: *const bf16, stride: usize, weights: *const bf16, steps: usize) {
    if steps == 0 {
        return;
    }
    // SAFETY: the caller's promise; only tiles and the named registers change.
    unsafe {
        asm!(
            "2:",
            "tileloadd tmm6, [{weights} + {line}]",
            "tileloadd tmm4, [{upper} + {stride}]",
            "tdpbf16ps tmm0, tmm4, tmm6",
            "tileloadd tmm7, [{weights} + {line} + 1024]",
            "tdpbf16ps tmm1, tmm4, tmm7",
            "tileloadd tmm5, [{lower} + {stride}]",
            "tdpbf16ps tmm2, tmm5, tmm6",
            "tdpbf16ps tmm3, tmm5, tmm7",
            "add {upper}, 64",
            "add {lower}, 64",
            "add {weights}, 2048",
            "dec {steps}",
            "jnz 2b",
            upper = inout(reg) rows => _,
            lower = inout(reg) rows.add(16 * stride) => _,
            weights = inout(reg) weights => _,
            steps = inout(reg) steps => _,
            stride = in(reg) stride * size_of::<bf16>(),
            line = in(reg) 64usize,
            options(nostack, readonly),
        );
    }
}

/// As [`accumulate`], with three taps per step: the rows are read again one and two `tap` further on, while they are
/// still in the first cache.
///
/// # Safety
/// As [`accumulate`], at all three taps, with three times the weights.
#[inline(always)]
unsafe fn accumulate_three(rows: *const bf16, stride: usize, tap: usize, weights: *const bf16, steps: usize) {
    if steps == 0 {
        return;
    }
    // SAFETY: the caller's promise; only tiles and the named registers change.
    unsafe {
        asm!(
            "2:",
            "tileloadd tmm6, [{weights} + {line}]",
            "tileloadd tmm4, [{upper} + {stride}]",
            "tdpbf16ps tmm0, tmm4, tmm6",
            "tileloadd tmm7, [{weights} + {line} + 1024]",
            "tdpbf16ps tmm1, tmm4, tmm7",
            "tileloadd tmm5, [{lower} + {stride}]",
            "tdpbf16ps tmm2, tmm5, tmm6",
            "tdpbf16ps tmm3, tmm5, tmm7",
            "add {upper}, {tap}",
            "add {lower}, {tap}",
            "tileloadd tmm6, [{weights} + {line} + 2048]",
            "tileloadd tmm4, [{upper} + {stride}]",
            "tdpbf16ps tmm0, tmm4, tmm6",
            "tileloadd tmm7, [{weights} + {line} + 3072]",
            "tdpbf16ps tmm1, tmm4, tmm7",
            "tileloadd tmm5, [{lower} + {stride}]",
            "tdpbf16ps tmm2, tmm5, tmm6",
            "tdpbf16ps tmm3, tmm5, tmm7",
            "add {upper}, {tap}",
            "add {lower}, {tap}",
            "tileloadd tmm6, [{weights} + {line} + 4096]",
            "tileloadd tmm4, [{upper} + {stride}]",
            "tdpbf16ps tmm0, tmm4, tmm6",
            "tileloadd tmm7, [{weights} + {line} + 5120]",
            "tdpbf16ps tmm1, tmm4, tmm7",
            "tileloadd tmm5, [{lower} + {stride}]",
            "tdpbf16ps tmm2, tmm5, tmm6",
            "tdpbf16ps tmm3, tmm5, tmm7",
            "sub {upper}, {back}",
            "sub {lower}, {back}",
            "add {weights}, 6144",
            "dec {steps}",
            "jnz 2b",
            upper = inout(reg) rows => _,
            lower = inout(reg) rows.add(16 * stride) => _,
            weights = inout(reg) weights => _,
            steps = inout(reg) steps => _,
            stride = in(reg) stride * size_of::<bf16>(),
            tap = in(reg) tap * size_of::<bf16>(),
            back = in(reg) (2 * tap * size_of::<bf16>()).wrapping_sub(64),
            line = in(reg) 64usize,
            options(nostack, readonly),
        );
    }
}
