//! The whole network.

use super::{ChannelOrder, ControlNetConfig};
use crate::kernels::{Activation, Padding, PostOps, PreOps, Wrap};
use crate::models::WeightBuilder;
use crate::models::layers::{Conv2d, full_precision};
use crate::models::unet::{Residuals, UNetConditions, UNetEncoder};
use candle_core::{Result, Tensor};

/// A ControlNet.
#[derive(Debug, Clone)]
pub struct ControlNetModel {
    encoder: UNetEncoder,
    hint: HintEmbedding,
    down: Vec<Conv2d>,
    mid: Conv2d,
    config: ControlNetConfig,
}

/// A picture as its ControlNet sees it; the same at every step.
#[derive(Debug, Clone)]
pub struct ControlHint(Tensor);

/// How much a ControlNet has to say.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ControlStrength {
    /// Factor of everything it says; 1 as trained, 0 nothing.
    pub scale: f64,
    /// Whether the fine features are controlled less than the coarse ones: 0.1 at the finest, evenly in the exponent up to 1
    /// in the middle. Meant for empty prompts, with [`Residuals::behind`] leaving the negative prompt alone.
    pub guess: bool,
}

impl ControlStrength {
    /// The same factor everywhere.
    pub fn even(scale: f64) -> Self {
        Self { scale, guess: false }
    }

    /// The factors of `maps` feature maps, the finest first and the middle last.
    fn factors(self, maps: usize) -> Vec<f64> {
        let last = maps.saturating_sub(1).max(1) as f64;
        let at = |index: usize| {
            if self.guess {
                10f64.powf(index as f64 / last - 1.0)
            } else {
                1.0
            }
        };
        (0..maps).map(|index| self.scale * at(index)).collect()
    }
}

impl ControlNetModel {
    /// Weights under diffusers' names.
    ///
    /// # Errors
    /// A [`ConfigError`](crate::models::ConfigError) if the configuration asks for something this version does not
    /// have; else if a tensor is missing or misshapen.
    pub fn new<'a>(vb: impl Into<WeightBuilder<'a>>, config: &ControlNetConfig) -> Result<Self> {
        let vb = vb.into();
        config.validate()?;
        let unet = config.encoder();
        let encoder = UNetEncoder::new(&vb, &unet.shape()?)?;
        let widths = unet.skip_channels()?;
        let coarsest = widths.last().copied().unwrap_or_default();
        let out = |name: &str, channels: usize| Conv2d::pointwise(&vb.pp(name), channels, channels, false);
        Ok(Self {
            hint: HintEmbedding::new(&full_precision(&vb).pp("controlnet_cond_embedding"), config)?,
            down: widths
                .iter()
                .enumerate()
                .map(|(index, channels)| out(&format!("controlnet_down_blocks.{index}"), *channels))
                .collect::<Result<_>>()?,
            mid: out("controlnet_mid_block", coarsest)?,
            encoder,
            config: config.clone(),
        })
    }

    /// The configuration it was built from.
    pub fn config(&self) -> &ControlNetConfig {
        &self.config
    }

    /// What the network makes of a picture before the latents come in; made once and used at every step.
    ///
    /// * `image`: `(batch or 1, conditioning_channels, height, width)` in 0..1, red first, 8 times the latents' size.
    /// * `wrap`: edges that join.
    ///
    /// # Errors
    /// If the shape does not fit.
    pub fn hint(&self, image: &Tensor, wrap: Wrap) -> Result<ControlHint> {
        let channels = self.config.conditioning_channels;
        if image.rank() != 4 || image.dim(1)? != channels {
            candle_core::bail!("the control image is {:?}, expected {channels} channels", image.dims());
        }
        let image = match self.config.controlnet_conditioning_channel_order {
            ChannelOrder::Rgb => image.clone(),
            ChannelOrder::Bgr => image.contiguous()?.flip(&[1])?,
        };
        Ok(ControlHint(self.hint.forward(&image, wrap)?))
    }

    /// What the U-Net is to add at this step.
    ///
    /// * `x`, `timesteps`: what the U-Net is asked.
    /// * `conditions`: those of the U-Net; only text and size conditions and joined edges concern a ControlNet, the others are
    ///   left out.
    /// * `hint`: the picture, of the size of `x`.
    ///
    /// # Errors
    /// If shapes do not fit, a condition is missing that the model needs or given that it does not know, or the device
    /// runs out of memory.
    pub fn forward(
        &self,
        x: &Tensor,
        timesteps: &[f64],
        conditions: UNetConditions<'_>,
        hint: &ControlHint,
        strength: ControlStrength,
    ) -> Result<Residuals> {
        let conditions = UNetConditions {
            guidance: None,
            residuals: None,
            image_prompts: &[],
            maps: None,
            ..conditions
        };
        let encoded = self.encoder.forward(x, timesteps, conditions, Some(&hint.0))?;
        let pools = self.config.global_pool_conditions;
        let strength = ControlStrength {
            guess: strength.guess && !pools,
            ..strength
        };
        let factors = strength.factors(self.down.len() + 1);
        let finish = |conv: &Conv2d, features: &Tensor, factor: f64| {
            let map = conv.forward_with(PreOps::new(&[features]), PostOps::in_dtype(features.dtype()))?;
            let map = map.affine(factor, 0.0)?;
            if pools { map.mean_keepdim((2, 3)) } else { Ok(map) }
        };
        let down = self.down.iter().zip(&encoded.skips).zip(&factors);
        Ok(Residuals {
            down: down
                .map(|((conv, skip), factor)| finish(conv, skip, *factor))
                .collect::<Result<_>>()?,
            mid: Some(finish(
                &self.mid,
                &encoded.mid,
                factors.last().copied().unwrap_or_default(),
            )?),
            features: Vec::new(),
        })
    }
}

/// From the size of pictures to that of latents.
#[derive(Debug, Clone)]
struct HintEmbedding {
    conv_in: Conv2d,
    blocks: Vec<Conv2d>,
    conv_out: Conv2d,
}

impl HintEmbedding {
    fn new(vb: &WeightBuilder<'_>, config: &ControlNetConfig) -> Result<Self> {
        let widths = &config.conditioning_embedding_out_channels;
        let (first, last) = (widths.first().copied(), widths.last().copied());
        let mut blocks = Vec::new();
        for pair in widths.windows(2) {
            let vb = vb.pp("blocks");
            let (same, halving) = (vb.pp(blocks.len()), vb.pp(blocks.len() + 1));
            blocks.push(Conv2d::new(&same, pair[0], pair[0], 3)?);
            blocks.push(Conv2d::strided(&halving, pair[0], pair[1], 3, 2, Padding::same(1))?);
        }
        let outputs = config.unet.block_out_channels.first().copied().unwrap_or_default();
        Ok(Self {
            conv_in: Conv2d::new(
                &vb.pp("conv_in"),
                config.conditioning_channels,
                first.unwrap_or_default(),
                3,
            )?,
            blocks,
            conv_out: Conv2d::new(&vb.pp("conv_out"), last.unwrap_or_default(), outputs, 3)?,
        })
    }

    fn forward(&self, image: &Tensor, wrap: Wrap) -> Result<Tensor> {
        let silu = PostOps::activation(Activation::Silu);
        let mut x = self.conv_in.forward_with(PreOps::new(&[image]).wrapped(wrap), silu)?;
        for block in &self.blocks {
            x = block.forward_with(PreOps::new(&[&x]).wrapped(wrap), silu)?;
        }
        self.conv_out.forward(&x, wrap)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn guessing_should_raise_the_factors_tenfold_from_the_finest_to_the_middle() {
        let strength = ControlStrength {
            scale: 2.0,
            guess: true,
        };
        let factors = strength.factors(3);
        for (found, expected) in factors.iter().zip([0.2, 0.2 * 10f64.sqrt(), 2.0]) {
            assert!((found - expected).abs() < 1e-12, "{found}, expected {expected}");
        }
        assert_eq!(ControlStrength::even(0.5).factors(2), [0.5, 0.5]);
    }
}
