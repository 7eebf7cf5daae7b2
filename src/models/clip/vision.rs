//! The picture tower: pixels to what they show.

use super::HiddenAct;
use super::layer::{ClipLayer, LayerShape};
use crate::kernels::{LayerNorm, Wrap};
use crate::models::error::MAX_CHANNELS;
use crate::models::layers::{Conv2d, Linear, full_precision, layer_norm};
use crate::models::{ConfigError, WeightBuilder};
use candle_core::{Result, Tensor};

/// The network's name in messages.
const NETWORK: &str = "image_encoder";

/// Shape of a picture tower, its `config.json`. Missing fields take the values of `transformers`.
#[derive(Debug, Clone, PartialEq, serde::Deserialize, serde::Serialize)]
#[serde(default)]
pub struct ClipVisionConfig {
    /// Channels of every hidden state.
    pub hidden_size: usize,
    /// Channels between the two linear maps of a layer.
    pub intermediate_size: usize,
    /// Channels of the space that texts and pictures share.
    pub projection_dim: usize,
    /// Layers.
    pub num_hidden_layers: usize,
    /// Divides `hidden_size`.
    pub num_attention_heads: usize,
    /// Channels of a picture.
    pub num_channels: usize,
    /// Side of a picture in pixels.
    pub image_size: usize,
    /// Side of the squares that become tokens.
    pub patch_size: usize,
    /// Nonlinearity.
    pub hidden_act: HiddenAct,
    /// Added to the variance in normalisations.
    pub layer_norm_eps: f64,
}

impl Default for ClipVisionConfig {
    fn default() -> Self {
        Self {
            hidden_size: 768,
            intermediate_size: 3072,
            projection_dim: 512,
            num_hidden_layers: 12,
            num_attention_heads: 12,
            num_channels: 3,
            image_size: 224,
            patch_size: 32,
            hidden_act: HiddenAct::QuickGelu,
            layer_norm_eps: 1e-5,
        }
    }
}

impl ClipVisionConfig {
    /// Refuses sizes that no tower can have.
    fn validate(&self) -> std::result::Result<(), ConfigError> {
        let check =
            |holds, field, found: usize, expected: &str| ConfigError::check(holds, NETWORK, field, found, expected);
        for (field, value) in [
            ("hidden_size", self.hidden_size),
            ("intermediate_size", self.intermediate_size),
            ("projection_dim", self.projection_dim),
            ("num_hidden_layers", self.num_hidden_layers),
            ("num_channels", self.num_channels),
            ("patch_size", self.patch_size),
        ] {
            check((1..=MAX_CHANNELS).contains(&value), field, value, "at least 1")?;
        }
        check(
            self.num_attention_heads > 0 && self.hidden_size.is_multiple_of(self.num_attention_heads),
            "num_attention_heads",
            self.num_attention_heads,
            &format!("a divisor of hidden_size {}", self.hidden_size),
        )?;
        check(
            (self.patch_size..=8192).contains(&self.image_size),
            "image_size",
            self.image_size,
            &format!("{} to 8192", self.patch_size),
        )
    }

    /// Tokens of a picture: its squares, and one for all of it.
    fn tokens(&self) -> usize {
        (self.image_size / self.patch_size).pow(2) + 1
    }
}

/// A transformer over the squares of a picture.
#[derive(Debug, Clone)]
pub struct ClipVisionModel {
    class_embedding: Tensor,
    patch_embedding: Conv2d,
    position_embedding: Tensor,
    pre_norm: LayerNorm,
    layers: Vec<ClipLayer>,
    post_norm: LayerNorm,
    projection: Linear,
    config: ClipVisionConfig,
}

/// What the tower makes of a picture.
#[derive(Debug, Clone)]
pub struct VisionStates {
    /// `(batch, projection_dim)`: the whole picture in the space that texts and pictures share.
    pub embedding: Tensor,
    /// `(batch, tokens, hidden)`: the layer before the last, not normalised.
    pub penultimate: Tensor,
}

impl ClipVisionModel {
    /// Weights under the names of `CLIPVisionModelWithProjection`, with or without a leading `vision_model.`.
    ///
    /// # Errors
    /// A [`ConfigError`] if the configuration makes no sense; else if a tensor is missing or misshapen.
    pub fn new<'a>(vb: impl Into<WeightBuilder<'a>>, config: &ClipVisionConfig) -> Result<Self> {
        let vb = vb.into();
        config.validate()?;
        let hidden = config.hidden_size;
        let projection = Linear::without_bias(&vb.pp("visual_projection"), hidden, config.projection_dim)?;
        let has_prefix = vb.contains_tensor("vision_model.embeddings.class_embedding");
        let vb = if has_prefix { vb.pp("vision_model") } else { vb };
        let embeddings = full_precision(&vb).pp("embeddings");
        let layers = vb.pp("encoder").pp("layers");
        let shape = LayerShape {
            hidden,
            intermediate: config.intermediate_size,
            heads: config.num_attention_heads,
            activation: config.hidden_act,
            eps: config.layer_norm_eps,
            causal: false,
        };
        Ok(Self {
            class_embedding: embeddings.get(hidden, "class_embedding")?,
            patch_embedding: Conv2d::patches(
                &embeddings.pp("patch_embedding"),
                config.num_channels,
                hidden,
                config.patch_size,
            )?,
            position_embedding: embeddings.get((config.tokens(), hidden), "position_embedding.weight")?,
            // The name is a slip of the pen that every file repeats.
            pre_norm: layer_norm(&full_precision(&vb).pp("pre_layrnorm"), hidden, config.layer_norm_eps)?,
            layers: (0..config.num_hidden_layers)
                .map(|index| ClipLayer::new(&layers.pp(index), shape))
                .collect::<Result<_>>()?,
            post_norm: layer_norm(&vb.pp("post_layernorm"), hidden, config.layer_norm_eps)?,
            projection,
            config: config.clone(),
        })
    }

    /// The configuration it was built from.
    pub fn config(&self) -> &ClipVisionConfig {
        &self.config
    }

    /// * `pixels`: `(batch, num_channels, image_size, image_size)`, normalised as the tower was trained.
    ///
    /// # Errors
    /// If the shape does not fit.
    pub fn forward(&self, pixels: &Tensor) -> Result<VisionStates> {
        let ClipVisionConfig {
            num_channels,
            image_size,
            hidden_size,
            ..
        } = self.config;
        let batch = pixels.dim(0)?;
        if pixels.dims() != [batch, num_channels, image_size, image_size] {
            candle_core::bail!(
                "the image encoder expects {num_channels} × {image_size} × {image_size} pixels, found {:?}",
                pixels.dims()
            );
        }
        let patches = self
            .patch_embedding
            .forward(pixels, Wrap::default())?
            .flatten_from(2)?
            .transpose(1, 2)?;
        let class = self.class_embedding.expand((batch, 1, hidden_size))?;
        let x = Tensor::cat(&[&class, &patches.contiguous()?], 1)?;
        let mut x = self.pre_norm.forward(&x.broadcast_add(&self.position_embedding)?)?;
        let mut penultimate = x.clone();
        for layer in &self.layers {
            let after = layer.forward(&x)?;
            penultimate = std::mem::replace(&mut x, after);
        }
        let whole = self.post_norm.forward(&x.narrow(1, 0, 1)?.squeeze(1)?.contiguous()?)?;
        Ok(VisionStates {
            embedding: self.projection.forward(&whole)?,
            penultimate,
        })
    }
}
