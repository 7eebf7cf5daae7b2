//! Attention probabilities, averaged over the heads, without holding those of single heads in memory.

use rayon::prelude::*;

use super::element::exp;
use super::vectorised;

/// Queries of one task.
const QUERIES_PER_TASK: usize = 16;

/// mean over heads of softmax(scale · Q Kᵀ).
///
/// * `q`: `(queries, heads · dim)`, `k`: `(keys, heads · dim)`; `heads` divides both.
///
/// Returns `(queries, keys)`.
pub(crate) fn mean_probabilities(q: &[f32], k: &[f32], (heads, width): (usize, usize), scale: f32) -> Vec<f32> {
    let (keys, dim) = (k.len() / width.max(1), width / heads.max(1));
    // Keys side by side, so that they are the lanes of a vector.
    let mut turned = vec![0.0; k.len()];
    for (key, row) in k.chunks_exact(width.max(1)).enumerate() {
        for (channel, value) in row.iter().enumerate() {
            turned[channel * keys + key] = value * scale;
        }
    }
    let mut mean = vec![0.0; q.len() / width.max(1) * keys];
    let rows = mean.par_chunks_mut((QUERIES_PER_TASK * keys).max(1));
    rows.zip(q.par_chunks((QUERIES_PER_TASK * width).max(1)))
        .for_each(|(mean, q)| {
            vectorised(
                #[inline(always)]
                || {
                    let mut scores = vec![0.0; keys];
                    for (mean, q) in mean.chunks_exact_mut(keys).zip(q.chunks_exact(width)) {
                        for head in 0..heads {
                            let channels = head * dim..(head + 1) * dim;
                            add_head(
                                mean,
                                &mut scores,
                                (
                                    &q[channels.clone()],
                                    &turned[channels.start * keys..channels.end * keys],
                                ),
                                heads,
                            );
                        }
                    }
                },
            );
        });
    mean
}

/// Adds one head's share of one query.
#[inline(always)]
fn add_head(mean: &mut [f32], scores: &mut [f32], (q, k): (&[f32], &[f32]), heads: usize) {
    scores.fill(0.0);
    for (x, keys) in q.iter().zip(k.chunks_exact(scores.len())) {
        for (score, key) in scores.iter_mut().zip(keys) {
            *score += x * key;
        }
    }
    let most = folded(
        scores,
        f32::NEG_INFINITY,
        |most, score| if score > most { score } else { most },
    );
    for score in scores.iter_mut() {
        *score = exp(*score - most);
    }
    let share = 1.0 / (folded(scores, 0.0, |sum, score| sum + score) * heads as f32);
    for (mean, score) in mean.iter_mut().zip(scores) {
        *mean += *score * share;
    }
}

/// All numbers in one, in lanes so that it runs in vectors; the order does not depend on the processor.
#[inline(always)]
fn folded(numbers: &[f32], neutral: f32, join: impl Fn(f32, f32) -> f32) -> f32 {
    const LANES: usize = 16;
    let mut lanes = [neutral; LANES];
    let (chunks, rest) = numbers.as_chunks::<LANES>();
    for chunk in chunks {
        for (lane, number) in lanes.iter_mut().zip(chunk) {
            *lane = join(*lane, *number);
        }
    }
    for (lane, number) in lanes.iter_mut().zip(rest) {
        *lane = join(*lane, *number);
    }
    lanes.into_iter().fold(neutral, join)
}
