//! The whole network.

use super::AttentionMaps;
use super::Residuals;
use super::UNetConfig;
use super::class::ClassCondition;
use super::class::ClassEmbedding;
use super::down::BlockInputs;
use super::down::DownBlock;
use super::mid::MidBlock;
use super::motion::BlockMotion;
use super::motion::Motion;
use super::motion::MotionAdapter;
use super::motion::MotionModule;
use super::residuals::add;
use super::up::UpBlock;
use crate::kernels;
use crate::kernels::GroupNorm;
use crate::kernels::PostOps;
use crate::kernels::PreOps;
use crate::models::ip_adapter::ImagePrompt;
use crate::models::layers::Conv2d;
use crate::models::layers::TimestepEmbedding;
use crate::models::layers::full_precision;
use crate::models::layers::group_norm;
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
    /// What ControlNets and T2I-Adapters add on the way down; `None` without any.
    pub residuals: Option<&'a Residuals>,
    /// Pictures that are attended to beside the text, see [`IpAdapter`](crate::models::ip_adapter::IpAdapter).
    pub image_prompts: &'a [ImagePrompt],
    /// Who wants to know where the text was looked at; `None` computes nothing for it.
    pub maps: Option<&'a AttentionMaps>,
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
            residuals: None,
            image_prompts: &[],
            maps: None,
        }
    }
}

impl<'a> UNetConditions<'a> {
    /// What a block is told.
    ///
    /// * `time`: the embedding that every residual block adds.
    /// * `modules`: the motion modules of the block.
    fn told(
        &self,
        time: &'a Tensor,
        modules: impl Fn(&'a MotionAdapter) -> Option<&'a Vec<MotionModule>>,
    ) -> BlockInputs<'a> {
        BlockInputs {
            time,
            context: Some(self.context),
            context_mask: self.context_mask,
            motion: self.motion.and_then(|Motion { adapter, frames }| {
                let modules = modules(adapter)?;
                Some(BlockMotion { modules, frames })
            }),
            image_prompts: self.image_prompts,
            maps: self.maps,
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
    encoder: UNetEncoder,
    up_blocks: Vec<UpBlock>,
    conv_norm_out: GroupNorm,
    conv_out: Conv2d,
}

/// The way down and the middle: the half that a ControlNet is a copy of.
#[derive(Debug, Clone)]
pub(in crate::models) struct UNetEncoder {
    conv_in: Conv2d,
    time_embedding: TimestepEmbedding,
    add_embedding: Option<TimestepEmbedding>,
    class_embedding: Option<ClassEmbedding>,
    down_blocks: Vec<DownBlock>,
    mid_block: MidBlock,
    config: UNetConfig,
}

/// What the way down gives.
#[derive(Debug)]
pub(in crate::models) struct Encoded {
    /// The embedding that every residual block adds, `(batch or 1, time_channels)`.
    time: Tensor,
    /// Every intermediate feature map, the finest first.
    pub(in crate::models) skips: Vec<Tensor>,
    /// The middle's features.
    pub(in crate::models) mid: Tensor,
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
        let layout = config.layout()?;
        let channels = config.first_channels();
        Ok(Self {
            encoder: UNetEncoder::new(&vb, config)?,
            up_blocks: (0..layout.levels.len())
                .map(|index| UpBlock::new(&vb.pp("up_blocks").pp(index), &layout, index))
                .collect::<Result<_>>()?,
            conv_norm_out: group_norm(&vb.pp("conv_norm_out"), channels, config.groups(), config.norm_eps)?,
            conv_out: Conv2d::new(&vb.pp("conv_out"), channels, config.out_channels, 3)?,
        })
    }

    /// The configuration it was built from.
    pub fn config(&self) -> &UNetConfig {
        &self.encoder.config
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
        let Encoded {
            time,
            mut skips,
            mid: mut x,
        } = self.encoder.forward(x, timesteps, conditions, None)?;
        for (index, block) in self.up_blocks.iter().enumerate() {
            let told = conditions.told(&time, |adapter| adapter.up.get(index));
            x = block.forward(&x, told, &mut skips)?;
        }
        let last = [&x];
        let before = PreOps::new(&last).normalised_silu(&self.conv_norm_out);
        self.conv_out.forward_with(before, PostOps::in_f32())
    }
}

impl UNetEncoder {
    /// Weights under the names of the whole network.
    pub(in crate::models) fn new(vb: &VarBuilder<'_>, config: &UNetConfig) -> Result<Self> {
        let layout = config.layout()?;
        let (Some(first), Some(coarsest)) = (layout.levels.first(), layout.levels.last()) else {
            candle_core::bail!("unet config: block_out_channels is empty");
        };
        let channels = first.channels;
        Ok(Self {
            conv_in: Conv2d::new(&full_precision(vb).pp("conv_in"), config.in_channels, channels, 3)?,
            time_embedding: TimestepEmbedding::new(
                &full_precision(vb).pp("time_embedding"),
                channels,
                config.time_channels(),
                config.time_cond_proj_dim,
            )?,
            add_embedding: config
                .added_channels()?
                .map(|inputs| {
                    TimestepEmbedding::new(
                        &full_precision(vb).pp("add_embedding"),
                        inputs,
                        config.time_channels(),
                        None,
                    )
                })
                .transpose()?,
            class_embedding: config
                .class_shape()?
                .map(|shape| ClassEmbedding::new(vb, shape, channels, config.time_channels()))
                .transpose()?,
            down_blocks: (0..layout.levels.len())
                .map(|index| DownBlock::new(&vb.pp("down_blocks").pp(index), &layout, index))
                .collect::<Result<_>>()?,
            mid_block: MidBlock::new(&vb.pp("mid_block"), &layout, coarsest.channels)?,
            config: config.clone(),
        })
    }

    /// * `x`, `timesteps`: as for the whole network.
    /// * `hint`: added to what the first convolution makes of `x`, in that shape, with as many pictures or one.
    pub(in crate::models) fn forward(
        &self,
        x: &Tensor,
        timesteps: &[f64],
        conditions: UNetConditions<'_>,
        hint: Option<&Tensor>,
    ) -> Result<Encoded> {
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
        let x = if self.config.center_input_sample {
            x.affine(2.0, -1.0)?
        } else {
            x.clone()
        };
        let mut x = self.conv_in.forward(&x)?;
        if let Some(hint) = hint {
            x = add(&x, hint)?;
        }
        let residuals = conditions.residuals;
        let mut skips = vec![x.clone()];
        for (index, block) in self.down_blocks.iter().enumerate() {
            let added = residuals.and_then(|residuals| residuals.features.get(index));
            let told = conditions.told(&time, |adapter| adapter.down.get(index));
            x = block.forward(&x, told, added, &mut skips)?;
        }
        let told = conditions.told(&time, |adapter| Some(&adapter.mid));
        let mut mid = self.mid_block.forward(&x, told)?;
        if let Some(residuals) = residuals {
            mid = residuals.apply(&mut skips, &mid, self.down_blocks.len())?;
        }
        Ok(Encoded { time, skips, mid })
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
