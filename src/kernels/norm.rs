//! Normalisation over groups of channels and over the last axis.

use super::cpu::image::ImageView;
use super::cpu::norm::{GroupAffine, apply_affine, group_affine};
use super::cpu::{self, Element, View, channels_last};
use super::trace::{self, Op};
use candle_core::{D, DType, Result, Tensor};
use half::bf16;

/// (x − mean) / √(var + eps) · weight + bias, with mean and variance over each group of channels and all pixels.
///
/// Source: <https://arxiv.org/abs/1803.08494>
#[derive(Debug, Clone)]
pub struct GroupNorm {
    weight: Tensor,
    bias: Tensor,
    numbers: [Vec<f32>; 2],
    groups: usize,
    eps: f64,
}

impl GroupNorm {
    /// * `weight`, `bias`: `(channels)`.
    /// * `groups`: divides the channels.
    ///
    /// # Errors
    /// If `groups` does not divide the channels or the shapes differ.
    pub fn new(weight: &Tensor, bias: &Tensor, groups: usize, eps: f64) -> Result<Self> {
        let numbers = same_length(weight, bias)?;
        let channels = weight.elem_count();
        if groups == 0 || !channels.is_multiple_of(groups) {
            candle_core::bail!("{channels} channels cannot be split into {groups} groups");
        }
        Ok(Self {
            weight: weight.clone(),
            bias: bias.clone(),
            numbers,
            groups,
            eps,
        })
    }

    /// * `x`: `(batch, channels, height, width)`.
    ///
    /// # Errors
    /// If the shape does not fit.
    pub fn forward(&self, x: &Tensor) -> Result<Tensor> {
        self.grouped(x, false)
    }

    /// [`GroupNorm::forward`] followed by [`silu`](super::silu), which every residual block does.
    ///
    /// # Errors
    /// As [`GroupNorm::forward`].
    pub fn forward_silu(&self, x: &Tensor) -> Result<Tensor> {
        self.grouped(x, true)
    }

    /// The affine map that normalises these feature maps, read side by side.
    ///
    /// * `parts`: `(batch, pixels, channels)` each.
    pub(super) fn affine<E: Element>(&self, parts: &[ImageView<'_, E>], sizes: [usize; 2]) -> Result<GroupAffine> {
        let [weight, bias] = &self.numbers;
        let channels: usize = parts.iter().map(|part| part.channels).sum();
        if channels != weight.len() {
            candle_core::bail!("group norm expects {} channels, found {channels}", weight.len());
        }
        Ok(group_affine(parts, sizes, self.groups, weight, bias, self.eps))
    }

    fn grouped(&self, x: &Tensor, silu: bool) -> Result<Tensor> {
        let _span = trace::span(Op::GroupNorm);
        let (batch, channels, ..) = x.dims4()?;
        if channels != self.weight.elem_count() || x.elem_count() == 0 {
            candle_core::bail!(
                "group norm expects {} channels, found {:?}",
                self.weight.elem_count(),
                x.dims()
            );
        }
        if cpu::serves(x) {
            return match x.dtype() {
                DType::BF16 => self.direct::<bf16>(x, silu),
                _ => self.direct::<f32>(x, silu),
            };
        }
        let per_group = x.elem_count() / (batch * self.groups);
        let y = standardise(&x.reshape((batch, self.groups, per_group))?, self.eps)?.reshape(x.shape())?;
        let per_channel = (1, channels, 1, 1);
        let y = y
            .broadcast_mul(&self.weight.to_dtype(y.dtype())?.reshape(per_channel)?)?
            .broadcast_add(&self.bias.to_dtype(y.dtype())?.reshape(per_channel)?)?;
        let y = if silu { y.silu()? } else { y };
        y.to_dtype(x.dtype())
    }

    fn direct<E: Element>(&self, x: &Tensor, silu: bool) -> Result<Tensor> {
        let x = channels_last(x)?;
        let (batch, height, width, channels) = x.dims4()?;
        let view = View::of(&x);
        let data = view.contiguous::<E>()?;
        let affine = self.affine(&[ImageView { data, channels }], [batch, height * width])?;
        let y = apply_affine::<E, E>(data, channels, height * width, &affine, silu);
        Tensor::from_vec(y, x.shape(), x.device())?.permute((0, 3, 1, 2))
    }
}

/// (x − mean) / √(var + eps) · weight + bias, with mean and variance over the last axis.
///
/// Source: <https://arxiv.org/abs/1607.06450>
#[derive(Debug, Clone)]
pub struct LayerNorm {
    weight: Tensor,
    bias: Tensor,
    numbers: [Vec<f32>; 2],
    eps: f64,
    dtype: Option<DType>,
}

impl LayerNorm {
    /// * `weight`, `bias`: `(channels)`.
    ///
    /// # Errors
    /// If the shapes differ.
    pub fn new(weight: &Tensor, bias: &Tensor, eps: f64) -> Result<Self> {
        Ok(Self {
            numbers: same_length(weight, bias)?,
            weight: weight.clone(),
            bias: bias.clone(),
            eps,
            dtype: None,
        })
    }

    /// Results in this format whatever is normalised: that of the layer that reads them.
    #[must_use]
    pub fn with_dtype(self, dtype: DType) -> Self {
        Self {
            dtype: Some(dtype),
            ..self
        }
    }

    /// * `x`: `(…, channels)`.
    ///
    /// # Errors
    /// If the shape does not fit.
    pub fn forward(&self, x: &Tensor) -> Result<Tensor> {
        let _span = trace::span(Op::LayerNorm);
        let channels = x.dim(D::Minus1)?;
        if channels != self.weight.elem_count() || x.elem_count() == 0 {
            candle_core::bail!(
                "layer norm expects {} channels, found {:?}",
                self.weight.elem_count(),
                x.dims()
            );
        }
        if cpu::serves(x) {
            return match (x.dtype(), self.dtype.unwrap_or_else(|| x.dtype())) {
                (DType::BF16, DType::BF16) => self.direct::<bf16, bf16>(x),
                (DType::BF16, _) => self.direct::<bf16, f32>(x),
                (_, DType::BF16) => self.direct::<f32, bf16>(x),
                _ => self.direct::<f32, f32>(x),
            };
        }
        let y = standardise(x, self.eps)?;
        y.broadcast_mul(&self.weight.to_dtype(y.dtype())?)?
            .broadcast_add(&self.bias.to_dtype(y.dtype())?)?
            .to_dtype(self.dtype.unwrap_or_else(|| x.dtype()))
    }

    fn direct<S: Element, E: Element>(&self, x: &Tensor) -> Result<Tensor> {
        let x = x.contiguous()?;
        let view = View::of(&x);
        let [weight, bias] = &self.numbers;
        let y = cpu::norm::layer_norm::<S, E>(view.contiguous::<S>()?, weight, bias, self.eps);
        Tensor::from_vec(y, x.shape(), x.device())
    }
}

/// Weight and bias on the host, if both are vectors of one length.
fn same_length(weight: &Tensor, bias: &Tensor) -> Result<[Vec<f32>; 2]> {
    if weight.rank() != 1 || weight.dims() != bias.dims() || weight.elem_count() == 0 {
        candle_core::bail!(
            "a norm expects as many weights as biases, found {:?} and {:?}",
            weight.dims(),
            bias.dims()
        );
    }
    let numbers = |x: &Tensor| x.to_dtype(DType::F32)?.to_vec1::<f32>();
    Ok([numbers(weight)?, numbers(bias)?])
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
            let norm = GroupNorm::new(&weight, &bias, groups, eps).unwrap();
            assert_close(&norm.forward(&x).unwrap(), &expected, "group norm");
            assert_close(&norm.forward_silu(&x).unwrap(), &after_silu, "group norm, silu");
            assert!(
                GroupNorm::new(&weight, &bias, 4, eps).is_err(),
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
            let norm = LayerNorm::new(
                &tensor(&weight, &[channels], dtype),
                &tensor(&bias, &[channels], dtype),
                eps,
            );
            let y = norm.unwrap().forward(&tensor(&x, &[2, 3, channels], dtype));
            assert_close(&y.unwrap(), &expected, "layer norm");
        }
    }
}
