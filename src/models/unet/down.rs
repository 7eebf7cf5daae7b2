//! One resolution on the way down.

use super::UNetConditions;
use super::UNetConfig;
use super::config::LevelShape;
use super::residuals::add;
use super::sites::transformer_name;
use super::transformer::SpatialTransformer;
use crate::models::layers::Downsample;
use crate::models::layers::ResnetBlock;
use candle_core::Result;
use candle_core::Tensor;
use candle_nn::VarBuilder;

/// Residual blocks, each followed by a transformer if this block attends, then a downsampler but for the last block.
#[derive(Debug, Clone)]
pub(super) struct DownBlock {
    resnets: Vec<ResnetBlock>,
    transformers: Vec<SpatialTransformer>,
    downsampler: Option<Downsample>,
}

impl DownBlock {
    /// * `index`: of the block, 0 the finest.
    pub(super) fn new(vb: &VarBuilder<'_>, config: &UNetConfig, levels: &[LevelShape], index: usize) -> Result<Self> {
        let level = levels[index];
        let before = index
            .checked_sub(1)
            .map_or(level.channels, |above| levels[above].channels);
        let time_channels = Some(config.time_channels());
        let (groups, eps) = (config.groups(), config.norm_eps);

        let resnets = (0..level.layers)
            .map(|layer| {
                let inputs = if layer == 0 { before } else { level.channels };
                ResnetBlock::new(
                    &vb.pp("resnets").pp(layer),
                    inputs,
                    level.channels,
                    time_channels,
                    groups,
                    eps,
                )
            })
            .collect::<Result<_>>()?;
        let attending = if config.down_attends(index) { level.layers } else { 0 };
        let transformers = (0..attending)
            .map(|layer| {
                let name = transformer_name("down_blocks", index, layer);
                SpatialTransformer::new(&vb.pp("attentions").pp(layer), &name, level.channels, level.transformer)
            })
            .collect::<Result<_>>()?;
        let is_last = index + 1 == levels.len();
        let downsampler = (!is_last)
            .then(|| Downsample::new(&vb.pp("downsamplers.0"), level.channels, config.downsample_padding))
            .transpose()?;
        Ok(Self {
            resnets,
            transformers,
            downsampler,
        })
    }

    /// * `added`: features to be added at the end of this block, before a downsampler if the block attends and after it
    ///   if not; this is how T2I-Adapters were trained.
    ///
    /// Returns the features for the next block, and adds every intermediate one to `skips`.
    pub(super) fn forward(
        &self,
        x: &Tensor,
        time: &Tensor,
        conditions: UNetConditions<'_>,
        added: Option<&Tensor>,
        skips: &mut Vec<Tensor>,
    ) -> Result<Tensor> {
        let (within, behind) = if self.transformers.is_empty() {
            (None, added)
        } else {
            (added, None)
        };
        let mut x = x.clone();
        for (layer, resnet) in self.resnets.iter().enumerate() {
            x = resnet.forward(&[&x], Some(time))?;
            if let Some(transformer) = self.transformers.get(layer) {
                x = transformer.forward(&x, conditions)?;
            }
            if let Some(added) = within.filter(|_| layer + 1 == self.resnets.len()) {
                x = add(&x, added)?;
            }
            skips.push(x.clone());
        }
        if let Some(downsampler) = &self.downsampler {
            x = downsampler.forward(&x)?;
            skips.push(x.clone());
        }
        if let (Some(added), Some(skip)) = (behind, skips.last_mut()) {
            x = add(&x, added)?;
            *skip = x.clone();
        }
        Ok(x)
    }
}
