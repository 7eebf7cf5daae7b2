//! One resolution on the way down.

use super::AttentionMaps;
use super::attention::SpatialAttention;
use super::layout::ResamplerShape;
use super::layout::UNetLayout;
use super::motion::BlockMotion;
use super::residuals::add;
use crate::models::ip_adapter::ImagePrompt;
use crate::models::layers::Downsample;
use crate::models::layers::Resize;
use crate::models::layers::ResnetBlock;
use candle_core::Result;
use candle_core::Tensor;
use candle_nn::VarBuilder;

/// What every block of a U-Net is told beside the features.
#[derive(Debug, Clone, Copy)]
pub(super) struct BlockInputs<'a> {
    /// `(batch or 1, time_channels)`, its nonlinearity already applied.
    pub(super) time: &'a Tensor,
    /// The text, `(batch, tokens, context_channels)`.
    pub(super) context: Option<&'a Tensor>,
    /// Added to the scores of the text, `(batch, tokens)`.
    pub(super) context_mask: Option<&'a Tensor>,
    /// What makes a film of the batch.
    pub(super) motion: Option<BlockMotion<'a>>,
    /// Pictures that are attended to beside the text.
    pub(super) image_prompts: &'a [ImagePrompt],
    /// Who wants to know where the text was looked at.
    pub(super) maps: Option<&'a AttentionMaps>,
}

impl BlockInputs<'_> {
    /// The motion that follows a residual block and its attention.
    pub(super) fn moved(&self, x: Tensor, layer: usize) -> Result<Tensor> {
        match self.motion {
            Some(BlockMotion { modules, frames }) => match modules.get(layer) {
                Some(module) => module.forward(&x, frames),
                None => Ok(x),
            },
            None => Ok(x),
        }
    }
}

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
    pub(super) fn new(vb: &VarBuilder<'_>, layout: &UNetLayout, index: usize) -> Result<Self> {
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
        told: BlockInputs<'_>,
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
            x = resnet.forward(&[&x], Some(told.time))?;
            if let Some(attention) = self.attentions.get(layer) {
                x = attention.forward(&x, told)?;
            }
            x = told.moved(x, layer)?;
            if let Some(added) = within.filter(|_| layer + 1 == self.resnets.len()) {
                x = add(&x, added)?;
            }
            skips.push(x.clone());
        }
        if let Some(downsampler) = &self.downsampler {
            x = match downsampler {
                Downsampler::Conv(conv) => conv.forward(&x)?,
                Downsampler::Resnet(resnet) => resnet.forward_resized(&x, Some(told.time), Resize::Halve)?,
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
