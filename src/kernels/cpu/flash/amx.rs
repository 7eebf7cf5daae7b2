//! Attention on tiles: Sᵀ = K Qᵀ, Pᵀ = 2^Sᵀ, Oᵀ = Vᵀ Pᵀ.
//!
//! Everything is transposed, so that a query's numbers stand in a lane: maxima and sums need no steps across lanes, and
//! the weights leave the exponential in just the order in which the tile unit wants its right factor. A row of ones
//! below Vᵀ sums the weights.
//!
//! Scores come in units of 1/256 of a power of two (the factor is multiplied into the queries). The exponential is then
//! made of 16-bit integers: the score's whole part is the exponent of a bf16, its fraction the significand, corrected by
//! a parabola (Schraudolph 1999). Its relative error, about 0.3 %, is that of rounding a weight to bf16, and largely
//! cancels since the same weights are summed. Where the product of the longest query and the longest key shows that
//! no score can leave the exponent's range, nothing is subtracted from the scores.

use super::{Attention, Tokens};
use crate::kernels::cpu::amx::Tiles;
use crate::kernels::cpu::element::Element;
use crate::kernels::cpu::gemm::OutputPtr;
use half::bf16;
use rayon::prelude::*;
use std::arch::asm;
#[cfg_attr(
    not(test),
    expect(clippy::wildcard_imports, reason = "the names of the instructions")
)]
use std::arch::x86_64::*;

/// Queries in a block: two tiles.
const QUERIES: usize = 32;
/// Keys in a group: two tiles, and the depth of the second product.
const KEYS: usize = 32;
/// Numbers of a tile of bf16.
const TILE: usize = 16 * 32;
/// Scores of a group.
const GROUP: usize = KEYS * QUERIES;
/// Groups that are summed at a time: sums are read and written once for all of them.
const STEP: usize = 2;
/// Units of score to a power of two.
const UNIT: f32 = 256.0;
/// Powers of two that a score may be away from 0 without being shifted; their sums stay far from f32's limits.
const MOST_UNSHIFTED: f32 = 90.0;

/// Whether this kernel takes it.
pub(crate) fn serves(attention: &Attention<'_, bf16>) -> bool {
    !attention.causal && attention.keys.count >= KEYS
}

/// One head's keys and values in tiles.
struct Head {
    /// For each 16 keys: tiles of 16 keys × 32 numbers.
    keys: Vec<bf16>,
    /// For each 32 keys: tiles of 16 numbers × 32 keys.
    values: Vec<bf16>,
    /// Length of the longest key.
    longest: f32,
}

/// Sizes that follow from the length of a head.
#[derive(Clone, Copy)]
struct Shape {
    dim: usize,
    /// Tiles across a key.
    key_tiles: usize,
    /// Tiles down a value and its one.
    value_tiles: usize,
    groups: usize,
}

/// Computes it: `(batch, queries, heads · dim)`.
///
/// # Safety
/// The processor has AMX.
pub(crate) unsafe fn run(attention: &Attention<'_, bf16>) -> Vec<bf16> {
    const BLOCKS_PER_TASK: usize = 8;
    let Attention {
        queries,
        keys,
        batch,
        heads,
        dim,
        ..
    } = *attention;
    let shape = Shape {
        dim,
        key_tiles: dim.div_ceil(32),
        value_tiles: (dim + 1).div_ceil(16),
        groups: keys.count.div_ceil(KEYS).next_multiple_of(STEP),
    };
    let packed: Vec<Head> = (0..batch * heads)
        .into_par_iter()
        .map(|index| pack(attention, shape, index / heads, index % heads))
        .collect();

    let mut out = Vec::with_capacity(batch * queries.count * heads * dim);
    let target = OutputPtr::new(&mut out);
    let blocks = queries.count.div_ceil(QUERIES);
    let tasks_per_head = blocks.div_ceil(BLOCKS_PER_TASK);
    (0..batch * heads * tasks_per_head)
        .into_par_iter()
        .with_max_len(1)
        .for_each(|index| {
            let (head, part) = (index / tasks_per_head, index % tasks_per_head);
            let mut scratch = Scratch::new(shape);
            // SAFETY: the caller promises AMX.
            let _tiles = unsafe { Tiles::configure() };
            for block in part * BLOCKS_PER_TASK..((part + 1) * BLOCKS_PER_TASK).min(blocks) {
                let first = block * QUERIES;
                // SAFETY: tiles are configured and come with AVX-512; this task alone writes these queries of this head.
                unsafe { one_block(attention, shape, &packed[head], head, first, &mut scratch, target) };
            }
        });
    // SAFETY: every head of every query was written.
    unsafe { out.set_len(batch * queries.count * heads * dim) };
    out
}

fn pack(attention: &Attention<'_, bf16>, shape: Shape, batch: usize, head: usize) -> Head {
    let Attention { keys, values, dim, .. } = *attention;
    let Shape {
        key_tiles,
        value_tiles,
        groups,
        ..
    } = shape;
    let mut packed = Head {
        keys: vec![bf16::ZERO; groups * 2 * key_tiles * TILE],
        values: vec![bf16::ZERO; groups * value_tiles * TILE],
        longest: 0.0,
    };
    for token in 0..keys.count {
        let key = keys.head(batch, token, head, dim);
        let row = token / 16 * key_tiles * TILE + token % 16 * 32;
        let mut length = 0.0;
        for (tile, part) in key.chunks(32).enumerate() {
            packed.keys[row + tile * TILE..][..part.len()].copy_from_slice(part);
            length += part.iter().map(|x| x.to_f32() * x.to_f32()).sum::<f32>();
        }
        packed.longest = packed.longest.max(length.sqrt());
        let value = values.head(batch, token, head, dim);
        let column = token / KEYS * value_tiles * TILE + token % KEYS;
        let ones = &[bf16::ONE];
        for (d, number) in value.iter().chain(ones).enumerate() {
            packed.values[column + d * 32] = *number;
        }
    }
    packed
}

/// What a block is computed in; small enough for the first cache.
struct Scratch {
    /// Queries as a right factor: for each 32 numbers two tiles of 16 pairs × 16 queries.
    queries: Vec<Halves>,
    /// Scores of two steps: keys × queries.
    scores: Vec<Floats>,
    /// Weights of two steps as right factors: for each group two tiles of 16 pairs of keys × 16 queries.
    weights: Vec<Halves>,
    /// Sums: numbers of a value × queries.
    sums: Vec<Floats>,
}

/// Tiles are read and written by cache lines.
#[repr(C, align(64))]
#[derive(Clone, Copy)]
struct Line<T, const N: usize>([T; N]);

type Floats = Line<f32, 16>;
type Halves = Line<bf16, 32>;

impl Scratch {
    fn new(shape: Shape) -> Self {
        Self {
            queries: vec![Line([bf16::ZERO; 32]); shape.key_tiles * 2 * TILE / 32],
            scores: vec![Line([0.0; 16]); 2 * STEP * GROUP / 16],
            weights: vec![Line([bf16::ZERO; 32]); 2 * STEP * GROUP / 32],
            sums: vec![Line([0.0; 16]); shape.value_tiles * 16 * QUERIES / 16],
        }
    }
}

/// # Safety
/// Tiles are configured, AVX-512 is there; nobody else writes these queries of this head.
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,fma")]
#[expect(clippy::too_many_arguments, reason = "the whole, its part, and where to work")]
unsafe fn one_block(
    attention: &Attention<'_, bf16>,
    shape: Shape,
    head: &Head,
    index: usize,
    first: usize,
    scratch: &mut Scratch,
    target: OutputPtr<bf16>,
) {
    let Attention {
        queries,
        heads,
        dim,
        scale,
        ..
    } = *attention;
    let (batch, head_index) = (index / heads, index % heads);
    let count = QUERIES.min(queries.count - first);
    let longest = pack_queries(&queries, [batch, first, count, head_index], shape, scale, scratch);
    let Scratch {
        queries: packed_queries,
        scores,
        weights,
        sums,
    } = scratch;
    sums.fill(Line([0.0; 16]));
    let (packed_queries, scores, weights, sums) = (
        packed_queries.as_ptr().cast::<bf16>(),
        scores.as_mut_ptr().cast::<f32>(),
        weights.as_mut_ptr().cast::<bf16>(),
        sums.as_mut_ptr().cast::<f32>(),
    );
    let Shape {
        key_tiles,
        value_tiles,
        groups,
        ..
    } = shape;
    let needs_shift = longest * head.longest > MOST_UNSHIFTED * UNIT || longest.is_nan();
    let mut shift = [_mm512_set1_ps(f32::MIN); 2];

    // SAFETY: group g of keys and values lies within what `pack` made; the scratch holds two steps.
    unsafe {
        let value_group = |group: usize| head.values.as_ptr().add(group * value_tiles * TILE);
        let half = |group: usize| group / STEP % 2 * STEP * GROUP;
        let score_step = |group: usize| {
            for i in 0..STEP {
                let keys = head.keys.as_ptr().add((group + i) * 2 * key_tiles * TILE);
                score(keys, packed_queries, key_tiles, scores.add(half(group) + i * GROUP));
            }
        };
        // The tile unit works on the next step's scores and the last step's sums while the vector units take the
        // exponential of this one: nothing here waits for what stands just before it.
        score_step(0);
        for group in (0..groups).step_by(STEP) {
            if group + STEP < groups {
                score_step(group + STEP);
            }
            if group > 0 {
                add_values(
                    value_group(group - STEP),
                    value_tiles,
                    weights.add(half(group - STEP)),
                    sums,
                );
            }
            let (scores, weights) = (scores.add(half(group)), weights.add(half(group)));
            if needs_shift {
                let keys = (STEP * KEYS).min(attention.keys.count.saturating_sub(group * KEYS));
                raise(scores, keys, &mut shift, sums, value_tiles);
                exponential::<true>(scores, weights, shift);
            } else {
                exponential::<false>(scores, weights, shift);
            }
        }
        add_values(
            value_group(groups - STEP),
            value_tiles,
            weights.add(half(groups - STEP)),
            sums,
        );

        // Back to rows: query by query, every 32nd number of the sums.
        let lanes = _mm512_mullo_epi32(
            _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15),
            _mm512_set1_epi32(32),
        );
        for query in 0..count {
            let start = ((batch * queries.count + first + query) * heads + head_index) * dim;
            let out = target.slice(start, dim);
            let inverse = _mm512_set1_ps((*sums.add(dim * QUERIES + query)).recip());
            for d in (0..dim).step_by(16) {
                // The sums have whole tiles of 16 numbers, so the last step may read beyond the value.
                let numbers = _mm512_i32gather_ps::<4>(lanes, sums.add(d * QUERIES + query));
                let mut row = [0f32; 16];
                _mm512_storeu_ps(row.as_mut_ptr(), _mm512_mul_ps(numbers, inverse));
                for (out, number) in out[d..].iter_mut().zip(row) {
                    out.write(<bf16 as Element>::from_f32(number));
                }
            }
        }
    }
}

/// Scales the queries and puts them in tiles; returns the length of the longest, scaled.
#[inline(always)]
fn pack_queries(
    queries: &Tokens<'_, bf16>,
    [batch, first, count, head]: [usize; 4],
    shape: Shape,
    scale: f32,
    scratch: &mut Scratch,
) -> f32 {
    let scale = scale * std::f32::consts::LOG2_E * UNIT;
    let mut longest = 0f32;
    let lines = &mut scratch.queries;
    if count < QUERIES {
        lines.fill(Line([bf16::ZERO; 32]));
    }
    for query in 0..count {
        let row = queries.head(batch, first + query, head, shape.dim);
        let mut lengths = [0f32; 32];
        for (part, numbers) in row.chunks(32).enumerate() {
            let mut values = [0f32; 32];
            for (value, number) in values.iter_mut().zip(numbers) {
                *value = number.to_f32() * scale;
            }
            let mut scaled = [bf16::ZERO; 32];
            for lane in 0..32 {
                lengths[lane] += values[lane] * values[lane];
                scaled[lane] = <bf16 as Element>::from_f32(values[lane]);
            }
            let tile = (part * 2 + query / 16) * 16;
            let lines = lines[tile..tile + 16].iter_mut();
            for (line, numbers) in lines.zip(scaled.as_chunks::<2>().0) {
                line.0[query % 16 * 2..][..2].copy_from_slice(numbers);
            }
        }
        longest = longest.max(lengths.iter().sum());
    }
    longest.sqrt()
}

/// scores (32 keys × 32 queries) = K Qᵀ.
///
/// # Safety
/// Tiles are configured; `keys` holds two rows of `tiles` tiles, `queries` two columns of as many, `scores` a group.
#[inline(always)]
unsafe fn score(keys: *const bf16, queries: *const bf16, tiles: usize, scores: *mut f32) {
    // SAFETY: the caller's promise; only tiles, the named registers and the scores change.
    unsafe {
        asm!(
            "tilezero tmm0",
            "tilezero tmm1",
            "tilezero tmm2",
            "tilezero tmm3",
            "2:",
            "tileloadd tmm6, [{queries} + {line}]",
            "tileloadd tmm4, [{upper} + {line}]",
            "tdpbf16ps tmm0, tmm4, tmm6",
            "tileloadd tmm7, [{queries} + {line} + 1024]",
            "tdpbf16ps tmm1, tmm4, tmm7",
            "tileloadd tmm5, [{lower} + {line}]",
            "tdpbf16ps tmm2, tmm5, tmm6",
            "tdpbf16ps tmm3, tmm5, tmm7",
            "add {upper}, 1024",
            "add {lower}, 1024",
            "add {queries}, 2048",
            "dec {tiles}",
            "jnz 2b",
            "tilestored [{scores} + {row}], tmm0",
            "tilestored [{scores} + {row} + 64], tmm1",
            "tilestored [{scores} + {row} + 2048], tmm2",
            "tilestored [{scores} + {row} + 2112], tmm3",
            upper = inout(reg) keys => _,
            lower = inout(reg) keys.add(tiles * TILE) => _,
            queries = inout(reg) queries => _,
            tiles = inout(reg) tiles => _,
            scores = in(reg) scores,
            line = in(reg) 64usize,
            row = in(reg) 128usize,
            options(nostack),
        );
    }
}

/// sums (16·tiles numbers × 32 queries) += Vᵀ P for a step.
///
/// # Safety
/// Tiles are configured; `values` holds `tiles` tiles for each group, `weights` a step, `sums` 16 rows per tile.
#[inline(always)]
unsafe fn add_values(values: *const bf16, tiles: usize, weights: *const bf16, sums: *mut f32) {
    // SAFETY: the caller's promise; only tiles, the named registers and the sums change.
    unsafe {
        let mut tile = 0;
        while tile + 1 < tiles {
            asm!(
                "tileloadd tmm0, [{sums} + {row}]",
                "tileloadd tmm1, [{sums} + {row} + 64]",
                "tileloadd tmm2, [{sums} + {row} + 2048]",
                "tileloadd tmm3, [{sums} + {row} + 2112]",
                "2:",
                "tileloadd tmm6, [{weights} + {line}]",
                "tileloadd tmm4, [{values} + {line}]",
                "tdpbf16ps tmm0, tmm4, tmm6",
                "tileloadd tmm7, [{weights} + {line} + 1024]",
                "tdpbf16ps tmm1, tmm4, tmm7",
                "tileloadd tmm5, [{values} + {line} + 1024]",
                "tdpbf16ps tmm2, tmm5, tmm6",
                "tdpbf16ps tmm3, tmm5, tmm7",
                "add {weights}, 2048",
                "add {values}, {group}",
                "dec {steps}",
                "jnz 2b",
                "tilestored [{sums} + {row}], tmm0",
                "tilestored [{sums} + {row} + 64], tmm1",
                "tilestored [{sums} + {row} + 2048], tmm2",
                "tilestored [{sums} + {row} + 2112], tmm3",
                weights = inout(reg) weights => _,
                values = inout(reg) values.add(tile * TILE) => _,
                steps = inout(reg) STEP => _,
                group = in(reg) tiles * TILE * size_of::<bf16>(),
                sums = in(reg) sums.add(tile * 16 * QUERIES),
                line = in(reg) 64usize,
                row = in(reg) 128usize,
                options(nostack),
            );
            tile += 2;
        }
        if tile < tiles {
            asm!(
                "tileloadd tmm0, [{sums} + {row}]",
                "tileloadd tmm1, [{sums} + {row} + 64]",
                "2:",
                "tileloadd tmm6, [{weights} + {line}]",
                "tileloadd tmm4, [{values} + {line}]",
                "tdpbf16ps tmm0, tmm4, tmm6",
                "tileloadd tmm7, [{weights} + {line} + 1024]",
                "tdpbf16ps tmm1, tmm4, tmm7",
                "add {weights}, 2048",
                "add {values}, {group}",
                "dec {steps}",
                "jnz 2b",
                "tilestored [{sums} + {row}], tmm0",
                "tilestored [{sums} + {row} + 64], tmm1",
                weights = inout(reg) weights => _,
                values = inout(reg) values.add(tile * TILE) => _,
                steps = inout(reg) STEP => _,
                group = in(reg) tiles * TILE * size_of::<bf16>(),
                sums = in(reg) sums.add(tile * 16 * QUERIES),
                line = in(reg) 64usize,
                row = in(reg) 128usize,
                options(nostack),
            );
        }
    }
}

/// Raises the shift of queries that meet a much larger score, and shrinks their sums accordingly. The shift is a whole
/// power of two, so that nothing is rounded.
///
/// # Safety
/// AVX-512 is there; `scores` holds `keys` rows, `sums` 16 rows per tile.
#[target_feature(enable = "avx512f,avx512dq")]
unsafe fn raise(scores: *const f32, keys: usize, shift: &mut [__m512; 2], sums: *mut f32, tiles: usize) {
    /// Weights may grow to 2⁸ before sums are shrunk.
    const SLACK: f32 = 8.0 * UNIT;
    // SAFETY: the caller's promise.
    unsafe {
        for half in 0..2 {
            let mut largest = _mm512_set1_ps(f32::MIN);
            for key in 0..keys {
                largest = _mm512_max_ps(largest, _mm512_load_ps(scores.add(key * QUERIES + half * 16)));
            }
            let limit = _mm512_add_ps(shift[half], _mm512_set1_ps(SLACK));
            let grown = _mm512_cmp_ps_mask::<_CMP_GT_OQ>(largest, limit);
            if grown == 0 {
                continue;
            }
            let powers = _mm512_mul_ps(largest, _mm512_set1_ps(UNIT.recip()));
            let raised = _mm512_mul_ps(_mm512_roundscale_ps::<0x0A>(powers), _mm512_set1_ps(UNIT));
            let raised = _mm512_mask_mov_ps(shift[half], grown, raised);
            let by = _mm512_mul_ps(_mm512_sub_ps(shift[half], raised), _mm512_set1_ps(UNIT.recip()));
            let shrink = _mm512_scalef_ps(_mm512_set1_ps(1.0), by);
            for row in 0..tiles * 16 {
                let at = sums.add(row * QUERIES + half * 16);
                _mm512_store_ps(at, _mm512_mul_ps(_mm512_load_ps(at), shrink));
            }
            shift[half] = raised;
        }
    }
}

/// weights = 2^(scores − shift) as bf16, in pairs of keys.
///
/// # Safety
/// AVX-512 is there; `scores` and `weights` hold a step; without `SHIFT` all scores are within ±126 powers of two.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512dq")]
unsafe fn exponential<const SHIFT: bool>(scores: *const f32, weights: *mut bf16, shift: [__m512; 2]) {
    /// Adding this to a number leaves its whole part in the low bits.
    const MAGIC: f32 = 12_582_912.0; // 1.5 · 2²³
    /// 2^f ≈ 1 + f − 0.3438 f (1 − f), in units of a bf16's significand.
    const PARABOLA: i16 = 44;
    /// Exponent of 1.
    const BIAS: i16 = 127 << 7;
    let magic = _mm512_set1_ps(MAGIC);
    let low = _mm512_set1_epi32(0xffff);
    let fraction = _mm512_set1_epi16(0xff);
    let one = _mm512_set1_epi16(0x100);
    let parabola = _mm512_set1_epi16(PARABOLA);
    let bias = _mm512_set1_epi16(BIAS);
    // SAFETY: the caller's promise.
    unsafe {
        let fixed = |key: usize, half: usize| {
            let score = _mm512_load_ps(scores.add(key * QUERIES + half * 16));
            let score = if SHIFT {
                let shifted = _mm512_sub_ps(score, shift[half]);
                _mm512_max_ps(shifted, _mm512_set1_ps(-126.0 * UNIT))
            } else {
                score
            };
            _mm512_castps_si512(_mm512_add_ps(score, magic))
        };
        for pair in 0..STEP * KEYS / 2 {
            for half in 0..2 {
                let (even, odd) = (fixed(2 * pair, half), fixed(2 * pair + 1, half));
                // (odd << 16) | (even & 0xffff)
                let both = _mm512_ternarylogic_epi32::<0xF8>(_mm512_slli_epi32::<16>(odd), even, low);
                let f = _mm512_and_si512(both, fraction);
                let square = _mm512_mullo_epi16(f, _mm512_sub_epi16(one, f));
                let correction = _mm512_mulhi_epu16(square, parabola);
                let linear = _mm512_add_epi16(_mm512_srai_epi16::<1>(both), bias);
                let bits = _mm512_sub_epi16(linear, correction);
                let tile = pair / 16 * 2 + half;
                _mm512_store_si512(weights.add(tile * TILE + pair % 16 * 32).cast(), bits);
            }
        }
    }
}
