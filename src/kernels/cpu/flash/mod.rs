//! Attention that never holds the matrix of scores: keys are taken a block at a time, and sums are rescaled when a
//! larger score turns up.
//!
//! Source: <https://arxiv.org/abs/2205.14135>

#[cfg(target_arch = "x86_64")]
mod amx;

use super::element;
use super::gemm::Block;
use super::gemm::COLUMNS;
use super::gemm::DEPTH_STEP;
use super::gemm::MAX_ROWS;
use super::gemm::Micro;
use super::gemm::Multiplied;
use super::gemm::Order;
use super::gemm::Packed;
use super::gemm::Source;
use super::gemm::Target;
use super::gemm::WithMicro;
use super::path::Path;
use super::path::path;
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

impl<E: Multiplied + Attended> Attention<'_, E> {
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
    keys: Packed<E>,
    /// V: `(keys, dim)`.
    values: Packed<E>,
}

impl<E: Multiplied> WithMicro<E> for Attention<'_, E> {
    type Output = Vec<E>;

    fn run<M: Micro<Element = E>>(self, micro: M) -> Vec<E> {
        const QUERIES_PER_TASK: usize = 4 * MAX_ROWS;
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
                let keys_packed = Packed::new(&rows, [keys.count, dim, 1, 1], Order::TapByTap, |column| column);
                for token in 0..values.count {
                    for (d, number) in values.head(batch, token, head, dim).iter().enumerate() {
                        rows[d * values.count + token] = *number;
                    }
                }
                Head {
                    keys: keys_packed,
                    values: Packed::new(&rows, [dim, values.count, 1, 1], Order::TapByTap, |column| column),
                }
            })
            .collect();

        let mut out = Vec::with_capacity(batch * queries.count * heads * dim);
        let target = Target::new(&mut out);
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
                        for first in range.clone().step_by(M::ROWS) {
                            let last = (first + M::ROWS).min(range.end);
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
    block: Block,
}

impl<E: Multiplied> Scratch<E> {
    fn new<M: Micro>(dim: usize) -> Self {
        Self {
            queries: vec![E::default(); M::ROWS * dim.next_multiple_of(DEPTH_STEP)],
            scores: vec![0.0; M::ROWS * KEYS_PER_BLOCK],
            weights: vec![E::default(); M::ROWS * KEYS_PER_BLOCK],
            sums: vec![0.0; M::ROWS * dim.next_multiple_of(COLUMNS)],
            block: Block::new(),
        }
    }
}

impl<E: Multiplied> Attention<'_, E> {
    /// Up to [`Micro::ROWS`] queries of one head.
    #[inline(always)]
    #[expect(clippy::too_many_arguments, reason = "the whole, its part, and where to work")]
    fn rows<M: Micro<Element = E>>(
        &self,
        micro: M,
        packed: &Head<E>,
        head: usize,
        range: std::ops::Range<usize>,
        scratch: &mut Scratch<E>,
        target: Target<E>,
    ) {
        let Self { heads, dim, scale, .. } = *self;
        let (batch, head) = (head / heads, head % heads);
        let (depth, columns) = (dim.next_multiple_of(DEPTH_STEP), dim.next_multiple_of(COLUMNS));
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
        let mut largest = [f32::MIN; MAX_ROWS];
        let mut totals = [0f32; MAX_ROWS];

        for first_key in (0..num_keys).step_by(KEYS_PER_BLOCK) {
            let count = KEYS_PER_BLOCK.min(num_keys - first_key);
            if self.causal && first_key >= range.end {
                break;
            }
            for part in 0..count.div_ceil(COLUMNS) {
                let panel = packed.keys.panel(first_key / COLUMNS + part);
                // SAFETY: within `within`; the queries are `ROWS` rows of the panel's depth.
                unsafe { micro.block(&[Source::rows(queries, 0, depth, depth)], 0, panel, block) };
                for (row, scores) in scores.chunks_exact_mut(KEYS_PER_BLOCK).enumerate() {
                    scores[part * COLUMNS..(part + 1) * COLUMNS].copy_from_slice(block.row(row));
                }
            }
            let filled = count.next_multiple_of(DEPTH_STEP);
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
                let mut lanes = [0f32; DEPTH_STEP];
                for (weights, scores) in weights[..filled]
                    .chunks_exact_mut(DEPTH_STEP)
                    .zip(scores.chunks_exact(DEPTH_STEP))
                {
                    for lane in 0..DEPTH_STEP {
                        weights[lane] = E::from_f32(scores[lane]);
                        lanes[lane] += weights[lane].to_f32();
                    }
                }
                totals[row] += lanes.iter().sum::<f32>();
            }
            for part in 0..columns / COLUMNS {
                let panel = packed.values.panel(part);
                let panel = &panel[first_key * COLUMNS..(first_key + filled) * COLUMNS];
                let source = Source::rows(weights, 0, KEYS_PER_BLOCK, filled);
                // SAFETY: within `within`; the weights are `ROWS` rows of the panel's depth.
                unsafe { micro.block(&[source], 0, panel, block) };
                for (row, sums) in sums.chunks_exact_mut(columns).enumerate() {
                    for (sum, add) in sums[part * COLUMNS..].iter_mut().zip(block.row(row)) {
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
