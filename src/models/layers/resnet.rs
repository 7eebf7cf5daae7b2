//! The residual block of the U-Net and the VAE.

use super::Conv2d;
use super::Linear;
use super::group_norm;
use super::in_full;
use crate::kernels::After;
use crate::kernels::ConvInput;
use crate::kernels::GroupNorm;
use candle_core::Result;
use candle_core::Tensor;
use candle_nn::VarBuilder;

/// x + conv(silu(norm(conv(silu(norm(x))) + time))), with a 1×1 convolution on the shortcut if the channels change.
#[derive(Debug, Clone)]
pub(in crate::models) struct ResnetBlock {
    norm1: GroupNorm,
    conv1: Conv2d,
    time_emb_proj: Option<Linear>,
    norm2: GroupNorm,
    conv2: Conv2d,
    conv_shortcut: Option<Conv2d>,
}

impl ResnetBlock {
    /// * `time_channels`: width of the time embedding, `None` for a block that takes none.
    /// * `groups`, `eps`: of the normalisations.
    pub(in crate::models) fn new(
        vb: &VarBuilder<'_>,
        inputs: usize,
        outputs: usize,
        time_channels: Option<usize>,
        groups: usize,
        eps: f64,
    ) -> Result<Self> {
        Ok(Self {
            norm1: group_norm(&vb.pp("norm1"), inputs, groups, eps)?,
            conv1: Conv2d::new(&vb.pp("conv1"), inputs, outputs, 3)?,
            time_emb_proj: time_channels
                .map(|channels| Linear::new(&in_full(vb).pp("time_emb_proj"), channels, outputs))
                .transpose()?,
            norm2: group_norm(&vb.pp("norm2"), outputs, groups, eps)?,
            conv2: Conv2d::new(&vb.pp("conv2"), outputs, outputs, 3)?,
            conv_shortcut: (inputs != outputs)
                .then(|| Conv2d::new(&vb.pp("conv_shortcut"), inputs, outputs, 1))
                .transpose()?,
        })
    }

    /// * `parts`: `(batch, …, height, width)`, together of the block's inputs, as if concatenated over the channels.
    /// * `time`: `(batch or 1, time_channels)`, its nonlinearity already applied since all blocks share it.
    ///
    /// Returns `(batch, outputs, height, width)`.
    pub(in crate::models) fn forward(&self, parts: &[&Tensor], time: Option<&Tensor>) -> Result<Tensor> {
        let condition = match (&self.time_emb_proj, time) {
            (Some(project), Some(time)) => Some(project.forward(time)?),
            _ => None,
        };
        let before = ConvInput::new(parts);
        let after = After {
            condition: condition.as_ref(),
            ..After::default()
        };
        let h = self.conv1.forward_with(before.normalised_silu(&self.norm1), after)?;
        let shortcut = match (&self.conv_shortcut, parts) {
            (Some(conv), [x, ..]) => conv.forward_with(before, After::in_format(x.dtype()))?,
            (Some(_), []) => candle_core::bail!("a residual block needs a feature map"),
            (None, [x]) => (*x).clone(),
            (None, parts) => Tensor::cat(parts, 1)?,
        };
        let h = [&h];
        self.conv2
            .forward_with(ConvInput::new(&h).normalised_silu(&self.norm2), After::add(&shortcut))
    }
}
