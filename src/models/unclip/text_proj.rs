//! The embeddings of a text and of a picture as what the decoder takes.

use crate::kernels::LayerNorm;
use crate::models::error::MAX_CHANNELS;
use crate::models::layers::{Linear, full_precision, layer_norm};
use crate::models::{ConfigError, WeightBuilder};
use candle_core::{Result, Tensor};

const NETWORK: &str = "text_proj";
/// Epsilon of the normalisation; PyTorch's default.
const NORM_EPS: f64 = 1e-5;

/// Shape of the projection.
#[derive(Debug, Clone, PartialEq, Eq, serde::Deserialize, serde::Serialize)]
pub struct TextProjConfig {
    /// Tokens that the picture's embedding becomes.
    #[serde(default = "four")]
    pub clip_extra_context_tokens: usize,
    /// Channels of the embeddings.
    #[serde(default = "usual_width")]
    pub clip_embeddings_dim: usize,
    /// Channels of the decoder's time embedding.
    pub time_embed_dim: usize,
    /// Channels of the decoder's text.
    pub cross_attention_dim: usize,
}

fn four() -> usize {
    4
}

fn usual_width() -> usize {
    768
}

/// The conditions of the decoder.
#[derive(Debug, Clone)]
pub struct DecoderConditions {
    /// The picture's tokens, then the text's, `(batch, tokens, cross_attention_dim)`.
    pub context: Tensor,
    /// Added to the time embedding, `(batch, time_embed_dim)`.
    pub time: Tensor,
}

/// Embeddings to what the decoder takes.
///
/// Source: <https://arxiv.org/abs/2204.06125>, section 2.1
#[derive(Debug, Clone)]
pub struct UnclipTextProj {
    /// Stands for a picture where there is none, `(clip_embeddings_dim)`.
    no_picture: Tensor,
    text_to_time: Linear,
    picture_to_time: Linear,
    picture_to_tokens: Linear,
    text_to_tokens: Linear,
    text_norm: LayerNorm,
    config: TextProjConfig,
}

impl UnclipTextProj {
    /// Weights under diffusers' names.
    ///
    /// # Errors
    /// A [`ConfigError`] if sizes are beyond all bounds; else if a tensor is missing or misshapen.
    pub fn new<'a>(vb: impl Into<WeightBuilder<'a>>, config: &TextProjConfig) -> Result<Self> {
        let vb = vb.into();
        let TextProjConfig {
            clip_extra_context_tokens: tokens,
            clip_embeddings_dim: width,
            time_embed_dim: time,
            cross_attention_dim: context,
        } = *config;
        for (field, value) in [
            ("clip_extra_context_tokens", tokens),
            ("clip_embeddings_dim", width),
            ("time_embed_dim", time),
            ("cross_attention_dim", context),
        ] {
            let is_sane = (1..=MAX_CHANNELS).contains(&value);
            ConfigError::check(is_sane, NETWORK, field, value, format!("1 to {MAX_CHANNELS}"))?;
        }
        let vb = full_precision(&vb);
        let linear = |name: &str, outputs: usize| Linear::new(&vb.pp(name), width, outputs);
        Ok(Self {
            no_picture: vb.get(width, "learned_classifier_free_guidance_embeddings")?,
            text_to_time: linear("embedding_proj", time)?,
            picture_to_time: linear("clip_image_embeddings_project_to_time_embeddings", time)?,
            picture_to_tokens: linear("clip_extra_context_tokens_proj", tokens * context)?,
            text_to_tokens: linear("encoder_hidden_states_proj", context)?,
            text_norm: layer_norm(&vb.pp("text_encoder_hidden_states_norm"), context, NORM_EPS)?,
            config: config.clone(),
        })
    }

    /// Tokens that the picture's embedding becomes.
    pub fn extra_tokens(&self) -> usize {
        self.config.clip_extra_context_tokens
    }

    /// * `picture`: the picture's embedding, `(1, clip_embeddings_dim)`; `None` for a text without a picture.
    /// * `pooled`: the text's embedding, `(1, clip_embeddings_dim)`.
    /// * `hidden`: the text's hidden states, `(1, tokens, clip_embeddings_dim)`.
    ///
    /// # Errors
    /// If shapes do not fit.
    pub fn forward(&self, picture: Option<&Tensor>, pooled: &Tensor, hidden: &Tensor) -> Result<DecoderConditions> {
        let no_picture = self.no_picture.unsqueeze(0)?;
        let picture = picture.unwrap_or(&no_picture).to_dtype(no_picture.dtype())?;
        let batch = picture.dim(0)?;
        // Channels before tokens, as they were trained.
        let extra = self
            .picture_to_tokens
            .forward(&picture)?
            .reshape((batch, (), self.extra_tokens()))?
            .transpose(1, 2)?;
        let text = self.text_norm.forward(&self.text_to_tokens.forward(hidden)?)?;
        Ok(DecoderConditions {
            context: Tensor::cat(&[&extra, &text.to_dtype(extra.dtype())?], 1)?,
            time: (self.picture_to_time.forward(&picture)? + self.text_to_time.forward(pooled)?)?,
        })
    }
}
