//! The coarsest resolution of encoder and decoder.

use super::VaeConfig;
use super::config::NORM_EPS;
use crate::kernels::{GroupNorm, Wrap};
use crate::models::WeightBuilder;
use crate::models::layers::{Attention, AttentionConfig, ResnetBlock, group_norm};
use candle_core::{Result, Tensor};

/// Residual block, attention of one head over all pixels, residual block.
#[derive(Debug, Clone)]
pub(super) struct MidBlock {
    first: ResnetBlock,
    attention: Option<(GroupNorm, Attention)>,
    second: ResnetBlock,
}

impl MidBlock {
    pub(super) fn new(vb: &WeightBuilder<'_>, channels: usize, config: &VaeConfig) -> Result<Self> {
        let groups = config.norm_num_groups;
        let resnet = |name: &str| ResnetBlock::new(&vb.pp(name), channels, channels, None, groups, NORM_EPS);
        let attention = || {
            let vb = vb.pp("attentions.0");
            let sizes = AttentionConfig {
                channels,
                context_channels: None,
                inner_channels: channels,
                heads: 1,
                bias: true,
                upcast: config.force_upcast,
            };
            let norm = group_norm(&vb.pp("group_norm"), channels, groups, NORM_EPS)?;
            Result::Ok((norm, Attention::new(&vb, sizes)?))
        };
        Ok(Self {
            first: resnet("resnets.0")?,
            attention: config.mid_block_add_attention.then(attention).transpose()?,
            second: resnet("resnets.1")?,
        })
    }

    pub(super) fn forward(&self, x: &Tensor, wrap: Wrap) -> Result<Tensor> {
        let mut x = self.first.forward(&[x], None, wrap)?;
        if let Some((norm, attention)) = &self.attention {
            let (batch, channels, height, width) = x.dims4()?;
            // Channels last, pixels are tokens already.
            let tokens = |x: &Tensor| x.permute((0, 2, 3, 1))?.reshape((batch, height * width, channels));
            let attended = attention.forward(&tokens(&norm.forward(&x)?)?, None, &tokens(&x)?)?;
            x = attended
                .reshape((batch, height, width, channels))?
                .permute((0, 3, 1, 2))?;
        }
        self.second.forward(&[&x], None, wrap)
    }
}
