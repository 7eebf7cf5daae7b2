//! The whole network.

use super::UNetConfig;
use super::down::DownBlock;
use super::mid::MidBlock;
use super::up::UpBlock;
use crate::kernels;
use crate::kernels::After;
use crate::kernels::ConvInput;
use crate::kernels::GroupNorm;
use crate::models::layers::Conv2d;
use crate::models::layers::TimestepEmbedding;
use crate::models::layers::group_norm;
use crate::models::layers::in_full;
use crate::models::layers::sinusoid;
use candle_core::DType;
use candle_core::Device;
use candle_core::Result;
use candle_core::Tensor;
use candle_nn::VarBuilder;

/// A guidance scale as the vector that distilled U-Nets such as LCM take instead of a second, unconditional call.
///
/// * `guidance_scale`: in the sense uncond + s · (cond − uncond); 1 is no guidance.
/// * `channels`: the U-Net's `time_cond_proj_dim`, at least 4.
///
/// Returns `(1, channels)` in f32: sines, then cosines, of 1000 · (s − 1).
///
/// # Errors
/// If there are fewer than 4 channels.
///
/// Source: <https://arxiv.org/abs/2210.03142>, section 3
pub fn guidance_embedding(guidance_scale: f64, channels: usize, device: &Device) -> Result<Tensor> {
    if channels < 4 {
        candle_core::bail!("a guidance embedding needs at least 4 channels, found {channels}");
    }
    sinusoid(&[1000.0 * (guidance_scale - 1.0)], channels, false, 1.0, device)
}

/// Predicts the noise (or v, or x₀: the training decides) in latents, given a timestep and a text.
#[derive(Debug, Clone)]
pub struct UNet2DConditionModel {
    conv_in: Conv2d,
    time_embedding: TimestepEmbedding,
    down_blocks: Vec<DownBlock>,
    mid_block: MidBlock,
    up_blocks: Vec<UpBlock>,
    conv_norm_out: GroupNorm,
    conv_out: Conv2d,
    config: UNetConfig,
}

impl UNet2DConditionModel {
    /// Weights under diffusers' names.
    ///
    /// # Errors
    /// A [`ConfigError`](crate::models::ConfigError) if the configuration asks for something this version does not
    /// have; else if a tensor is missing or misshapen.
    #[expect(
        clippy::needless_pass_by_value,
        reason = "a builder is handed over, as to every network"
    )]
    pub fn new(vb: VarBuilder<'_>, config: &UNetConfig) -> Result<Self> {
        let levels = config.levels()?;
        let (Some(first), Some(&coarsest)) = (levels.first(), levels.last()) else {
            candle_core::bail!("unet config: block_out_channels is empty");
        };
        let channels = first.channels;
        Ok(Self {
            conv_in: Conv2d::new(&in_full(&vb).pp("conv_in"), config.in_channels, channels, 3)?,
            time_embedding: TimestepEmbedding::new(
                &in_full(&vb).pp("time_embedding"),
                channels,
                config.time_channels(),
                config.time_cond_proj_dim,
            )?,
            down_blocks: (0..levels.len())
                .map(|index| DownBlock::new(&vb.pp("down_blocks").pp(index), config, &levels, index))
                .collect::<Result<_>>()?,
            mid_block: MidBlock::new(&vb.pp("mid_block"), config, coarsest)?,
            up_blocks: (0..levels.len())
                .map(|index| UpBlock::new(&vb.pp("up_blocks").pp(index), config, &levels, index))
                .collect::<Result<_>>()?,
            conv_norm_out: group_norm(&vb.pp("conv_norm_out"), channels, config.groups(), config.norm_eps)?,
            conv_out: Conv2d::new(&vb.pp("conv_out"), channels, config.out_channels, 3)?,
            config: config.clone(),
        })
    }

    /// The configuration it was built from.
    pub fn config(&self) -> &UNetConfig {
        &self.config
    }

    /// One prediction, all pictures at the same timestep.
    ///
    /// * `x`: `(batch, in_channels, height, width)`, scaled as the sampler's formulation asks; any size.
    /// * `timestep`: 0 to 1000 for most models; need not be whole.
    /// * `context`: `(batch, tokens, cross_attention_dim)`.
    /// * `time_cond`: `(batch, time_cond_proj_dim)` or `(1, time_cond_proj_dim)`, the embedded guidance scale of a
    ///   distilled model; `None` for others.
    ///
    /// Returns `(batch, out_channels, height, width)` in the dtype of `x`.
    ///
    /// # Errors
    /// If shapes do not fit or the device runs out of memory.
    pub fn forward(&self, x: &Tensor, timestep: f64, context: &Tensor, time_cond: Option<&Tensor>) -> Result<Tensor> {
        self.forward_at(x, &[timestep], context, time_cond)
    }

    /// As [`forward`](Self::forward), with a timestep for each picture of the batch (or one for all).
    ///
    /// # Errors
    /// As [`forward`](Self::forward), or if there are neither one nor `batch` timesteps.
    pub fn forward_at(
        &self,
        x: &Tensor,
        timesteps: &[f64],
        context: &Tensor,
        time_cond: Option<&Tensor>,
    ) -> Result<Tensor> {
        let (batch, _, height, width) = x.dims4()?;
        if ![1, batch].contains(&timesteps.len()) || context.dim(0)? != batch {
            candle_core::bail!(
                "expected {batch} pictures, found {} timesteps and {} texts",
                timesteps.len(),
                context.dim(0)?
            );
        }
        if height == 0 || width == 0 {
            candle_core::bail!("the latents have no pixels ({height}×{width})");
        }

        let time = self.embed_time(x, timesteps, time_cond)?;
        let x = if self.config.center_input_sample {
            x.affine(2.0, -1.0)?
        } else {
            x.clone()
        };
        let mut x = self.conv_in.forward(&x)?;
        let mut skips = vec![x.clone()];
        for block in &self.down_blocks {
            x = block.forward(&x, &time, context, &mut skips)?;
        }
        x = self.mid_block.forward(&x, &time, context)?;
        for block in &self.up_blocks {
            x = block.forward(&x, &time, context, &mut skips)?;
        }
        let last = [&x];
        let before = ConvInput::new(&last).normalised_silu(&self.conv_norm_out);
        self.conv_out.forward_with(before, After::in_f32())
    }

    /// The embedding that every residual block adds, after the nonlinearity they share: `(batch or 1, time_channels)`.
    /// Other conditions on the whole picture (sizes, classes) belong here too.
    fn embed_time(&self, x: &Tensor, timesteps: &[f64], time_cond: Option<&Tensor>) -> Result<Tensor> {
        let UNetConfig {
            flip_sin_to_cos,
            freq_shift,
            ..
        } = self.config;
        let channels = self.config.first_channels();
        let dtype = match x.dtype() {
            DType::BF16 if x.device().is_cpu() => DType::F32,
            dtype => dtype,
        };
        let waves = sinusoid(timesteps, channels, flip_sin_to_cos, freq_shift, x.device())?.to_dtype(dtype)?;
        let time_cond = time_cond.map(|cond| cond.to_dtype(dtype)).transpose()?;
        kernels::silu(&self.time_embedding.forward(&waves, time_cond.as_ref())?)
    }
}
