//! The whole network.

use super::UNetConfig;
use super::class::ClassCondition;
use super::class::ClassEmbedding;
use super::down::DownBlock;
use super::down::Told;
use super::mid::MidBlock;
use super::motion::BlockMotion;
use super::motion::Motion;
use super::motion::MotionAdapter;
use super::motion::MotionModule;
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

/// What a U-Net is told beside the noisy latents and their timesteps.
#[derive(Debug, Clone, Copy)]
pub struct UNetConditions<'a> {
    /// The text, `(batch, tokens, cross_attention_dim)`.
    pub context: &'a Tensor,
    /// The embedded guidance scale of a distilled model, `(batch or 1, time_cond_proj_dim)`; `None` for others.
    pub guidance: Option<&'a Tensor>,
    /// What SDXL is told of the whole picture; `None` for others.
    pub added: Option<&'a AddedConditions>,
    /// The class, for models that know any; `None` for others.
    pub class: Option<ClassCondition<'a>>,
    /// Added to the scores of the text's tokens, `(batch, tokens)`, large and negative where there is none; for models
    /// that attend to text and pixels at once, others take no notice.
    pub context_mask: Option<&'a Tensor>,
    /// What makes a film of the batch; `None` for pictures.
    pub motion: Option<Motion<'a>>,
}

impl<'a> UNetConditions<'a> {
    /// The text and nothing else.
    pub fn text(context: &'a Tensor) -> Self {
        Self {
            context,
            guidance: None,
            added: None,
            class: None,
            context_mask: None,
            motion: None,
        }
    }
}

/// What SDXL's U-Net is told of the whole picture (`addition_embed_type` `text_time`).
///
/// Source: <https://arxiv.org/abs/2307.01952>, section 2.2
#[derive(Debug, Clone)]
pub struct AddedConditions {
    /// The pooled text, `(batch, width)`.
    pub pooled: Tensor,
    /// Sizes, crops and scores as plain numbers, `(batch, numbers)`, f32.
    pub numbers: Tensor,
}

/// Predicts the noise (or v, or x₀: the training decides) in latents, given a timestep and a text.
#[derive(Debug, Clone)]
pub struct UNet2DConditionModel {
    conv_in: Conv2d,
    time_embedding: TimestepEmbedding,
    add_embedding: Option<TimestepEmbedding>,
    class_embedding: Option<ClassEmbedding>,
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
        let plan = config.plan()?;
        let (Some(first), Some(coarsest)) = (plan.levels.first(), plan.levels.last()) else {
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
            add_embedding: config
                .added_channels()?
                .map(|inputs| {
                    TimestepEmbedding::new(&in_full(&vb).pp("add_embedding"), inputs, config.time_channels(), None)
                })
                .transpose()?,
            class_embedding: config
                .class_shape()?
                .map(|shape| ClassEmbedding::new(&vb, shape, channels, config.time_channels()))
                .transpose()?,
            down_blocks: (0..plan.levels.len())
                .map(|index| DownBlock::new(&vb.pp("down_blocks").pp(index), &plan, index))
                .collect::<Result<_>>()?,
            mid_block: MidBlock::new(&vb.pp("mid_block"), &plan, coarsest.channels)?,
            up_blocks: (0..plan.levels.len())
                .map(|index| UpBlock::new(&vb.pp("up_blocks").pp(index), &plan, index))
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
        let context = conditions.context;
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

        let time = self.embed_time(x, timesteps, conditions)?;
        let told = Told {
            time: &time,
            context: Some(context),
            context_mask: conditions.context_mask,
            motion: None,
        };
        let moved = |modules: fn(&MotionAdapter, usize) -> Option<&Vec<MotionModule>>, index: usize| Told {
            motion: conditions.motion.and_then(|Motion { adapter, frames }| {
                let modules = modules(adapter, index)?;
                Some(BlockMotion { modules, frames })
            }),
            ..told
        };
        let x = if self.config.center_input_sample {
            x.affine(2.0, -1.0)?
        } else {
            x.clone()
        };
        let mut x = self.conv_in.forward(&x)?;
        let mut skips = vec![x.clone()];
        for (index, block) in self.down_blocks.iter().enumerate() {
            x = block.forward(&x, moved(|adapter, index| adapter.down.get(index), index), &mut skips)?;
        }
        x = self.mid_block.forward(&x, moved(|adapter, _| Some(&adapter.mid), 0))?;
        for (index, block) in self.up_blocks.iter().enumerate() {
            x = block.forward(&x, moved(|adapter, index| adapter.up.get(index), index), &mut skips)?;
        }
        let last = [&x];
        let before = ConvInput::new(&last).normalised_silu(&self.conv_norm_out);
        self.conv_out.forward_with(before, After::in_f32())
    }

    /// The embedding that every residual block adds, after the nonlinearity they share: `(batch or 1, time_channels)`.
    /// Other conditions on the whole picture (sizes, classes) belong here too.
    fn embed_time(&self, x: &Tensor, timesteps: &[f64], conditions: UNetConditions<'_>) -> Result<Tensor> {
        let channels = self.config.first_channels();
        let dtype = match x.dtype() {
            DType::BF16 if x.device().is_cpu() => DType::F32,
            dtype => dtype,
        };
        let waves = self.waves(timesteps, channels, x.device())?.to_dtype(dtype)?;
        let guidance = conditions.guidance.map(|cond| cond.to_dtype(dtype)).transpose()?;
        let mut time = self.time_embedding.forward(&waves, guidance.as_ref())?;
        match (&self.add_embedding, conditions.added) {
            (Some(add_embedding), Some(AddedConditions { pooled, numbers })) => {
                let (batch, count) = numbers.dims2()?;
                let numbers: Vec<f64> = numbers.to_dtype(DType::F64)?.flatten_all()?.to_vec1()?;
                let waves = self.waves(
                    &numbers,
                    self.config.addition_time_embed_dim.unwrap_or_default(),
                    x.device(),
                )?;
                let found = pooled.dim(1)? + waves.elem_count() / batch.max(1);
                let expected = self.config.projection_class_embeddings_input_dim.unwrap_or_default();
                if found != expected {
                    candle_core::bail!(
                        "the added conditions have {found} channels ({count} numbers), expected {expected}"
                    );
                }
                let added = Tensor::cat(
                    &[&pooled.to_dtype(dtype)?, &waves.reshape((batch, ()))?.to_dtype(dtype)?],
                    1,
                )?;
                time = time.broadcast_add(&add_embedding.forward(&added, None)?)?;
            }
            (None, None) => {}
            (Some(_), None) => candle_core::bail!("this U-Net needs the pooled text and the picture's sizes"),
            (None, Some(_)) => candle_core::bail!("this U-Net takes no pooled text (addition_embed_type is null)"),
        }
        let waves = |numbers: &[f64]| self.waves(numbers, channels, x.device());
        time = ClassEmbedding::add(self.class_embedding.as_ref(), time, conditions.class, waves)?;
        kernels::silu(&time)
    }

    /// Numbers as this network's sines and cosines, `(values, channels)` in f32.
    fn waves(&self, values: &[f64], channels: usize, device: &Device) -> Result<Tensor> {
        let UNetConfig {
            flip_sin_to_cos,
            freq_shift,
            ..
        } = self.config;
        sinusoid(values, channels, flip_sin_to_cos, freq_shift, device)
    }
}
