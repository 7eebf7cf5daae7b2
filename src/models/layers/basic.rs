//! Weights with the one kernel that uses them.

use crate::kernels;
use crate::kernels::Padding;
use candle_core::Result;
use candle_core::Tensor;
use candle_nn::VarBuilder;

/// An affine map of the last axis.
#[derive(Debug, Clone)]
pub(in crate::models) struct Linear {
    weight: Tensor,
    bias: Option<Tensor>,
}

impl Linear {
    /// `weight` `(outputs, inputs)` and `bias` `(outputs)`.
    pub(in crate::models) fn new(vb: &VarBuilder<'_>, inputs: usize, outputs: usize) -> Result<Self> {
        Ok(Self {
            weight: vb.get((outputs, inputs), "weight")?,
            bias: Some(vb.get(outputs, "bias")?),
        })
    }

    /// `weight` alone.
    pub(in crate::models) fn without_bias(vb: &VarBuilder<'_>, inputs: usize, outputs: usize) -> Result<Self> {
        Ok(Self {
            weight: vb.get((outputs, inputs), "weight")?,
            bias: None,
        })
    }

    /// `(…, inputs)` → `(…, outputs)`.
    pub(in crate::models) fn forward(&self, x: &Tensor) -> Result<Tensor> {
        kernels::linear(x, &self.weight, self.bias.as_ref())
    }
}

/// A square convolution.
#[derive(Debug, Clone)]
pub(in crate::models) struct Conv2d {
    weight: Tensor,
    bias: Option<Tensor>,
    stride: usize,
    padding: Padding,
}

impl Conv2d {
    /// `kernel`×`kernel`, stride 1, padded so that the size stays.
    pub(in crate::models) fn new(vb: &VarBuilder<'_>, inputs: usize, outputs: usize, kernel: usize) -> Result<Self> {
        Self::strided(vb, inputs, outputs, kernel, 1, Padding::same(kernel / 2))
    }

    /// As [`Conv2d::new`], without a bias.
    pub(in crate::models) fn without_bias(
        vb: &VarBuilder<'_>,
        inputs: usize,
        outputs: usize,
        kernel: usize,
        stride: usize,
    ) -> Result<Self> {
        Ok(Self {
            weight: vb.get((outputs, inputs, kernel, kernel), "weight")?,
            bias: None,
            stride,
            padding: Padding::same(kernel / 2),
        })
    }

    /// With a stride and a padding of its own.
    pub(in crate::models) fn strided(
        vb: &VarBuilder<'_>,
        inputs: usize,
        outputs: usize,
        kernel: usize,
        stride: usize,
        padding: Padding,
    ) -> Result<Self> {
        Ok(Self {
            weight: vb.get((outputs, inputs, kernel, kernel), "weight")?,
            bias: Some(vb.get(outputs, "bias")?),
            stride,
            padding,
        })
    }

    /// `(batch, inputs, height, width)` → `(batch, outputs, …)`.
    pub(in crate::models) fn forward(&self, x: &Tensor) -> Result<Tensor> {
        kernels::conv2d(x, &self.weight, self.bias.as_ref(), self.stride, self.padding)
    }
}

/// Normalisation over groups of channels.
#[derive(Debug, Clone)]
pub(in crate::models) struct GroupNorm {
    weight: Tensor,
    bias: Tensor,
    groups: usize,
    eps: f64,
}

impl GroupNorm {
    /// `weight` and `bias` `(channels)`.
    pub(in crate::models) fn new(vb: &VarBuilder<'_>, channels: usize, groups: usize, eps: f64) -> Result<Self> {
        Ok(Self {
            weight: vb.get(channels, "weight")?,
            bias: vb.get(channels, "bias")?,
            groups,
            eps,
        })
    }

    /// Same shape.
    pub(in crate::models) fn forward(&self, x: &Tensor) -> Result<Tensor> {
        kernels::group_norm(x, self.groups, &self.weight, &self.bias, self.eps)
    }

    /// Followed by [`kernels::silu`].
    pub(in crate::models) fn forward_silu(&self, x: &Tensor) -> Result<Tensor> {
        kernels::group_norm_silu(x, self.groups, &self.weight, &self.bias, self.eps)
    }
}

/// Normalisation over the last axis.
#[derive(Debug, Clone)]
pub(in crate::models) struct LayerNorm {
    weight: Tensor,
    bias: Tensor,
    eps: f64,
}

impl LayerNorm {
    /// `weight` and `bias` `(channels)`.
    pub(in crate::models) fn new(vb: &VarBuilder<'_>, channels: usize, eps: f64) -> Result<Self> {
        Ok(Self {
            weight: vb.get(channels, "weight")?,
            bias: vb.get(channels, "bias")?,
            eps,
        })
    }

    /// Same shape.
    pub(in crate::models) fn forward(&self, x: &Tensor) -> Result<Tensor> {
        kernels::layer_norm(x, &self.weight, &self.bias, self.eps)
    }
}
