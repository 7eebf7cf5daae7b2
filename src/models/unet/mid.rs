//! The coarsest resolution.

use super::attention::SpatialAttention;
use super::inputs::BlockInputs;
use super::layout::UNetLayout;
use super::sites::MID_TRANSFORMER;
use crate::models::WeightBuilder;
use crate::models::layers::ResnetBlock;
use candle_core::{Result, Tensor};

/// Residual block, attention if there is any, residual block.
#[derive(Debug, Clone)]
pub(super) struct MidBlock {
    first: ResnetBlock,
    attention: Option<SpatialAttention>,
    second: ResnetBlock,
}

impl MidBlock {
    /// * `channels`: of the coarsest level.
    pub(super) fn new(vb: &WeightBuilder<'_>, layout: &UNetLayout, channels: usize) -> Result<Self> {
        let resnet = |name: &str| ResnetBlock::shaped(&vb.pp(name), channels, channels, layout.resnet);
        Ok(Self {
            first: resnet("resnets.0")?,
            attention: SpatialAttention::new(&vb.pp("attentions.0"), MID_TRANSFORMER, channels, layout.mid)?,
            second: resnet("resnets.1")?,
        })
    }

    pub(super) fn forward(&self, x: &Tensor, inputs: BlockInputs<'_>) -> Result<Tensor> {
        let mut x = self.first.forward(&[x], Some(inputs.time), inputs.wrap)?;
        if let Some(attention) = &self.attention {
            x = attention.forward(&x, inputs)?;
        }
        x = inputs.moved(x, 0)?;
        self.second.forward(&[&x], Some(inputs.time), inputs.wrap)
    }
}
