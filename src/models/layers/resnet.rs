//! The residual block of the U-Net and the VAE.

use super::Conv2d;
use super::GroupNorm;
use super::Linear;
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
            norm1: GroupNorm::new(&vb.pp("norm1"), inputs, groups, eps)?,
            conv1: Conv2d::new(&vb.pp("conv1"), inputs, outputs, 3)?,
            time_emb_proj: time_channels
                .map(|channels| Linear::new(&vb.pp("time_emb_proj"), channels, outputs))
                .transpose()?,
            norm2: GroupNorm::new(&vb.pp("norm2"), outputs, groups, eps)?,
            conv2: Conv2d::new(&vb.pp("conv2"), outputs, outputs, 3)?,
            conv_shortcut: (inputs != outputs)
                .then(|| Conv2d::new(&vb.pp("conv_shortcut"), inputs, outputs, 1))
                .transpose()?,
        })
    }

    /// * `x`: `(batch, inputs, height, width)`.
    /// * `time`: `(batch or 1, time_channels)`, its nonlinearity already applied since all blocks share it.
    ///
    /// Returns `(batch, outputs, height, width)`.
    pub(in crate::models) fn forward(&self, x: &Tensor, time: Option<&Tensor>) -> Result<Tensor> {
        let mut h = self.conv1.forward(&self.norm1.forward_silu(x)?)?;
        if let (Some(project), Some(time)) = (&self.time_emb_proj, time) {
            h = h.broadcast_add(&project.forward(time)?.unsqueeze(2)?.unsqueeze(3)?)?;
        }
        let h = self.conv2.forward(&self.norm2.forward_silu(&h)?)?;
        match &self.conv_shortcut {
            Some(shortcut) => shortcut.forward(x)? + h,
            None => x + h,
        }
    }
}
