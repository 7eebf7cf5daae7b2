//! What a U-Net takes beside the noisy latents.

use super::class::ClassCondition;
use super::inputs::BlockInputs;
use super::maps::AttentionMaps;
use super::motion::{BlockMotion, Motion, MotionAdapter, MotionModule};
use super::residuals::Residuals;
use crate::kernels::Wrap;
use crate::models::ip_adapter::ImagePrompt;
use crate::models::layers::{KvCache, sinusoid};
use candle_core::{Device, Result, Tensor};

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

/// What a U-Net takes beside the noisy latents and their timesteps.
#[derive(Debug, Clone, Copy, Default)]
pub struct UNetConditions<'a> {
    /// The text, `(batch, tokens, cross_attention_dim)`; `None` for networks that take none.
    pub context: Option<&'a Tensor>,
    /// Keys and values that earlier calls made of `context`, and of no other; `None` makes them anew.
    pub kv: Option<&'a KvCache>,
    /// The embedded guidance scale of a distilled model, `(batch or 1, time_cond_proj_dim)`; `None` for others.
    pub guidance: Option<&'a Tensor>,
    /// SDXL's pooled text and sizes; `None` for others.
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
    /// Collects how much each pixel attends to each token; `None` computes no maps.
    pub maps: Option<&'a AttentionMaps>,
    /// Edges that join, so that pictures can be tiled.
    pub wrap: Wrap,
}

impl<'a> UNetConditions<'a> {
    /// The text and nothing else.
    pub fn text(context: &'a Tensor) -> Self {
        Self {
            context: Some(context),
            ..Self::default()
        }
    }

    /// The class, if the network knows any, and nothing else.
    pub fn class(class: Option<ClassCondition<'a>>) -> Self {
        Self {
            class,
            ..Self::default()
        }
    }

    /// The inputs of one block.
    ///
    /// * `time`: the embedding that every residual block adds.
    /// * `modules`: the motion modules of the block.
    pub(super) fn block_inputs(
        &self,
        time: &'a Tensor,
        modules: impl Fn(&'a MotionAdapter) -> Option<&'a Vec<MotionModule>>,
    ) -> BlockInputs<'a> {
        BlockInputs {
            time,
            context: self.context,
            kv: self.kv,
            context_mask: self.context_mask,
            motion: self.motion.and_then(|Motion { adapter, frames }| {
                let modules = modules(adapter)?;
                Some(BlockMotion { modules, frames })
            }),
            image_prompts: self.image_prompts,
            maps: self.maps,
            wrap: self.wrap,
        }
    }
}

/// SDXL's conditions on the whole picture (`addition_embed_type` `text_time`).
///
/// Source: <https://arxiv.org/abs/2307.01952>, section 2.2
#[derive(Debug, Clone)]
pub struct AddedConditions {
    /// The pooled text, `(batch, width)`.
    pub pooled: Tensor,
    /// Sizes, crops and scores as plain numbers, `(batch, numbers)`, f32.
    pub numbers: Tensor,
}
