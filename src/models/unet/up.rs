//! One resolution on the way up.

use super::attention::SpatialAttention;
use super::inputs::BlockInputs;
use super::layout::{ResamplerShape, UNetLayout};
use crate::models::WeightBuilder;
use crate::models::layers::{Resize, ResnetBlock, Upsample};
use candle_core::{Result, Tensor};

/// Residual blocks that each take in one skip, attention if this block attends, then an upsampler but for the last.
#[derive(Debug, Clone)]
pub(super) struct UpBlock {
    resnets: Vec<ResnetBlock>,
    attentions: Vec<SpatialAttention>,
    upsampler: Option<Upsampler>,
}

/// What doubles the features.
#[derive(Debug, Clone)]
enum Upsampler {
    Conv(Upsample),
    Resnet(Box<ResnetBlock>),
}

impl UpBlock {
    /// * `index`: of the block, 0 the coarsest.
    pub(super) fn new(vb: &WeightBuilder<'_>, layout: &UNetLayout, index: usize) -> Result<Self> {
        let levels = &layout.levels;
        let from_top = levels.len() - 1 - index;
        let level = levels[from_top];
        let channels = level.channels;
        let coarser = levels[(from_top + 1).min(levels.len() - 1)];
        let finer = levels[from_top.saturating_sub(1)];
        let layers = level.layers + 1;

        let resnets = (0..layers)
            .map(|layer| {
                let below = if layer == 0 { coarser.channels } else { channels };
                // The last skip of a level is what came into it on the way down.
                let skip = if layer + 1 == layers { finer.channels } else { channels };
                ResnetBlock::shaped(&vb.pp("resnets").pp(layer), below + skip, channels, layout.resnet)
            })
            .collect::<Result<_>>()?;
        let is_last = from_top == 0;
        let upsampler = || {
            let vb = vb.pp("upsamplers.0");
            Result::Ok(match level.up.resampler {
                ResamplerShape::Conv { .. } => Upsampler::Conv(Upsample::new(&vb, channels)?),
                ResamplerShape::Resnet => {
                    Upsampler::Resnet(Box::new(ResnetBlock::shaped(&vb, channels, channels, layout.resnet)?))
                }
            })
        };
        Ok(Self {
            resnets,
            attentions: SpatialAttention::each(vb, ("up_blocks", index), layers, channels, level.up.attention)?,
            upsampler: (!is_last).then(upsampler).transpose()?,
        })
    }

    /// Takes its skips from the end of `skips`.
    pub(super) fn forward(&self, x: &Tensor, inputs: BlockInputs<'_>, skips: &mut Vec<Tensor>) -> Result<Tensor> {
        let mut x = x.clone();
        for (layer, resnet) in self.resnets.iter().enumerate() {
            let Some(skip) = skips.pop() else {
                candle_core::bail!("the up blocks of this U-Net take more features than its down blocks give");
            };
            x = resnet.forward(&[&x, &skip], Some(inputs.time), inputs.wrap)?;
            if let Some(attention) = self.attentions.get(layer) {
                x = attention.forward(&x, inputs)?;
            }
            x = inputs.moved(x, layer)?;
        }
        let Some(upsampler) = &self.upsampler else {
            return Ok(x);
        };
        // The next skip's size is the double, except where halving had to round.
        let (_, _, height, width) = skips.last().unwrap_or(&x).dims4()?;
        let (height, width) = if skips.is_empty() {
            (2 * height, 2 * width)
        } else {
            (height, width)
        };
        match upsampler {
            Upsampler::Conv(conv) => conv.forward_to(&x, (height, width), inputs.wrap),
            Upsampler::Resnet(resnet) => {
                resnet.forward_resized(&x, Some(inputs.time), Resize::To(height, width), inputs.wrap)
            }
        }
    }
}
