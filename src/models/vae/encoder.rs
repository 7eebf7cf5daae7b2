//! Pixels to the moments of a Gaussian over latents.

use super::VaeConfig;
use super::config::NORM_EPS;
use super::mid::MidBlock;
use crate::kernels::{GroupNorm, PostOps, PreOps, Wrap};
use crate::models::WeightBuilder;
use crate::models::layers::{Conv2d, Downsample, ResnetBlock, group_norm};
use candle_core::{Result, Tensor};

/// Residual blocks at falling resolution.
#[derive(Debug, Clone)]
pub(super) struct Encoder {
    conv_in: Conv2d,
    down_blocks: Vec<(Vec<ResnetBlock>, Option<Downsample>)>,
    mid_block: MidBlock,
    conv_norm_out: GroupNorm,
    conv_out: Conv2d,
}

impl Encoder {
    pub(super) fn new(vb: &WeightBuilder<'_>, config: &VaeConfig) -> Result<Self> {
        let widths = &config.block_out_channels;
        let (Some(&first), Some(&last)) = (widths.first(), widths.last()) else {
            candle_core::bail!("vae config: block_out_channels is empty");
        };
        let groups = config.norm_num_groups;
        let mut before = first;
        let mut down_blocks = Vec::new();
        for (index, &channels) in widths.iter().enumerate() {
            let vb = vb.pp("down_blocks").pp(index);
            let resnets = (0..config.layers_per_block)
                .map(|layer| {
                    let inputs = if layer == 0 { before } else { channels };
                    ResnetBlock::new(&vb.pp("resnets").pp(layer), inputs, channels, None, groups, NORM_EPS)
                })
                .collect::<Result<Vec<_>>>()?;
            let is_last = index + 1 == widths.len();
            let downsampler = (!is_last)
                .then(|| Downsample::new(&vb.pp("downsamplers.0"), channels, 0))
                .transpose()?;
            down_blocks.push((resnets, downsampler));
            before = channels;
        }
        Ok(Self {
            conv_in: Conv2d::new(&vb.pp("conv_in"), config.in_channels, first, 3)?,
            down_blocks,
            mid_block: MidBlock::new(&vb.pp("mid_block"), last, config)?,
            conv_norm_out: group_norm(&vb.pp("conv_norm_out"), last, groups, NORM_EPS)?,
            conv_out: Conv2d::new(&vb.pp("conv_out"), last, 2 * config.latent_channels, 3)?,
        })
    }

    /// * `last`: what follows the last convolution.
    pub(super) fn forward(&self, image: &Tensor, last: PostOps<'_>, wrap: Wrap) -> Result<Tensor> {
        let mut x = self.conv_in.forward(image, wrap)?;
        for (resnets, downsampler) in &self.down_blocks {
            for resnet in resnets {
                x = resnet.forward(&[&x], None, wrap)?;
            }
            if let Some(downsampler) = downsampler {
                x = downsampler.forward(&x, wrap)?;
            }
        }
        let x = self.mid_block.forward(&x, wrap)?;
        let x = [&x];
        let before = PreOps::new(&x).wrapped(wrap).normalised_silu(&self.conv_norm_out);
        self.conv_out.forward_with(before, last)
    }
}
