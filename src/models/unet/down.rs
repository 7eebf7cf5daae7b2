//! One resolution on the way down.

use super::attention::SpatialAttention;
use super::inputs::BlockInputs;
use super::layout::{ResamplerShape, UNetLayout};
use super::residuals::add;
use crate::models::WeightBuilder;
use crate::models::layers::{Downsample, Resize, ResnetBlock};
use candle_core::{Result, Tensor};

/// Residual blocks, each followed by attention if this block attends, then a downsampler but for the last block.
#[derive(Debug, Clone)]
pub(super) struct DownBlock {
    resnets: Vec<ResnetBlock>,
    attentions: Vec<SpatialAttention>,
    downsampler: Option<Downsampler>,
}

/// What halves the features.
#[derive(Debug, Clone)]
enum Downsampler {
    Conv(Downsample),
    Resnet(Box<ResnetBlock>),
}

impl DownBlock {
    /// * `index`: of the block, 0 the finest.
    pub(super) fn new(vb: &WeightBuilder<'_>, layout: &UNetLayout, index: usize) -> Result<Self> {
        let level = layout.levels[index];
        let channels = level.channels;
        let before = index
            .checked_sub(1)
            .map_or(channels, |above| layout.levels[above].channels);
        let resnets = (0..level.layers)
            .map(|layer| {
                let inputs = if layer == 0 { before } else { channels };
                ResnetBlock::shaped(&vb.pp("resnets").pp(layer), inputs, channels, layout.resnet)
            })
            .collect::<Result<_>>()?;
        let is_last = index + 1 == layout.levels.len();
        let downsampler = || {
            let vb = vb.pp("downsamplers.0");
            Result::Ok(match level.down.resampler {
                ResamplerShape::Conv { padding } => Downsampler::Conv(Downsample::new(&vb, channels, padding)?),
                ResamplerShape::Resnet => {
                    Downsampler::Resnet(Box::new(ResnetBlock::shaped(&vb, channels, channels, layout.resnet)?))
                }
            })
        };
        Ok(Self {
            resnets,
            attentions: SpatialAttention::each(
                vb,
                ("down_blocks", index),
                level.layers,
                channels,
                level.down.attention,
            )?,
            downsampler: (!is_last).then(downsampler).transpose()?,
        })
    }

    /// * `added`: features to be added at the end of this block, before a downsampler if the block attends and after it
    ///   if not; this is how T2I-Adapters were trained.
    ///
    /// Returns the features for the next block, and adds every intermediate one to `skips`.
    pub(super) fn forward(
        &self,
        x: &Tensor,
        inputs: BlockInputs<'_>,
        added: Option<&Tensor>,
        skips: &mut Vec<Tensor>,
    ) -> Result<Tensor> {
        let (within, behind) = if self.attentions.is_empty() {
            (None, added)
        } else {
            (added, None)
        };
        let mut x = x.clone();
        for (layer, resnet) in self.resnets.iter().enumerate() {
            x = resnet.forward(&[&x], Some(inputs.time), inputs.wrap)?;
            if let Some(attention) = self.attentions.get(layer) {
                x = attention.forward(&x, inputs)?;
            }
            x = inputs.moved(x, layer)?;
            if let Some(added) = within.filter(|_| layer + 1 == self.resnets.len()) {
                x = add(&x, added)?;
            }
            skips.push(x.clone());
        }
        if let Some(downsampler) = &self.downsampler {
            x = match downsampler {
                Downsampler::Conv(conv) => conv.forward(&x, inputs.wrap)?,
                Downsampler::Resnet(resnet) => {
                    resnet.forward_resized(&x, Some(inputs.time), Resize::Halve, inputs.wrap)?
                }
            };
            skips.push(x.clone());
        }
        if let (Some(added), Some(skip)) = (behind, skips.last_mut()) {
            x = add(&x, added)?;
            *skip = x.clone();
        }
        Ok(x)
    }
}
