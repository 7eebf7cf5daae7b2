//! Halving and enlarging feature maps.

use super::Conv2d;
use crate::kernels::{Padding, PostOps, PreOps, Wrap};
use crate::models::WeightBuilder;
use candle_core::{Result, Tensor};

/// A 3×3 convolution with stride 2.
#[derive(Debug, Clone)]
pub(in crate::models) struct Downsample {
    conv: Conv2d,
}

impl Downsample {
    /// * `padding`: on every side; 0 stands for one row below and one column to the right, as in diffusers.
    pub(in crate::models) fn new(vb: &WeightBuilder<'_>, channels: usize, padding: usize) -> Result<Self> {
        let padding = match padding {
            0 => Padding::BOTTOM_RIGHT,
            pixels => Padding::same(pixels),
        };
        Ok(Self {
            conv: Conv2d::strided(&vb.pp("conv"), channels, channels, 3, 2, padding)?,
        })
    }

    /// `(batch, channels, height, width)` → half of each, rounded up.
    pub(in crate::models) fn forward(&self, x: &Tensor, wrap: Wrap) -> Result<Tensor> {
        self.conv
            .forward_with(PreOps::new(&[x]).wrapped(wrap), PostOps::in_dtype(x.dtype()))
    }
}

/// Nearest-neighbour enlargement, then a 3×3 convolution.
#[derive(Debug, Clone)]
pub(in crate::models) struct Upsample {
    conv: Conv2d,
}

impl Upsample {
    /// Weights under `conv`.
    pub(in crate::models) fn new(vb: &WeightBuilder<'_>, channels: usize) -> Result<Self> {
        Ok(Self {
            conv: Conv2d::new(&vb.pp("conv"), channels, channels, 3)?,
        })
    }

    /// Doubles both sides.
    pub(in crate::models) fn forward(&self, x: &Tensor, wrap: Wrap) -> Result<Tensor> {
        let (_, _, height, width) = x.dims4()?;
        self.forward_to(x, (2 * height, 2 * width), wrap)
    }

    /// Enlarges to a given size, which need not be the double: a skip of odd size has to be met.
    pub(in crate::models) fn forward_to(
        &self,
        x: &Tensor,
        (height, width): (usize, usize),
        wrap: Wrap,
    ) -> Result<Tensor> {
        self.conv.forward_with(
            PreOps::new(&[x]).wrapped(wrap).enlarged(height, width),
            PostOps::in_dtype(x.dtype()),
        )
    }
}
