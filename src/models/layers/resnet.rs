//! The residual block of the U-Net and the VAE.

use super::{Conv2d, Linear, full_precision, group_norm};
use crate::kernels::{self, GroupNorm, PostOps, PreOps, Wrap};
use crate::models::WeightBuilder;
use candle_core::{Result, Tensor};

/// What all residual blocks of a network have in common.
#[derive(Debug, Clone, Copy)]
pub(in crate::models) struct ResnetShape {
    /// Width of the time embedding, `None` for blocks that take none.
    pub(in crate::models) time_channels: Option<usize>,
    /// Whether the time scales and shifts what the second normalisation gives, instead of being added before it.
    pub(in crate::models) scale_shift: bool,
    /// Groups of the normalisations.
    pub(in crate::models) groups: usize,
    /// Added to the variance in the normalisations.
    pub(in crate::models) eps: f64,
}

/// How a residual block changes the size of what passes through it.
#[derive(Debug, Clone, Copy)]
pub(in crate::models) enum Resize {
    /// The mean of each 2×2 pixels.
    Halve,
    /// Nearest-neighbour enlargement to this height and width.
    To(usize, usize),
}

impl Resize {
    fn apply(self, x: &Tensor) -> Result<Tensor> {
        match self {
            Self::Halve => {
                let (_, _, height, width) = x.dims4()?;
                if height < 2 || width < 2 {
                    candle_core::bail!("cannot halve {height}×{width} pixels");
                }
                x.contiguous()?.avg_pool2d(2)
            }
            Self::To(height, width) => kernels::upsample_nearest(x, height, width),
        }
    }
}

/// x + conv(silu(norm(conv(silu(norm(x))) + time))), with a 1×1 convolution on the shortcut if the channels change.
#[derive(Debug, Clone)]
pub(in crate::models) struct ResnetBlock {
    norm1: GroupNorm,
    conv1: Conv2d,
    time_emb_proj: Option<Linear>,
    norm2: GroupNorm,
    conv2: Conv2d,
    conv_shortcut: Option<Conv2d>,
    scale_shift: bool,
}

impl ResnetBlock {
    /// A block whose time, if it takes any, is added; arguments as the fields of [`ResnetShape`].
    pub(in crate::models) fn new(
        vb: &WeightBuilder<'_>,
        inputs: usize,
        outputs: usize,
        time_channels: Option<usize>,
        groups: usize,
        eps: f64,
    ) -> Result<Self> {
        let shape = ResnetShape {
            time_channels,
            scale_shift: false,
            groups,
            eps,
        };
        Self::shaped(vb, inputs, outputs, shape)
    }

    /// A block of this shape.
    pub(in crate::models) fn shaped(
        vb: &WeightBuilder<'_>,
        inputs: usize,
        outputs: usize,
        shape: ResnetShape,
    ) -> Result<Self> {
        let ResnetShape { groups, eps, .. } = shape;
        let per_output = if shape.scale_shift { 2 } else { 1 };
        Ok(Self {
            norm1: group_norm(&vb.pp("norm1"), inputs, groups, eps)?,
            conv1: Conv2d::new(&vb.pp("conv1"), inputs, outputs, 3)?,
            time_emb_proj: shape
                .time_channels
                .map(|channels| Linear::new(&full_precision(vb).pp("time_emb_proj"), channels, per_output * outputs))
                .transpose()?,
            norm2: group_norm(&vb.pp("norm2"), outputs, groups, eps)?,
            conv2: Conv2d::new(&vb.pp("conv2"), outputs, outputs, 3)?,
            conv_shortcut: (inputs != outputs)
                .then(|| Conv2d::new(&vb.pp("conv_shortcut"), inputs, outputs, 1))
                .transpose()?,
            scale_shift: shape.scale_shift,
        })
    }

    /// * `parts`: `(batch, …, height, width)`, together of the block's inputs, as if concatenated over the channels.
    /// * `time`: `(batch or 1, time_channels)`, its nonlinearity already applied since all blocks share it.
    /// * `wrap`: edges that join.
    ///
    /// Returns `(batch, outputs, height, width)`.
    pub(in crate::models) fn forward(&self, parts: &[&Tensor], time: Option<&Tensor>, wrap: Wrap) -> Result<Tensor> {
        let condition = self.condition(time)?;
        let before = PreOps::new(parts).wrapped(wrap);
        let h = self
            .conv1
            .forward_with(before.normalised_silu(&self.norm1), self.added(condition.as_ref()))?;
        let shortcut = match (&self.conv_shortcut, parts) {
            (Some(conv), [x, ..]) => conv.forward_with(before, PostOps::in_dtype(x.dtype()))?,
            (Some(_), []) => candle_core::bail!("a residual block needs a feature map"),
            (None, [x]) => (*x).clone(),
            (None, parts) => Tensor::cat(parts, 1)?,
        };
        self.second_half(&h, condition.as_ref(), &shortcut, wrap)
    }

    /// As [`ResnetBlock::forward`] of one feature map, which changes its size between the first nonlinearity and the
    /// first convolution.
    pub(in crate::models) fn forward_resized(
        &self,
        x: &Tensor,
        time: Option<&Tensor>,
        resize: Resize,
        wrap: Wrap,
    ) -> Result<Tensor> {
        let condition = self.condition(time)?;
        let h = resize.apply(&self.norm1.forward_silu(x)?)?;
        let h = self
            .conv1
            .forward_with(PreOps::new(&[&h]).wrapped(wrap), self.added(condition.as_ref()))?;
        let mut shortcut = resize.apply(x)?;
        if let Some(conv) = &self.conv_shortcut {
            shortcut = conv.forward_with(PreOps::new(&[&shortcut]), PostOps::in_dtype(x.dtype()))?;
        }
        self.second_half(&h, condition.as_ref(), &shortcut, wrap)
    }

    /// What the time does to the block: `(batch or 1, outputs)`, or twice as many to scale and shift.
    fn condition(&self, time: Option<&Tensor>) -> Result<Option<Tensor>> {
        match (&self.time_emb_proj, time) {
            (Some(project), Some(time)) => project.forward(time).map(Some),
            _ => Ok(None),
        }
    }

    /// Adds the condition, where that is what is done with it.
    fn added<'a>(&self, condition: Option<&'a Tensor>) -> PostOps<'a> {
        PostOps {
            condition: condition.filter(|_| !self.scale_shift),
            ..PostOps::default()
        }
    }

    fn second_half(&self, h: &Tensor, condition: Option<&Tensor>, shortcut: &Tensor, wrap: Wrap) -> Result<Tensor> {
        let (true, Some(condition)) = (self.scale_shift, condition) else {
            let h = [h];
            let before = PreOps::new(&h).wrapped(wrap).normalised_silu(&self.norm2);
            return self.conv2.forward_with(before, PostOps::add(shortcut));
        };
        let parts = condition.to_dtype(h.dtype())?.unsqueeze(2)?.unsqueeze(3)?.chunk(2, 1)?;
        let [scale, shift] = parts.as_slice() else {
            candle_core::bail!("expected a scale and a shift, found {} parts", parts.len());
        };
        let h = self.norm2.forward(h)?;
        let h = h.broadcast_mul(&(scale + 1.0)?)?.broadcast_add(shift)?;
        self.conv2.forward_with(
            PreOps::new(&[&kernels::silu(&h)?]).wrapped(wrap),
            PostOps::add(shortcut),
        )
    }
}
