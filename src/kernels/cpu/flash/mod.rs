//! Attention that never holds the matrix of scores: keys are taken a block at a time, and sums are rescaled when a
//! larger score turns up.
//!
//! Source: <https://arxiv.org/abs/2205.14135>

#[cfg(target_arch = "x86_64")]
mod amx;

use super::element;
use super::gemm::{
    AccTile, GemmElement, K_STEP, LhsView, MAX_MR, MicroKernel, NR, OutputPtr, PackedRhs, TapOrder, WithMicroKernel,
};
use super::path::{Path, path};
use half::bf16;
use rayon::prelude::*;

/// Keys that are looked at together.
const KEYS_PER_BLOCK: usize = 128;

/// Tokens of several heads: head h of token t begins at `data[batch · batch_stride + t · stride + h · dim]`.
#[derive(Clone, Copy)]
pub(crate) struct Tokens<'a, E> {
    /// From the first token's first head on.
    pub(crate) data: &'a [E],
    /// Numbers from one token to the next.
    pub(crate) stride: usize,
    /// Numbers from one batch element's first token to the next one's.
    pub(crate) batch_stride: usize,
    /// Tokens of a batch element.
    pub(crate) count: usize,
}

impl<'a, E> Tokens<'a, E> {
    /// One head of one token.
    #[inline(always)]
    fn head(&self, batch: usize, token: usize, head: usize, dim: usize) -> &'a [E] {
        let start = batch * self.batch_stride + token * self.stride + head * dim;
        &self.data[start..start + dim]
    }
}

/// softmax(scale · Q Kᵀ) V for every head.
#[derive(Clone, Copy)]
pub(crate) struct Attention<'a, E> {
    pub(crate) queries: Tokens<'a, E>,
    pub(crate) keys: Tokens<'a, E>,
    pub(crate) values: Tokens<'a, E>,
    pub(crate) batch: usize,
    pub(crate) heads: usize,
    /// Numbers of a head.
    pub(crate) dim: usize,
    pub(crate) scale: f32,
    /// Whether a query sees only the keys up to its own place.
    pub(crate) causal: bool,
}

impl<E: GemmElement + Attended> Attention<'_, E> {
    /// Computes it: `(batch, queries, heads · dim)`.
    pub(crate) fn run(self) -> Vec<E> {
        assert_eq!(self.keys.count, self.values.count, "one value per key");
        assert!(
            self.keys.count > 0 && self.dim > 0,
            "there must be something to look at"
        );
        match E::attend(&self) {
            Some(y) => y,
            None => E::dispatch(self),
        }
    }
}

/// Formats that may have attention of their own.
pub(crate) trait Attended: Sized {
    /// The result, if the path in use has something better than the general way for this.
    fn attend(_attention: &Attention<'_, Self>) -> Option<Vec<Self>> {
        None
    }
}

impl Attended for f32 {}

impl Attended for bf16 {
    #[cfg(target_arch = "x86_64")]
    fn attend(attention: &Attention<'_, Self>) -> Option<Vec<Self>> {
        // SAFETY: the path is only ever AMX where the processor has it.
        (path() == Path::Amx && amx::serves(attention)).then(|| unsafe { amx::run(attention) })
    }
}

/// One head's keys and values as right factors.
struct Head<E> {
    /// Kᵀ: `(dim, keys)`.
    keys: PackedRhs<E>,
    /// V: `(keys, dim)`.
    values: PackedRhs<E>,
}

impl<E: GemmElement> WithMicroKernel<E> for Attention<'_, E> {
    type Output = Vec<E>;

    fn run<M: MicroKernel<Element = E>>(self, micro: M) -> Vec<E> {
        const QUERIES_PER_TASK: usize = 4 * MAX_MR;
        let Self {
            queries,
            keys,
            values,
            batch,
            heads,
            dim,
            ..
        } = self;
        let packed: Vec<Head<E>> = (0..batch * heads)
            .into_par_iter()
            .map(|index| {
                let (batch, head) = (index / heads, index % heads);
                let mut rows = vec![E::default(); keys.count * dim];
                for (token, row) in rows.chunks_exact_mut(dim).enumerate() {
                    row.copy_from_slice(keys.head(batch, token, head, dim));
                }
                let keys_packed = PackedRhs::new(&rows, [keys.count, dim, 1, 1], TapOrder::TapByTap, |column| column);
                for token in 0..values.count {
                    for (d, number) in values.head(batch, token, head, dim).iter().enumerate() {
                        rows[d * values.count + token] = *number;
                    }
                }
                Head {
                    keys: keys_packed,
                    values: PackedRhs::new(&rows, [dim, values.count, 1, 1], TapOrder::TapByTap, |column| column),
                }
            })
            .collect();

        let mut out = Vec::with_capacity(batch * queries.count * heads * dim);
        let target = OutputPtr::new(&mut out);
        let tasks_per_head = queries.count.div_ceil(QUERIES_PER_TASK);
        (0..batch * heads * tasks_per_head)
            .into_par_iter()
            .with_max_len(1)
            .for_each(|index| {
                let (head, part) = (index / tasks_per_head, index % tasks_per_head);
                let mut scratch = Scratch::new::<M>(dim);
                let range = part * QUERIES_PER_TASK..((part + 1) * QUERIES_PER_TASK).min(queries.count);
                micro.within(
                    #[inline(always)]
                    || {
                        for first in range.clone().step_by(M::MR) {
                            let last = (first + M::MR).min(range.end);
                            self.rows(micro, &packed[head], head, first..last, &mut scratch, target);
                        }
                    },
                );
            });
        // SAFETY: every head of every query was written.
        unsafe { out.set_len(batch * queries.count * heads * dim) };
        out
    }
}

/// What a task computes with, in sizes that stay in the first cache.
struct Scratch<E> {
    queries: Vec<E>,
    scores: Vec<f32>,
    weights: Vec<E>,
    sums: Vec<f32>,
    block: AccTile,
}

impl<E: GemmElement> Scratch<E> {
    fn new<M: MicroKernel>(dim: usize) -> Self {
        Self {
            queries: vec![E::default(); M::MR * dim.next_multiple_of(K_STEP)],
            scores: vec![0.0; M::MR * KEYS_PER_BLOCK],
            weights: vec![E::default(); M::MR * KEYS_PER_BLOCK],
            sums: vec![0.0; M::MR * dim.next_multiple_of(NR)],
            block: AccTile::new(),
        }
    }
}

impl<E: GemmElement> Attention<'_, E> {
    /// Up to [`MicroKernel::MR`] queries of one head.
    #[inline(always)]
    #[expect(clippy::too_many_arguments, reason = "the whole, its part, and where to work")]
    fn rows<M: MicroKernel<Element = E>>(
        &self,
        micro: M,
        packed: &Head<E>,
        head: usize,
        range: std::ops::Range<usize>,
        scratch: &mut Scratch<E>,
        target: OutputPtr<E>,
    ) {
        let Self { heads, dim, scale, .. } = *self;
        let (batch, head) = (head / heads, head % heads);
        let (depth, columns) = (dim.next_multiple_of(K_STEP), dim.next_multiple_of(NR));
        let num_keys = self.keys.count;
        let Scratch {
            queries,
            scores,
            weights,
            sums,
            block,
        } = scratch;
        for (row, token) in queries.chunks_exact_mut(depth).zip(range.clone()) {
            for (scaled, number) in row.iter_mut().zip(self.queries.head(batch, token, head, dim)) {
                *scaled = E::from_f32(number.to_f32() * scale);
            }
        }
        sums.fill(0.0);
        let mut largest = [f32::MIN; MAX_MR];
        let mut totals = [0f32; MAX_MR];

        for first_key in (0..num_keys).step_by(KEYS_PER_BLOCK) {
            let count = KEYS_PER_BLOCK.min(num_keys - first_key);
            if self.causal && first_key >= range.end {
                break;
            }
            for part in 0..count.div_ceil(NR) {
                let panel = packed.keys.panel(first_key / NR + part);
                // SAFETY: within `within`; the queries are `MR` rows of the panel's depth.
                unsafe { micro.block(&[LhsView::rows(queries, 0, depth, depth)], 0, panel, block) };
                for (row, scores) in scores.chunks_exact_mut(KEYS_PER_BLOCK).enumerate() {
                    scores[part * NR..(part + 1) * NR].copy_from_slice(block.row(row));
                }
            }
            let filled = count.next_multiple_of(K_STEP);
            let rows = scores
                .chunks_exact_mut(KEYS_PER_BLOCK)
                .zip(weights.chunks_exact_mut(KEYS_PER_BLOCK))
                .zip(sums.chunks_exact_mut(columns));
            for (row, ((scores, weights), sums)) in rows.enumerate() {
                let seen = if self.causal {
                    (range.start + row + 1).saturating_sub(first_key).min(count)
                } else {
                    count
                };
                let maximum = scores[..seen].iter().fold(largest[row], |a, b| a.max(*b));
                if maximum > largest[row] {
                    let shrink = element::exp(largest[row] - maximum);
                    totals[row] *= shrink;
                    for sum in sums.iter_mut() {
                        *sum *= shrink;
                    }
                    largest[row] = maximum;
                }
                for score in &mut scores[..seen] {
                    *score = element::exp(*score - maximum);
                }
                scores[seen..filled].fill(0.0);
                let mut lanes = [0f32; K_STEP];
                for (weights, scores) in weights[..filled]
                    .chunks_exact_mut(K_STEP)
                    .zip(scores.chunks_exact(K_STEP))
                {
                    for lane in 0..K_STEP {
                        weights[lane] = E::from_f32(scores[lane]);
                        lanes[lane] += weights[lane].to_f32();
                    }
                }
                totals[row] += lanes.iter().sum::<f32>();
            }
            for part in 0..columns / NR {
                let panel = packed.values.panel(part);
                let panel = &panel[first_key * NR..(first_key + filled) * NR];
                let source = LhsView::rows(weights, 0, KEYS_PER_BLOCK, filled);
                // SAFETY: within `within`; the weights are `MR` rows of the panel's depth.
                unsafe { micro.block(&[source], 0, panel, block) };
                for (row, sums) in sums.chunks_exact_mut(columns).enumerate() {
                    for (sum, add) in sums[part * NR..].iter_mut().zip(block.row(row)) {
                        *sum += add;
                    }
                }
            }
        }

        for (row, token) in range.enumerate() {
            let start = ((batch * self.queries.count + token) * heads + head) * dim;
            // SAFETY: this task alone writes this head of this query.
            let out = unsafe { target.slice(start, dim) };
            let scale = totals[row].recip();
            for (out, sum) in out.iter_mut().zip(&sums[row * columns..]) {
                out.write(E::from_f32(sum * scale));
            }
        }
    }
}
