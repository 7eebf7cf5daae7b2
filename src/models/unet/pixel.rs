//! The U-Net that no text is told, as diffusers' `UNet2DModel`.

use super::class::ClassCondition;
use super::class::ClassEmbedding;
use super::down::BlockInputs;
use super::down::DownBlock;
use super::mid::MidBlock;
use super::pixel_config::PixelUNetConfig;
use super::up::UpBlock;
use crate::kernels;
use crate::kernels::GroupNorm;
use crate::kernels::PostOps;
use crate::kernels::PreOps;
use crate::models::layers::Conv2d;
use crate::models::layers::TimestepEmbedding;
use crate::models::layers::full_precision;
use crate::models::layers::group_norm;
use crate::models::layers::sinusoid;
use candle_core::DType;
use candle_core::Result;
use candle_core::Tensor;
use candle_nn::VarBuilder;

/// Predicts the noise in pixels or latents, given a timestep and, if it was trained with any, a class.
///
/// Source: <https://arxiv.org/abs/2006.11239>
#[derive(Debug, Clone)]
pub struct UNet2DModel {
    conv_in: Conv2d,
    time_embedding: TimestepEmbedding,
    class_embedding: Option<ClassEmbedding>,
    down_blocks: Vec<DownBlock>,
    mid_block: Option<MidBlock>,
    up_blocks: Vec<UpBlock>,
    conv_norm_out: GroupNorm,
    conv_out: Conv2d,
    config: PixelUNetConfig,
}

impl UNet2DModel {
    /// Weights under diffusers' names, old or new.
    ///
    /// # Errors
    /// A [`ConfigError`](crate::models::ConfigError) if the configuration asks for something this version does not
    /// have; else if a tensor is missing or misshapen.
    #[expect(
        clippy::needless_pass_by_value,
        reason = "a builder is handed over, as to every network"
    )]
    pub fn new(vb: VarBuilder<'_>, config: &PixelUNetConfig) -> Result<Self> {
        let layout = config.layout()?;
        let (Some(first), Some(coarsest)) = (layout.levels.first(), layout.levels.last()) else {
            candle_core::bail!("unet config: block_out_channels is empty");
        };
        let (channels, time_channels) = (first.channels, config.time_channels());
        let blocks = 0..layout.levels.len();
        Ok(Self {
            conv_in: Conv2d::new(&full_precision(&vb).pp("conv_in"), config.in_channels, channels, 3)?,
            time_embedding: TimestepEmbedding::new(
                &full_precision(&vb).pp("time_embedding"),
                channels,
                time_channels,
                None,
            )?,
            class_embedding: config
                .class_shape()?
                .map(|shape| ClassEmbedding::new(&vb, shape, channels, time_channels))
                .transpose()?,
            down_blocks: blocks
                .clone()
                .map(|index| DownBlock::new(&vb.pp("down_blocks").pp(index), &layout, index))
                .collect::<Result<_>>()?,
            mid_block: config
                .mid_block_type
                .as_ref()
                .map(|_| MidBlock::new(&vb.pp("mid_block"), &layout, coarsest.channels))
                .transpose()?,
            up_blocks: blocks
                .map(|index| UpBlock::new(&vb.pp("up_blocks").pp(index), &layout, index))
                .collect::<Result<_>>()?,
            conv_norm_out: group_norm(
                &vb.pp("conv_norm_out"),
                channels,
                config.norm_num_groups,
                config.norm_eps,
            )?,
            conv_out: Conv2d::new(&vb.pp("conv_out"), channels, config.out_channels, 3)?,
            config: config.clone(),
        })
    }

    /// The configuration it was built from.
    pub fn config(&self) -> &PixelUNetConfig {
        &self.config
    }

    /// One prediction.
    ///
    /// * `x`: `(batch, in_channels, height, width)`, unit variance; any size that can be halved often enough.
    /// * `timesteps`: 0 to 1000 for most models, need not be whole: one for each picture of the batch, or one for all.
    /// * `class`: for models that know classes.
    ///
    /// Returns `(batch, out_channels, height, width)` in f32 or the dtype of `x`, whichever is wider.
    ///
    /// # Errors
    /// If shapes do not fit, a class is missing that the model needs or given that it does not know, or the device
    /// runs out of memory.
    pub fn forward(&self, x: &Tensor, timesteps: &[f64], class: Option<ClassCondition<'_>>) -> Result<Tensor> {
        let (batch, _, height, width) = x.dims4()?;
        if ![1, batch].contains(&timesteps.len()) || height == 0 || width == 0 {
            candle_core::bail!(
                "expected {batch} pictures, found {} timesteps and {height}×{width} pixels",
                timesteps.len()
            );
        }
        let PixelUNetConfig {
            flip_sin_to_cos,
            freq_shift,
            center_input_sample,
            ..
        } = self.config;
        let dtype = match x.dtype() {
            DType::BF16 if x.device().is_cpu() => DType::F32,
            dtype => dtype,
        };
        let channels = self.config.first_channels();
        let waves = |numbers: &[f64]| sinusoid(numbers, channels, flip_sin_to_cos, freq_shift, x.device());
        let time = self.time_embedding.forward(&waves(timesteps)?.to_dtype(dtype)?, None)?;
        let time = kernels::silu(&ClassEmbedding::add(self.class_embedding.as_ref(), time, class, waves)?)?;
        let told = BlockInputs {
            time: &time,
            context: None,
            context_mask: None,
            motion: None,
            image_prompts: &[],
            maps: None,
        };

        let x = if center_input_sample {
            x.affine(2.0, -1.0)?
        } else {
            x.clone()
        };
        let mut x = self.conv_in.forward(&x)?;
        let mut skips = vec![x.clone()];
        for block in &self.down_blocks {
            x = block.forward(&x, told, None, &mut skips)?;
        }
        if let Some(mid_block) = &self.mid_block {
            x = mid_block.forward(&x, told)?;
        }
        for block in &self.up_blocks {
            x = block.forward(&x, told, &mut skips)?;
        }
        let last = [&x];
        let before = PreOps::new(&last).normalised_silu(&self.conv_norm_out);
        self.conv_out.forward_with(before, PostOps::in_f32())
    }
}
