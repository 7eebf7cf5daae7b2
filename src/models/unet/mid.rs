//! The coarsest resolution.

use super::UNetConditions;
use super::UNetConfig;
use super::config::LevelShape;
use super::sites::MID_TRANSFORMER;
use super::transformer::SpatialTransformer;
use crate::models::layers::ResnetBlock;
use candle_core::Result;
use candle_core::Tensor;
use candle_nn::VarBuilder;

/// Residual block, transformer, residual block.
#[derive(Debug, Clone)]
pub(super) struct MidBlock {
    first: ResnetBlock,
    transformer: SpatialTransformer,
    second: ResnetBlock,
}

impl MidBlock {
    pub(super) fn new(vb: &VarBuilder<'_>, config: &UNetConfig, level: LevelShape) -> Result<Self> {
        let resnet = |name: &str| {
            ResnetBlock::new(
                &vb.pp(name),
                level.channels,
                level.channels,
                Some(config.time_channels()),
                config.groups(),
                config.norm_eps,
            )
        };
        Ok(Self {
            first: resnet("resnets.0")?,
            transformer: SpatialTransformer::new(
                &vb.pp("attentions.0"),
                MID_TRANSFORMER,
                level.channels,
                level.transformer,
            )?,
            second: resnet("resnets.1")?,
        })
    }

    pub(super) fn forward(&self, x: &Tensor, time: &Tensor, conditions: UNetConditions<'_>) -> Result<Tensor> {
        let x = self.first.forward(&[x], Some(time))?;
        let x = self.transformer.forward(&x, conditions)?;
        self.second.forward(&[&x], Some(time))
    }
}
