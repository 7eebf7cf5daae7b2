//! Every kernel against plain tensor operations in f32, in each format, on odd shapes.

use super::*;
use candle_core::DType;
use candle_core::Device;
use candle_core::Result;
use candle_core::Tensor;

/// Numbers that look random, about −1..1.
fn numbers(shape: &[usize], seed: u32) -> Tensor {
    let len: usize = shape.iter().product();
    let mut state = seed.wrapping_mul(0x9e37_79b9) | 1;
    let data: Vec<f32> = (0..len)
        .map(|_| {
            state ^= state << 13;
            state ^= state >> 17;
            state ^= state << 5;
            f64::from(state) as f32 / 2_147_483_648.0 - 1.0
        })
        .collect();
    Tensor::from_vec(data, shape, &Device::Cpu).unwrap()
}

/// ‖found − expected‖ / ‖expected‖.
fn relative_error(found: &Tensor, expected: &Tensor) -> f64 {
    assert_eq!(found.dims(), expected.dims());
    let norm = |x: &Tensor| f64::from(x.sqr().unwrap().sum_all().unwrap().to_scalar::<f32>().unwrap()).sqrt();
    let found = found.to_dtype(DType::F32).unwrap();
    let expected = expected.to_dtype(DType::F32).unwrap();
    norm(&(found - &expected).unwrap()) / norm(&expected)
}

/// What a format may be off by: a few roundings of inputs and results.
fn tolerance(dtype: DType) -> f64 {
    if dtype == DType::BF16 { 6e-3 } else { 1e-5 }
}

const FORMATS: [DType; 2] = [DType::F32, DType::BF16];

fn plain_attention(q: &Tensor, k: &Tensor, v: &Tensor, heads: usize, scale: f64) -> Result<Tensor> {
    let [q, k, v] = [q, k, v].map(|x| split_heads(&x.to_dtype(DType::F32).unwrap(), heads).unwrap());
    merge_heads(&attention_probabilities(&q, &k, scale, None)?.matmul(&v)?)
}

#[test]
fn attention_should_match_the_plain_one_for_any_number_of_tokens_and_size_of_scores() {
    for (batch, queries, keys, heads, dim) in [
        (2, 64, 64, 2, 40),
        (1, 33, 77, 3, 80),
        (3, 1, 5, 1, 7),
        (1, 70, 31, 2, 160),
        (1, 45, 300, 1, 64),
        (1, 40, 130, 1, 512),
    ] {
        for (dtype, gain) in FORMATS.into_iter().flat_map(|dtype| [(dtype, 1.0), (dtype, 60.0)]) {
            let context = format!("{batch}×{queries}×{keys}, {heads} heads of {dim}, {dtype:?}, gain {gain}");
            let part = |tokens: usize, seed: u32, gain: f64| {
                let wide = (numbers(&[batch, tokens, 3 * heads * dim], seed) * gain).unwrap();
                // A slice of a wider tensor, as fused projections give.
                wide.to_dtype(dtype).unwrap().narrow(2, heads * dim, heads * dim).unwrap()
            };
            let (q, k, v) = (part(queries, 1, gain), part(keys, 2, 1.0), part(keys, 3, 1.0));
            let scale = (dim as f64).sqrt().recip();
            let found = attention(&q, &k, &v, heads, scale, false).unwrap();
            let expected = plain_attention(&q, &k, &v, heads, scale).unwrap();
            assert_eq!(found.dtype(), dtype);
            let error = relative_error(&found, &expected);
            // Large scores magnify the rounding of what makes them.
            assert!(error < tolerance(dtype) * (1.0 + gain / 10.0), "{context}: off by {error:e}");
        }
    }
}
