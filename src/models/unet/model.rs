//! The whole network, with a text and without.

use super::class::ClassCondition;
use super::conditions::UNetConditions;
use super::config::UNetConfig;
use super::encoder::{Encoded, UNetEncoder};
use super::layout::UNetShape;
use super::pixel_config::PixelUNetConfig;
use super::up::UpBlock;
use crate::kernels::{GroupNorm, PostOps, PreOps};
use crate::models::WeightBuilder;
use crate::models::layers::{Conv2d, group_norm};
use candle_core::{Result, Tensor};

/// Down, middle and up again.
#[derive(Debug, Clone)]
struct UNet {
    encoder: UNetEncoder,
    up_blocks: Vec<UpBlock>,
    conv_norm_out: GroupNorm,
    conv_out: Conv2d,
}

impl UNet {
    fn new(vb: &WeightBuilder<'_>, shape: &UNetShape) -> Result<Self> {
        let encoder = UNetEncoder::new(vb, shape)?;
        let (layout, channels) = (&shape.layout, encoder.channels());
        let resnet = layout.resnet;
        Ok(Self {
            encoder,
            up_blocks: (0..layout.levels.len())
                .map(|index| UpBlock::new(&vb.pp("up_blocks").pp(index), layout, index))
                .collect::<Result<_>>()?,
            conv_norm_out: group_norm(&vb.pp("conv_norm_out"), channels, resnet.groups, resnet.eps)?,
            conv_out: Conv2d::new(&vb.pp("conv_out"), channels, shape.out_channels, 3)?,
        })
    }

    fn forward(&self, x: &Tensor, timesteps: &[f64], conditions: UNetConditions<'_>) -> Result<Tensor> {
        // 1. to 3. Time embedding, down blocks and middle.
        let Encoded {
            time,
            mut skips,
            mid: mut x,
        } = self.encoder.forward(x, timesteps, conditions, None)?;
        // 4. Up blocks.
        for (index, block) in self.up_blocks.iter().enumerate() {
            let inputs = conditions.block_inputs(&time, |adapter| adapter.up.get(index));
            x = block.forward(&x, inputs, &mut skips)?;
        }
        // 5. Output.
        let last = [&x];
        let before = PreOps::new(&last)
            .wrapped(conditions.wrap)
            .normalised_silu(&self.conv_norm_out);
        self.conv_out.forward_with(before, PostOps::in_f32())
    }
}

/// Predicts the noise (or v, or x₀: the training decides) in latents, given a timestep and a text.
///
/// Source: <https://arxiv.org/abs/2112.10752>
#[derive(Debug, Clone)]
pub struct UNet2DConditionModel {
    network: UNet,
    config: UNetConfig,
}

impl UNet2DConditionModel {
    /// Weights under diffusers' names.
    ///
    /// # Errors
    /// A [`ConfigError`](crate::models::ConfigError) if the configuration asks for something this version does not
    /// have; else if a tensor is missing or misshapen.
    pub fn new<'a>(vb: impl Into<WeightBuilder<'a>>, config: &UNetConfig) -> Result<Self> {
        Ok(Self {
            network: UNet::new(&vb.into(), &config.shape()?)?,
            config: config.clone(),
        })
    }

    /// The configuration it was built from.
    pub fn config(&self) -> &UNetConfig {
        &self.config
    }

    /// One prediction.
    ///
    /// * `x`: `(batch, in_channels, height, width)`, unit variance; any size.
    /// * `timesteps`: 0 to 1000 for most models, need not be whole: one for each picture of the batch, or one for all.
    ///
    /// Returns `(batch, out_channels, height, width)` in f32 or the dtype of `x`, whichever is wider.
    ///
    /// # Errors
    /// If shapes do not fit, a condition is missing that the model needs or given that it does not know, or the device
    /// runs out of memory.
    pub fn forward(&self, x: &Tensor, timesteps: &[f64], conditions: UNetConditions<'_>) -> Result<Tensor> {
        self.network.forward(x, timesteps, conditions)
    }
}

/// Predicts the noise in pixels or latents, given a timestep and, if it was trained with any, a class: the same network
/// without a text, configured in another way.
///
/// Source: <https://arxiv.org/abs/2006.11239>
#[derive(Debug, Clone)]
pub struct UNet2DModel {
    network: UNet,
    config: PixelUNetConfig,
}

impl UNet2DModel {
    /// Weights under diffusers' names, old or new.
    ///
    /// # Errors
    /// As [`UNet2DConditionModel::new`].
    pub fn new<'a>(vb: impl Into<WeightBuilder<'a>>, config: &PixelUNetConfig) -> Result<Self> {
        Ok(Self {
            network: UNet::new(&vb.into(), &config.shape()?)?,
            config: config.clone(),
        })
    }

    /// The configuration it was built from.
    pub fn config(&self) -> &PixelUNetConfig {
        &self.config
    }

    /// One prediction; arguments as of [`UNet2DConditionModel::forward`].
    ///
    /// * `class`: for models that know classes.
    ///
    /// # Errors
    /// As [`UNet2DConditionModel::forward`].
    pub fn forward(&self, x: &Tensor, timesteps: &[f64], class: Option<ClassCondition<'_>>) -> Result<Tensor> {
        self.network.forward(x, timesteps, UNetConditions::class(class))
    }
}
