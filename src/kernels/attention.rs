//! Scaled dot-product attention.

use candle_core::Result;
use candle_core::Tensor;

/// Most scores held at once, in elements; beyond it queries are taken in slices.
/// 2²⁶ f32 are 256 MiB: a picture of 512×512 in the VAE's attention (4096² scores) stays in one piece.
const MAX_SCORES: usize = 1 << 26;

/// softmax(scale · Q Kᵀ + mask) V.
///
/// * `q`: `(batch, heads, queries, head_dim)`.
/// * `k`, `v`: `(batch, heads, keys, head_dim)`.
/// * `scale`: usually 1 / √`head_dim`.
/// * `mask`: added to the scores, broadcast to `(batch, heads, queries, keys)`; −∞ forbids a key.
///
/// Returns `(batch, heads, queries, head_dim)`.
///
/// # Errors
/// If the shapes do not fit.
///
/// Source: <https://arxiv.org/abs/1706.03762>
pub fn attention(q: &Tensor, k: &Tensor, v: &Tensor, scale: f64, mask: Option<&Tensor>) -> Result<Tensor> {
    let (batch, heads, queries, _) = q.dims4()?;
    let keys = k.dim(2)?;
    let scores_per_query = batch * heads * keys;
    if mask.is_some() || queries * scores_per_query <= MAX_SCORES {
        return attention_probabilities(q, k, scale, mask)?.matmul(&v.contiguous()?);
    }

    let (k, v) = (k.contiguous()?, v.contiguous()?);
    let slice = (MAX_SCORES / scores_per_query).max(1);
    let parts = (0..queries)
        .step_by(slice)
        .map(|start| {
            let q = q.narrow(2, start, slice.min(queries - start))?;
            attention_probabilities(&q, &k, scale, None)?.matmul(&v)
        })
        .collect::<Result<Vec<_>>>()?;
    Tensor::cat(&parts, 2)
}

/// softmax(scale · Q Kᵀ + mask): how much each query looks at each key. Shapes as in [`attention`].
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
    fn attention_should_match_the_sum_over_keys_with_and_without_a_mask() {
        let (heads, queries, keys, dim, scale) = (2, 3, 4, 5, 0.4f32);
        let (q, k, v) = (wave(30, 0.7), wave(40, 1.3), wave(40, 0.9));
        let blocked = 2; // the last query must not see this key
        let mut mask = vec![0f32; queries * keys];
        mask[(queries - 1) * keys + blocked] = f32::NEG_INFINITY;

        let tensor =
            |data: &[f32], tokens: usize| Tensor::from_slice(data, (1, heads, tokens, dim), &Device::Cpu).unwrap();
        let mask_tensor = Tensor::from_slice(&mask, (queries, keys), &Device::Cpu).unwrap();
        for mask_tensor in [None, Some(&mask_tensor)] {
            let y = attention(
                &tensor(&q, queries),
                &tensor(&k, keys),
                &tensor(&v, keys),
                scale.into(),
                mask_tensor,
            )
            .unwrap();
            let y = y.flatten_all().unwrap().to_vec1::<f32>().unwrap();
            for head in 0..heads {
                for query in 0..queries {
                    let weights: Vec<f32> = (0..keys)
                        .map(|key| {
                            let dot: f32 = (0..dim)
                                .map(|d| q[(head * queries + query) * dim + d] * k[(head * keys + key) * dim + d])
                                .sum();
                            let bias = mask_tensor.map_or(0.0, |_| mask[query * keys + key]);
                            (dot * scale + bias).exp()
                        })
                        .collect();
                    let total: f32 = weights.iter().sum();
                    for d in 0..dim {
                        let expected: f32 = (0..keys)
                            .map(|key| weights[key] / total * v[(head * keys + key) * dim + d])
                            .sum();
                        let found = y[(head * queries + query) * dim + d];
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
    fn merging_should_undo_splitting() {
        let x = Tensor::from_vec(wave(2 * 3 * 8, 0.3), (2, 3, 8), &Device::Cpu).unwrap();
        let back = merge_heads(&split_heads(&x, 4).unwrap()).unwrap();
        assert_eq!(back.to_vec3::<f32>().unwrap(), x.to_vec3::<f32>().unwrap());
        assert!(split_heads(&x, 3).is_err(), "8 channels are not 3 heads");
    }
}
