//! Latents to pixels.

use super::VaeConfig;
use super::config::NORM_EPS;
use super::mid::MidBlock;
use crate::kernels::{GroupNorm, PostOps, PreOps, Wrap};
use crate::models::WeightBuilder;
use crate::models::layers::{Conv2d, ResnetBlock, Upsample, group_norm};
use candle_core::{Result, Tensor};

/// Residual blocks at rising resolution.
#[derive(Debug, Clone)]
pub(super) struct Decoder {
    conv_in: Conv2d,
    mid_block: MidBlock,
    up_blocks: Vec<(Vec<ResnetBlock>, Option<Upsample>)>,
    conv_norm_out: GroupNorm,
    conv_out: Conv2d,
}

impl Decoder {
    pub(super) fn new(vb: &WeightBuilder<'_>, config: &VaeConfig) -> Result<Self> {
        let widths = &config.block_out_channels;
        let (Some(&first), Some(&last)) = (widths.first(), widths.last()) else {
            candle_core::bail!("vae config: block_out_channels is empty");
        };
        let groups = config.norm_num_groups;
        let mut before = last;
        let mut up_blocks = Vec::new();
        for (index, &channels) in widths.iter().rev().enumerate() {
            let vb = vb.pp("up_blocks").pp(index);
            let resnets = (0..=config.layers_per_block)
                .map(|layer| {
                    let inputs = if layer == 0 { before } else { channels };
                    ResnetBlock::new(&vb.pp("resnets").pp(layer), inputs, channels, None, groups, NORM_EPS)
                })
                .collect::<Result<Vec<_>>>()?;
            let is_last = index + 1 == widths.len();
            let upsampler = (!is_last)
                .then(|| Upsample::new(&vb.pp("upsamplers.0"), channels))
                .transpose()?;
            up_blocks.push((resnets, upsampler));
            before = channels;
        }
        Ok(Self {
            conv_in: Conv2d::new(&vb.pp("conv_in"), config.latent_channels, last, 3)?,
            mid_block: MidBlock::new(&vb.pp("mid_block"), last, config)?,
            up_blocks,
            conv_norm_out: group_norm(&vb.pp("conv_norm_out"), first, groups, NORM_EPS)?,
            conv_out: Conv2d::new(&vb.pp("conv_out"), first, config.out_channels, 3)?,
        })
    }

    pub(super) fn forward(&self, latents: &Tensor, wrap: Wrap) -> Result<Tensor> {
        let mut x = self.mid_block.forward(&self.conv_in.forward(latents, wrap)?, wrap)?;
        for (resnets, upsampler) in &self.up_blocks {
            for resnet in resnets {
                x = resnet.forward(&[&x], None, wrap)?;
            }
            if let Some(upsampler) = upsampler {
                x = upsampler.forward(&x, wrap)?;
            }
        }
        let last = [&x];
        let before = PreOps::new(&last).wrapped(wrap).normalised_silu(&self.conv_norm_out);
        self.conv_out.forward_with(before, PostOps::in_f32())
    }
}
