//! Weights with the one kernel that uses them.

use crate::kernels::{self, ConvWeights, LinearWeights, Padding, PostOps, PreOps, Wrap};
use crate::models::WeightBuilder;
use crate::models::reloadable::ReloadableWeights;
use candle_core::{DType, Result, Shape, Tensor};
use candle_nn::Init;

/// A tensor of few numbers, in f32 whatever the network computes in: rounding it would gain nothing.
fn small(vb: &WeightBuilder<'_>, shape: impl Into<Shape>, name: &str) -> Result<Tensor> {
    vb.get_with_hints_dtype(shape, name, Init::Const(0.0), DType::F32)
}

/// The builder of layers that cost next to nothing and whose rounding all later layers would feel.
pub(in crate::models) fn full_precision<'a>(vb: &WeightBuilder<'a>) -> WeightBuilder<'a> {
    vb.to_dtype(kernels::precise_dtype(vb.device(), vb.dtype()))
}

/// An affine map of the last axis.
#[derive(Debug, Clone)]
pub(in crate::models) struct Linear(ReloadableWeights<LinearWeights>);

impl Linear {
    /// `weight` `(outputs, inputs)` and `bias` `(outputs)`.
    pub(in crate::models) fn new(vb: &WeightBuilder<'_>, inputs: usize, outputs: usize) -> Result<Self> {
        let make = move |vb: &WeightBuilder<'_>| {
            let weight = vb.get((outputs, inputs), "weight")?;
            LinearWeights::new(&weight, Some(&small(vb, outputs, "bias")?))
        };
        Ok(Self(ReloadableWeights::new(vb, &["weight", "bias"], make)?))
    }

    /// `weight` alone.
    pub(in crate::models) fn without_bias(vb: &WeightBuilder<'_>, inputs: usize, outputs: usize) -> Result<Self> {
        let make = move |vb: &WeightBuilder<'_>| LinearWeights::new(&vb.get((outputs, inputs), "weight")?, None);
        Ok(Self(ReloadableWeights::new(vb, &["weight"], make)?))
    }

    /// Several maps of the same numbers, their outputs side by side.
    ///
    /// * `names`: of the maps, each with `outputs` outputs.
    pub(in crate::models) fn stacked(
        vb: &WeightBuilder<'_>,
        names: &[&str],
        inputs: usize,
        outputs: usize,
        has_bias: bool,
    ) -> Result<Self> {
        let full = |part: &str| names.iter().map(|name| format!("{name}.{part}")).collect::<Vec<_>>();
        let (weights, biases) = (full("weight"), if has_bias { full("bias") } else { Vec::new() });
        let tensors: Vec<String> = [weights.as_slice(), biases.as_slice()].concat();
        let make = move |vb: &WeightBuilder<'_>| {
            let weight = weights.iter().map(|name| vb.get((outputs, inputs), name));
            let weight = Tensor::cat(&weight.collect::<Result<Vec<_>>>()?, 0)?;
            let bias = biases.iter().map(|name| small(vb, outputs, name));
            let bias = bias.collect::<Result<Vec<_>>>()?;
            let bias = has_bias.then(|| Tensor::cat(&bias, 0)).transpose()?;
            LinearWeights::new(&weight, bias.as_ref())
        };
        let tensors: Vec<&str> = tensors.iter().map(String::as_str).collect();
        Ok(Self(ReloadableWeights::new(vb, &tensors, make)?))
    }

    /// Its weights in their place.
    pub(in crate::models) fn weights(&self) -> &ReloadableWeights<LinearWeights> {
        &self.0
    }

    /// `(…, inputs)` → `(…, outputs)`.
    pub(in crate::models) fn forward(&self, x: &Tensor) -> Result<Tensor> {
        self.forward_with(x, PostOps::default())
    }

    /// As [`Linear::forward`], then these.
    pub(in crate::models) fn forward_with(&self, x: &Tensor, post_ops: PostOps<'_>) -> Result<Tensor> {
        kernels::linear(x, &self.0.read(), post_ops)
    }
}

/// An affine map whose first half of outputs is gated by the second.
#[derive(Debug, Clone)]
pub(in crate::models) struct GeGlu(ReloadableWeights<LinearWeights>);

impl GeGlu {
    /// `weight` `(2 · outputs, inputs)` and `bias` `(2 · outputs)`.
    pub(in crate::models) fn new(vb: &WeightBuilder<'_>, inputs: usize, outputs: usize) -> Result<Self> {
        let make = move |vb: &WeightBuilder<'_>| {
            let weight = vb.get((2 * outputs, inputs), "weight")?;
            LinearWeights::gated(&weight, Some(&small(vb, 2 * outputs, "bias")?))
        };
        Ok(Self(ReloadableWeights::new(vb, &["weight", "bias"], make)?))
    }

    /// `(…, inputs)` → `(…, outputs)`.
    pub(in crate::models) fn forward(&self, x: &Tensor) -> Result<Tensor> {
        kernels::linear_geglu(x, &self.0.read())
    }
}

/// A square convolution.
#[derive(Debug, Clone)]
pub(in crate::models) struct Conv2d(ReloadableWeights<ConvWeights>);

impl Conv2d {
    /// `kernel`×`kernel`, stride 1, padded so that the size stays.
    pub(in crate::models) fn new(vb: &WeightBuilder<'_>, inputs: usize, outputs: usize, kernel: usize) -> Result<Self> {
        Self::strided(vb, inputs, outputs, kernel, 1, Padding::same(kernel / 2))
    }

    /// As [`Conv2d::new`], without a bias.
    pub(in crate::models) fn without_bias(
        vb: &WeightBuilder<'_>,
        inputs: usize,
        outputs: usize,
        kernel: usize,
        stride: usize,
    ) -> Result<Self> {
        let make = move |vb: &WeightBuilder<'_>| {
            let weight = vb.get((outputs, inputs, kernel, kernel), "weight")?;
            ConvWeights::new(&weight, None, stride, Padding::same(kernel / 2))
        };
        Ok(Self(ReloadableWeights::new(vb, &["weight"], make)?))
    }

    /// Of squares that lie side by side: `kernel`×`kernel`, as far apart as they are wide, without a bias.
    pub(in crate::models) fn patches(
        vb: &WeightBuilder<'_>,
        inputs: usize,
        outputs: usize,
        kernel: usize,
    ) -> Result<Self> {
        let make = move |vb: &WeightBuilder<'_>| {
            let weight = vb.get((outputs, inputs, kernel, kernel), "weight")?;
            ConvWeights::new(&weight, None, kernel, Padding::default())
        };
        Ok(Self(ReloadableWeights::new(vb, &["weight"], make)?))
    }

    /// With a stride and a padding of its own.
    pub(in crate::models) fn strided(
        vb: &WeightBuilder<'_>,
        inputs: usize,
        outputs: usize,
        kernel: usize,
        stride: usize,
        padding: Padding,
    ) -> Result<Self> {
        let make = move |vb: &WeightBuilder<'_>| {
            let weight = vb.get((outputs, inputs, kernel, kernel), "weight")?;
            ConvWeights::new(&weight, Some(&small(vb, outputs, "bias")?), stride, padding)
        };
        Ok(Self(ReloadableWeights::new(vb, &["weight", "bias"], make)?))
    }

    /// 1×1, from weights that may be those of a linear map: `(outputs, inputs)`.
    pub(in crate::models) fn pointwise(
        vb: &WeightBuilder<'_>,
        inputs: usize,
        outputs: usize,
        is_linear: bool,
    ) -> Result<Self> {
        if !is_linear {
            return Self::new(vb, inputs, outputs, 1);
        }
        let make = move |vb: &WeightBuilder<'_>| {
            let weight = vb.get((outputs, inputs), "weight")?.reshape((outputs, inputs, 1, 1))?;
            ConvWeights::new(&weight, Some(&small(vb, outputs, "bias")?), 1, Padding::default())
        };
        Ok(Self(ReloadableWeights::new(vb, &["weight", "bias"], make)?))
    }

    /// `(batch, inputs, height, width)` → `(batch, outputs, …)`.
    pub(in crate::models) fn forward(&self, x: &Tensor, wrap: Wrap) -> Result<Tensor> {
        self.forward_with(PreOps::new(&[x]).wrapped(wrap), PostOps::default())
    }

    /// With something done before and after.
    pub(in crate::models) fn forward_with(&self, input: PreOps<'_>, post_ops: PostOps<'_>) -> Result<Tensor> {
        kernels::conv2d(input, &self.0.read(), post_ops)
    }
}

/// Normalisation over groups of channels: `weight` and `bias` `(channels)`.
pub(in crate::models) fn group_norm(
    vb: &WeightBuilder<'_>,
    channels: usize,
    groups: usize,
    eps: f64,
) -> Result<kernels::GroupNorm> {
    kernels::GroupNorm::new(
        &small(vb, channels, "weight")?,
        &small(vb, channels, "bias")?,
        groups,
        eps,
    )
}

/// Normalisation over the last axis: `weight` and `bias` `(channels)`.
pub(in crate::models) fn layer_norm(vb: &WeightBuilder<'_>, channels: usize, eps: f64) -> Result<kernels::LayerNorm> {
    let (weight, bias) = (small(vb, channels, "weight")?, small(vb, channels, "bias")?);
    Ok(kernels::LayerNorm::new(&weight, &bias, eps)?.with_dtype(vb.dtype()))
}
