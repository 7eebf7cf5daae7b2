//! One resolution on the way up.

use super::UNetConditions;
use super::UNetConfig;
use super::config::LevelShape;
use super::sites::transformer_name;
use super::transformer::SpatialTransformer;
use crate::models::layers::ResnetBlock;
use crate::models::layers::Upsample;
use candle_core::Result;
use candle_core::Tensor;
use candle_nn::VarBuilder;

/// Residual blocks that each take in one skip, transformers if this block attends, then an upsampler but for the last.
#[derive(Debug, Clone)]
pub(super) struct UpBlock {
    resnets: Vec<ResnetBlock>,
    transformers: Vec<SpatialTransformer>,
    upsampler: Option<Upsample>,
}

impl UpBlock {
    /// * `index`: of the block, 0 the coarsest.
    pub(super) fn new(vb: &VarBuilder<'_>, config: &UNetConfig, levels: &[LevelShape], index: usize) -> Result<Self> {
        let from_top = levels.len() - 1 - index;
        let level = levels[from_top];
        let coarser = levels[(from_top + 1).min(levels.len() - 1)];
        let finer = levels[from_top.saturating_sub(1)];
        let layers = level.layers + 1;
        let time_channels = Some(config.time_channels());
        let (groups, eps) = (config.groups(), config.norm_eps);

        let resnets = (0..layers)
            .map(|layer| {
                let below = if layer == 0 { coarser.channels } else { level.channels };
                // The last skip of a level is what came into it on the way down.
                let skip = if layer + 1 == layers {
                    finer.channels
                } else {
                    level.channels
                };
                ResnetBlock::new(
                    &vb.pp("resnets").pp(layer),
                    below + skip,
                    level.channels,
                    time_channels,
                    groups,
                    eps,
                )
            })
            .collect::<Result<_>>()?;
        let attending = if config.up_attends(index) { layers } else { 0 };
        let transformers = (0..attending)
            .map(|layer| {
                let name = transformer_name("up_blocks", index, layer);
                SpatialTransformer::new(&vb.pp("attentions").pp(layer), &name, level.channels, level.transformer)
            })
            .collect::<Result<_>>()?;
        let is_last = from_top == 0;
        let upsampler = (!is_last)
            .then(|| Upsample::new(&vb.pp("upsamplers.0"), level.channels))
            .transpose()?;
        Ok(Self {
            resnets,
            transformers,
            upsampler,
        })
    }

    /// Takes its skips from the end of `skips`.
    pub(super) fn forward(
        &self,
        x: &Tensor,
        time: &Tensor,
        conditions: UNetConditions<'_>,
        skips: &mut Vec<Tensor>,
    ) -> Result<Tensor> {
        let mut x = x.clone();
        for (layer, resnet) in self.resnets.iter().enumerate() {
            let Some(skip) = skips.pop() else {
                candle_core::bail!("the up blocks of this U-Net take more features than its down blocks give");
            };
            x = resnet.forward(&[&x, &skip], Some(time))?;
            if let Some(transformer) = self.transformers.get(layer) {
                x = transformer.forward(&x, conditions)?;
            }
        }
        match (&self.upsampler, skips.last()) {
            // The next skip's size is the double, except where halving had to round.
            (Some(upsampler), Some(skip)) => {
                let (_, _, height, width) = skip.dims4()?;
                upsampler.forward_to(&x, height, width)
            }
            (Some(upsampler), None) => upsampler.forward(&x),
            (None, _) => Ok(x),
        }
    }
}
