//! The coarsest resolution of encoder and decoder.

use super::VaeConfig;
use super::config::NORM_EPS;
use crate::models::layers::Attention;
use crate::models::layers::AttentionConfig;
use crate::models::layers::GroupNorm;
use crate::models::layers::ResnetBlock;
use candle_core::Result;
use candle_core::Tensor;
use candle_nn::VarBuilder;

/// Residual block, attention of one head over all pixels, residual block.
#[derive(Debug, Clone)]
pub(super) struct MidBlock {
    first: ResnetBlock,
    attention: Option<(GroupNorm, Attention)>,
    second: ResnetBlock,
}

impl MidBlock {
    pub(super) fn new(vb: &VarBuilder<'_>, channels: usize, config: &VaeConfig) -> Result<Self> {
        let groups = config.norm_num_groups;
        let resnet = |name: &str| ResnetBlock::new(&vb.pp(name), channels, channels, None, groups, NORM_EPS);
        let attention = || {
            let vb = vb.pp("attentions.0");
            let sizes = AttentionConfig {
                channels,
                context_channels: channels,
                heads: 1,
                bias: true,
                upcast: config.force_upcast,
            };
            let norm = GroupNorm::new(&vb.pp("group_norm"), channels, groups, NORM_EPS)?;
            Result::Ok((norm, Attention::new(&vb, sizes)?))
        };
        Ok(Self {
            first: resnet("resnets.0")?,
            attention: config.mid_block_add_attention.then(attention).transpose()?,
            second: resnet("resnets.1")?,
        })
    }

    pub(super) fn forward(&self, x: &Tensor) -> Result<Tensor> {
        let mut x = self.first.forward(x, None)?;
        if let Some((norm, attention)) = &self.attention {
            let shape = x.dims4()?;
            let tokens = norm.forward(&x)?.flatten_from(2)?.transpose(1, 2)?.contiguous()?;
            let attended = attention.forward(&tokens, None)?;
            x = (x + attended.transpose(1, 2)?.reshape(shape)?)?;
        }
        self.second.forward(&x, None)
    }
}
