//! Scaled dot-product attention.

use super::cpu::flash::{Attended, Attention, Tokens};
use super::cpu::{self, GemmElement, View};
use super::trace::{self, Op};
use candle_core::{DType, Result, Tensor};
use half::bf16;

/// Most scores held at once, in elements; beyond it queries are taken in slices.
/// 2²⁶ f32 are 256 MiB: a picture of 512×512 in the VAE's attention (4096² scores) stays in one piece.
const MAX_SCORES: usize = 1 << 26;

/// softmax(scale · Q Kᵀ) V for every head, the heads side by side in each token.
///
/// * `q`: `(batch, queries, heads · head_dim)`.
/// * `k`, `v`: `(batch, keys, heads · head_dim)`; like `q` they may be slices of a wider tensor.
/// * `scale`: usually 1 / √`head_dim`.
/// * `causal`: whether a query sees only the keys up to its own place.
///
/// Returns `(batch, queries, heads · head_dim)`.
///
/// # Errors
/// If the shapes do not fit.
///
/// Source: <https://arxiv.org/abs/1706.03762>
pub fn attention(q: &Tensor, k: &Tensor, v: &Tensor, heads: usize, scale: f64, causal: bool) -> Result<Tensor> {
    let _span = trace::span(Op::Attention);
    let (batch, queries, channels) = q.dims3()?;
    let (_, keys, _) = k.dims3()?;
    if k.dims() != [batch, keys, channels] || v.dims() != k.dims() || q.dtype() != k.dtype() || k.dtype() != v.dtype() {
        candle_core::bail!(
            "attention expects as many channels everywhere and a value per key, found {:?}, {:?} and {:?}",
            q.dims(),
            k.dims(),
            v.dims()
        );
    }
    if heads == 0 || !channels.is_multiple_of(heads) || q.elem_count() == 0 || k.elem_count() == 0 {
        candle_core::bail!(
            "{queries} queries and {keys} keys of {channels} channels cannot be split into {heads} heads"
        );
    }
    if [q, k, v].into_iter().all(cpu::serves) {
        return match q.dtype() {
            DType::BF16 => direct::<bf16>(q, k, v, heads, scale, causal),
            _ => direct::<f32>(q, k, v, heads, scale, causal),
        };
    }
    let mask = causal.then(|| causal_mask(queries, keys, q)).transpose()?;
    let [q, k, v] = [q, k, v].map(|x| split_heads(x, heads));
    merge_heads(&sliced(&q?, &k?, &v?, scale, mask.as_ref(), MAX_SCORES)?)
}

fn direct<E: GemmElement + Attended>(
    q: &Tensor,
    k: &Tensor,
    v: &Tensor,
    heads: usize,
    scale: f64,
    causal: bool,
) -> Result<Tensor> {
    let packed = |x: &Tensor| {
        if x.stride()[2] == 1 {
            Ok(x.clone())
        } else {
            x.contiguous()
        }
    };
    let tensors = [packed(q)?, packed(k)?, packed(v)?];
    let views = [View::of(&tensors[0]), View::of(&tensors[1]), View::of(&tensors[2])];
    let tokens = |index: usize| -> Result<Tokens<'_, E>> {
        Ok(Tokens {
            data: views[index].numbers::<E>()?,
            stride: tensors[index].stride()[1],
            batch_stride: tensors[index].stride()[0],
            count: tensors[index].dim(1)?,
        })
    };
    let (batch, _, channels) = q.dims3()?;
    let y = Attention {
        queries: tokens(0)?,
        keys: tokens(1)?,
        values: tokens(2)?,
        batch,
        heads,
        dim: channels / heads,
        scale: scale as f32,
        causal,
    }
    .run();
    Tensor::from_vec(y, q.shape(), q.device())
}

/// `(queries, keys)`: −∞ where a query would look ahead.
fn causal_mask(queries: usize, keys: usize, like: &Tensor) -> Result<Tensor> {
    let mask: Vec<f32> = (0..queries)
        .flat_map(|query| (0..keys).map(move |key| if key > query { f32::NEG_INFINITY } else { 0.0 }))
        .collect();
    Tensor::from_vec(mask, (queries, keys), like.device())?.to_dtype(like.dtype())
}

/// By plain tensor operations on `(batch, heads, tokens, head_dim)`, as many queries at a time as their scores allow.
///
/// * `mask`: as in [`attention_probabilities`].
/// * `max_scores`: most scores held at once, in elements.
fn sliced(q: &Tensor, k: &Tensor, v: &Tensor, scale: f64, mask: Option<&Tensor>, max_scores: usize) -> Result<Tensor> {
    let (batch, heads, queries, _) = q.dims4()?;
    let scores_per_query = batch * heads * k.dim(2)?;
    if queries * scores_per_query <= max_scores {
        return attention_probabilities(q, k, scale, mask)?.matmul(&v.contiguous()?);
    }

    let (k, v) = (k.contiguous()?, v.contiguous()?);
    let slice = (max_scores / scores_per_query).max(1);
    let parts = (0..queries)
        .step_by(slice)
        .map(|start| {
            let count = slice.min(queries - start);
            // A mask of one row is the same for all queries.
            let rows = mask.map(|mask| match mask.rank() {
                rank if rank >= 2 && mask.dim(rank - 2)? == queries => mask.narrow(rank - 2, start, count),
                _ => Ok(mask.clone()),
            });
            let q = q.narrow(2, start, count)?;
            attention_probabilities(&q, &k, scale, rows.transpose()?.as_ref())?.matmul(&v)
        })
        .collect::<Result<Vec<_>>>()?;
    Tensor::cat(&parts, 2)
}

/// softmax(scale · Q Kᵀ + mask) V for every head; for the few networks that mask single tokens. Shapes as in
/// [`attention`].
///
/// * `mask`: added to the scores, broadcast to `(batch, heads, queries, keys)`; −∞ forbids a key.
///
/// # Errors
/// If the shapes do not fit.
pub fn masked_attention(q: &Tensor, k: &Tensor, v: &Tensor, heads: usize, scale: f64, mask: &Tensor) -> Result<Tensor> {
    let _span = trace::span(Op::Attention);
    let [q, k, v] = [q, k, v].map(|x| split_heads(x, heads));
    merge_heads(&sliced(&q?, &k?, &v?, scale, Some(mask), MAX_SCORES)?)
}

/// softmax(scale · Q Kᵀ + mask): how much each query looks at each key.
///
/// * `q`: `(batch, heads, queries, head_dim)`, `k`: `(batch, heads, keys, head_dim)`.
/// * `mask`: added to the scores, broadcast to `(batch, heads, queries, keys)`; −∞ forbids a key.
///
/// Returns `(batch, heads, queries, keys)`, each row summing to 1.
///
/// # Errors
/// If the shapes do not fit.
pub fn attention_probabilities(q: &Tensor, k: &Tensor, scale: f64, mask: Option<&Tensor>) -> Result<Tensor> {
    // Scaling q touches head_dim numbers per query, scaling the scores would touch one per key.
    let scores = (q.contiguous()? * scale)?.matmul(&k.contiguous()?.t()?)?;
    match mask {
        Some(mask) => softmax(&scores.broadcast_add(mask)?),
        None => softmax(&scores),
    }
}

/// The mean over the heads of [`attention_probabilities`], for one picture.
///
/// * `q`: `(1, queries, heads · head_dim)`, `k`: `(1, keys, heads · head_dim)`, any dtype.
///
/// Returns `(keys, queries)` in f32: for each key, how much each query looks at it.
///
/// # Errors
/// If the shapes do not fit.
pub fn mean_attention_probabilities(q: &Tensor, k: &Tensor, heads: usize, scale: f64) -> Result<Tensor> {
    let (q, k) = (q.to_dtype(DType::F32)?, k.to_dtype(DType::F32)?);
    let ((_, queries, width), (_, keys, _)) = (q.dims3()?, k.dims3()?);
    let is_even = heads > 0 && width.is_multiple_of(heads) && k.dims() == [1, keys, width] && q.dim(0)? == 1;
    if !q.device().is_cpu() || !is_even || keys == 0 {
        let (q, k) = (split_heads(&q, heads)?, split_heads(&k, heads)?);
        return attention_probabilities(&q, &k, scale, None)?
            .squeeze(0)?
            .mean(0)?
            .t()?
            .contiguous();
    }
    let numbers = |x: &Tensor| x.flatten_all()?.to_vec1::<f32>();
    let mean = cpu::mean_probabilities(&numbers(&q)?, &numbers(&k)?, (heads, width), scale as f32);
    let by_key = (0..keys)
        .flat_map(|key| mean[key..].iter().step_by(keys).copied())
        .collect::<Vec<_>>();
    Tensor::from_vec(by_key, (keys, queries), q.device())
}

/// eˣ / Σ eˣ over the last axis, any leading shape.
///
/// # Errors
/// If the dtype is not floating point.
pub fn softmax(x: &Tensor) -> Result<Tensor> {
    candle_nn::ops::softmax_last_dim(&x.contiguous()?)
}

/// `(batch, tokens, heads · head_dim)` → `(batch, heads, tokens, head_dim)`.
///
/// # Errors
/// If the last axis is not a multiple of `heads`.
pub fn split_heads(x: &Tensor, heads: usize) -> Result<Tensor> {
    let (batch, tokens, channels) = x.dims3()?;
    if heads == 0 || !channels.is_multiple_of(heads) {
        candle_core::bail!("{channels} channels cannot be split into {heads} heads");
    }
    x.reshape((batch, tokens, heads, channels / heads))?
        .transpose(1, 2)?
        .contiguous()
}

/// `(batch, heads, tokens, head_dim)` → `(batch, tokens, heads · head_dim)`; the inverse of [`split_heads`].
///
/// # Errors
/// If `x` has not four axes.
pub fn merge_heads(x: &Tensor) -> Result<Tensor> {
    let (batch, heads, tokens, head_dim) = x.dims4()?;
    x.transpose(1, 2)?.reshape((batch, tokens, heads * head_dim))
}

#[cfg(test)]
mod tests {
    use super::*;
    use candle_core::Device;

    fn wave(len: usize, frequency: f32) -> Vec<f32> {
        (0..len).map(|i| (i as f32 * frequency).sin()).collect()
    }

    #[test]
    fn attention_should_match_the_sum_over_keys_and_never_look_ahead_if_causal() {
        let (heads, queries, keys, dim, scale) = (2, 5, 4, 5, 0.4f32);
        let (q, k, v) = (wave(50, 0.7), wave(40, 1.3), wave(40, 0.9));
        let channels = heads * dim;
        let tensor =
            |data: &[f32], tokens: usize| Tensor::from_slice(data, (1, tokens, channels), &Device::Cpu).unwrap();
        for causal in [false, true] {
            let y = attention(
                &tensor(&q, queries),
                &tensor(&k, keys),
                &tensor(&v, keys),
                heads,
                scale.into(),
                causal,
            )
            .unwrap();
            let y = y.flatten_all().unwrap().to_vec1::<f32>().unwrap();
            for head in 0..heads {
                for query in 0..queries {
                    let weights: Vec<f32> = (0..keys)
                        .map(|key| {
                            let dot: f32 = (0..dim)
                                .map(|d| q[query * channels + head * dim + d] * k[key * channels + head * dim + d])
                                .sum();
                            if causal && key > query {
                                0.0
                            } else {
                                (dot * scale).exp()
                            }
                        })
                        .collect();
                    let total: f32 = weights.iter().sum();
                    for d in 0..dim {
                        let expected: f32 = (0..keys)
                            .map(|key| weights[key] / total * v[key * channels + head * dim + d])
                            .sum();
                        let found = y[query * channels + head * dim + d];
                        assert!(
                            (found - expected).abs() < 1e-6,
                            "head {head}, query {query}: {found}, expected {expected}"
                        );
                    }
                }
            }
        }
    }

    #[test]
    fn slices_should_give_what_the_whole_gives_whatever_the_mask() {
        let (batch, heads, queries, keys, dim) = (2, 3, 11, 7, 4);
        let tensor = |frequency: f32, shape: &[usize]| {
            Tensor::from_vec(wave(shape.iter().product(), frequency), shape, &Device::Cpu).unwrap()
        };
        let q = tensor(0.7, &[batch, heads, queries, dim]);
        let (k, v) = (
            tensor(1.3, &[batch, heads, keys, dim]),
            tensor(0.9, &[batch, heads, keys, dim]),
        );
        let masks = [
            None,
            Some(causal_mask(queries, keys, &q).unwrap()),
            Some(tensor(0.2, &[batch, 1, 1, keys])),
            Some(tensor(0.4, &[batch, heads, queries, keys])),
            Some(tensor(0.6, &[keys])),
        ];
        for mask in &masks {
            let by = |most: usize| {
                let y = sliced(&q, &k, &v, 0.5, mask.as_ref(), most).unwrap();
                y.flatten_all().unwrap().to_vec1::<f32>().unwrap()
            };
            let whole = by(usize::MAX);
            for most in [1, batch * heads * keys, 4 * batch * heads * keys] {
                let differ = |(a, b): (&f32, &f32)| (a - b).abs() > 1e-6;
                let mask = mask.as_ref().map(Tensor::dims);
                let found = by(most);
                assert_eq!(found.len(), whole.len());
                assert!(!found.iter().zip(&whole).any(differ), "{most} scores, mask {mask:?}");
            }
        }
    }

    #[test]
    fn merging_should_undo_splitting() {
        let x = Tensor::from_vec(wave(2 * 3 * 8, 0.3), (2, 3, 8), &Device::Cpu).unwrap();
        let back = merge_heads(&split_heads(&x, 4).unwrap()).unwrap();
        assert_eq!(back.to_vec3::<f32>().unwrap(), x.to_vec3::<f32>().unwrap());
        assert!(split_heads(&x, 3).is_err(), "8 channels are not 3 heads");
    }
}
