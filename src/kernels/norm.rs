//! Normalisation over groups of channels and over the last axis.

use super::cpu;
use candle_core::D;
use candle_core::DType;
use candle_core::Result;
use candle_core::Tensor;

/// (x − mean) / √(var + eps) · weight + bias, with mean and variance over each group of channels and all pixels.
///
/// * `x`: `(batch, channels, …)`.
/// * `groups`: divides the channels.
/// * `weight`, `bias`: `(channels)`.
///
/// # Errors
/// If `groups` does not divide the channels or the shapes differ.
///
/// Source: <https://arxiv.org/abs/1803.08494>
pub fn group_norm(x: &Tensor, groups: usize, weight: &Tensor, bias: &Tensor, eps: f64) -> Result<Tensor> {
    grouped(x, groups, weight, bias, eps, false)
}

/// [`group_norm`] followed by [`silu`](super::silu), which every residual block does.
///
/// # Errors
/// As [`group_norm`].
pub fn group_norm_silu(x: &Tensor, groups: usize, weight: &Tensor, bias: &Tensor, eps: f64) -> Result<Tensor> {
    grouped(x, groups, weight, bias, eps, true)
}

fn grouped(x: &Tensor, groups: usize, weight: &Tensor, bias: &Tensor, eps: f64, silu: bool) -> Result<Tensor> {
    let dims = x.dims();
    let &[batch, channels, _, ..] = dims else {
        candle_core::bail!("group norm expects (batch, channels, …), found {dims:?}");
    };
    if groups == 0 || !channels.is_multiple_of(groups) {
        candle_core::bail!("{channels} channels cannot be split into {groups} groups");
    }
    if weight.dims() != [channels] || bias.dims() != [channels] {
        candle_core::bail!(
            "group norm expects {channels} weights and biases, found {:?} and {:?}",
            weight.dims(),
            bias.dims()
        );
    }
    if cpu::serves(x) && cpu::serves(weight) && cpu::serves(bias) {
        let op = cpu::GroupNorm { groups, eps, silu };
        return x
            .contiguous()?
            .apply_op3_no_bwd(&weight.contiguous()?, &bias.contiguous()?, &op);
    }

    let per_group = x.elem_count() / (batch * groups).max(1);
    let y = standardise(&x.reshape((batch, groups, per_group))?, eps)?.reshape(dims)?;
    let mut per_channel = vec![1; dims.len()];
    per_channel[1] = channels;
    let y = y
        .broadcast_mul(&weight.reshape(per_channel.as_slice())?)?
        .broadcast_add(&bias.reshape(per_channel)?)?;
    if silu { y.silu() } else { Ok(y) }
}

/// (x − mean) / √(var + eps) · weight + bias, with mean and variance over the last axis.
///
/// * `x`: `(…, channels)`.
/// * `weight`, `bias`: `(channels)`.
///
/// # Errors
/// If the shapes differ.
///
/// Source: <https://arxiv.org/abs/1607.06450>
pub fn layer_norm(x: &Tensor, weight: &Tensor, bias: &Tensor, eps: f64) -> Result<Tensor> {
    let channels = x.dim(D::Minus1)?;
    if weight.dims() != [channels] || bias.dims() != [channels] {
        candle_core::bail!(
            "layer norm expects {channels} weights and biases, found {:?} and {:?}",
            weight.dims(),
            bias.dims()
        );
    }
    if cpu::serves(x) && cpu::serves(weight) && cpu::serves(bias) {
        let op = cpu::LayerNorm { eps };
        return x
            .contiguous()?
            .apply_op3_no_bwd(&weight.contiguous()?, &bias.contiguous()?, &op);
    }
    standardise(x, eps)?.broadcast_mul(weight)?.broadcast_add(bias)
}

/// Zero mean and unit variance over the last axis, computed in f32 for the half types.
fn standardise(x: &Tensor, eps: f64) -> Result<Tensor> {
    let dtype = x.dtype();
    let x = match dtype {
        DType::F16 | DType::BF16 => x.to_dtype(DType::F32)?,
        _ => x.clone(),
    };
    let centred = x.broadcast_sub(&x.mean_keepdim(D::Minus1)?)?;
    let variance = centred.sqr()?.mean_keepdim(D::Minus1)?;
    centred.broadcast_div(&(variance + eps)?.sqrt()?)?.to_dtype(dtype)
}

#[cfg(test)]
mod tests {
    use super::*;
    use candle_core::Device;

    fn wave(len: usize, frequency: f64) -> Vec<f64> {
        (0..len).map(|i| (i as f64 * frequency).sin() * 2.0 + 3.0).collect()
    }

    fn tensor(data: &[f64], shape: &[usize], dtype: DType) -> Tensor {
        Tensor::from_slice(data, shape, &Device::Cpu)
            .unwrap()
            .to_dtype(dtype)
            .unwrap()
    }

    /// Standardises `values` and returns them with the affine map of each.
    fn by_definition(values: &[f64], eps: f64, affine: impl Fn(usize) -> (f64, f64)) -> Vec<f64> {
        let mean = values.iter().sum::<f64>() / values.len() as f64;
        let variance = values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / values.len() as f64;
        let scale = (variance + eps).sqrt().recip();
        let mapped = values.iter().enumerate().map(|(i, v)| {
            let (weight, bias) = affine(i);
            (v - mean) * scale * weight + bias
        });
        mapped.collect()
    }

    fn assert_close(found: &Tensor, expected: &[f64], what: &str) {
        let found = found
            .to_dtype(DType::F64)
            .unwrap()
            .flatten_all()
            .unwrap()
            .to_vec1::<f64>()
            .unwrap();
        for (i, (found, expected)) in found.iter().zip(expected).enumerate() {
            assert!(
                (found - expected).abs() < 2e-5,
                "{what}, element {i}: {found}, expected {expected}"
            );
        }
    }

    #[test]
    fn group_norm_should_match_its_definition_on_both_paths() {
        let (batch, channels, pixels, groups, eps) = (2, 6, 10, 3, 1e-3);
        let (x, weight, bias) = (
            wave(batch * channels * pixels, 0.37),
            wave(channels, 1.1),
            wave(channels, 0.2),
        );
        let mut expected = Vec::new();
        for (group, values) in x.chunks(channels / groups * pixels).enumerate() {
            let first = group % groups * (channels / groups);
            expected.extend(by_definition(values, eps, |i| {
                (weight[first + i / pixels], bias[first + i / pixels])
            }));
        }
        let after_silu: Vec<f64> = expected.iter().map(|v| v / (1.0 + (-v).exp())).collect();

        for dtype in [DType::F32, DType::F64] {
            let x = tensor(&x, &[batch, channels, 2, 5], dtype);
            let (weight, bias) = (tensor(&weight, &[channels], dtype), tensor(&bias, &[channels], dtype));
            assert_close(
                &group_norm(&x, groups, &weight, &bias, eps).unwrap(),
                &expected,
                "group norm",
            );
            assert_close(
                &group_norm_silu(&x, groups, &weight, &bias, eps).unwrap(),
                &after_silu,
                "group norm, silu",
            );
            assert!(
                group_norm(&x, 4, &weight, &bias, eps).is_err(),
                "6 channels are not 4 groups"
            );
        }
    }

    #[test]
    fn layer_norm_should_match_its_definition_on_both_paths() {
        let (rows, channels, eps) = (6, 7, 1e-5);
        let (x, weight, bias) = (wave(rows * channels, 0.53), wave(channels, 1.1), wave(channels, 0.2));
        let expected: Vec<f64> = x
            .chunks(channels)
            .flat_map(|row| by_definition(row, eps, |i| (weight[i], bias[i])))
            .collect();
        for dtype in [DType::F32, DType::F64] {
            let y = layer_norm(
                &tensor(&x, &[2, 3, channels], dtype),
                &tensor(&weight, &[channels], dtype),
                &tensor(&bias, &[channels], dtype),
                eps,
            );
            assert_close(&y.unwrap(), &expected, "layer norm");
        }
    }
}
