//! What may follow a residual block: attention of one kind or another.

use super::inputs::BlockInputs;
use super::layout::{AddedKvShape, AttentionShape, SelfAttentionShape};
use super::sites::transformer_name;
use super::transformer::SpatialTransformer;
use crate::kernels::{self, GroupNorm, PostOps};
use crate::models::WeightBuilder;
use crate::models::layers::{Attention, AttentionConfig, Linear, group_norm};
use candle_core::{Result, Tensor};

/// Epsilon of the normalisation before attention to pixels and text; diffusers fixes it whatever the config says.
const ADDED_KV_EPS: f64 = 1e-5;

/// Attention over a feature map.
#[derive(Debug, Clone)]
pub(super) enum SpatialAttention {
    Transformer(SpatialTransformer),
    AddedKvAttention(AddedKvAttention),
    SelfAttention2d(SelfAttention2d),
}

impl SpatialAttention {
    /// `None` if nothing is attended to.
    ///
    /// * `name`: of this attention within the network, as its weights are called.
    pub(super) fn new(
        vb: &WeightBuilder<'_>,
        name: &str,
        channels: usize,
        shape: AttentionShape,
    ) -> Result<Option<Self>> {
        Ok(match shape {
            AttentionShape::None => None,
            AttentionShape::Transformer(shape) => {
                Some(Self::Transformer(SpatialTransformer::new(vb, name, channels, shape)?))
            }
            AttentionShape::AddedKvAttention(shape) => {
                Some(Self::AddedKvAttention(AddedKvAttention::new(vb, channels, shape)?))
            }
            AttentionShape::SelfAttention2d(shape) => {
                Some(Self::SelfAttention2d(SelfAttention2d::new(vb, channels, shape)?))
            }
        })
    }

    /// The attentions of the `layers` residual blocks of a block; none if nothing is attended to.
    ///
    /// * `blocks`, `index`: of the block within the network, e.g. `down_blocks` and 1.
    pub(super) fn each(
        vb: &WeightBuilder<'_>,
        (blocks, index): (&str, usize),
        layers: usize,
        channels: usize,
        shape: AttentionShape,
    ) -> Result<Vec<Self>> {
        let vb = vb.pp("attentions");
        (0..layers)
            .filter_map(|layer| {
                let name = transformer_name(blocks, index, layer);
                Self::new(&vb.pp(layer), &name, channels, shape).transpose()
            })
            .collect()
    }

    /// `(batch, channels, height, width)` → the same.
    pub(super) fn forward(&self, x: &Tensor, inputs: BlockInputs<'_>) -> Result<Tensor> {
        let context = || match inputs.context {
            Some(context) => Ok(context),
            None => candle_core::bail!("this U-Net needs a text"),
        };
        match self {
            Self::Transformer(transformer) => transformer.forward(x, context()?, inputs),
            Self::AddedKvAttention(attention) => attention.forward(x, context()?, inputs.context_mask),
            Self::SelfAttention2d(attention) => attention.forward(x),
        }
    }
}

/// Channels last, pixels are tokens: `(batch, height · width, channels)`.
fn to_tokens(x: &Tensor) -> Result<Tensor> {
    let (batch, channels, height, width) = x.dims4()?;
    x.permute((0, 2, 3, 1))?.reshape((batch, height * width, channels))
}

/// Tokens back in the places they have in `like`.
fn to_pixels(tokens: &Tensor, like: &Tensor) -> Result<Tensor> {
    let (batch, channels, height, width) = like.dims4()?;
    tokens.reshape((batch, height, width, channels))?.permute((0, 3, 1, 2))
}

/// Attention of the pixels to each other, and a shortcut around it.
#[derive(Debug, Clone)]
pub(super) struct SelfAttention2d {
    norm: Option<GroupNorm>,
    attention: Attention,
}

impl SelfAttention2d {
    fn new(vb: &WeightBuilder<'_>, channels: usize, shape: SelfAttentionShape) -> Result<Self> {
        let sizes = AttentionConfig {
            channels,
            context_channels: None,
            inner_channels: shape.inner_channels,
            heads: shape.heads,
            bias: true,
            upcast: true,
        };
        Ok(Self {
            norm: shape
                .groups
                .map(|groups| group_norm(&vb.pp("group_norm"), channels, groups, shape.eps))
                .transpose()?,
            attention: Attention::new(vb, sizes)?,
        })
    }

    fn forward(&self, x: &Tensor) -> Result<Tensor> {
        let shortcut = to_tokens(x)?;
        let tokens = match &self.norm {
            Some(norm) => to_tokens(&norm.forward(x)?)?,
            None => shortcut.clone(),
        };
        to_pixels(&self.attention.forward(&tokens, None, &shortcut)?, x)
    }
}

/// One attention of the pixels to the text and to each other, and a shortcut around it.
///
/// Source: GLIDE, <https://arxiv.org/abs/2112.10741>, section 3.1
#[derive(Debug, Clone)]
pub(super) struct AddedKvAttention {
    norm: GroupNorm,
    /// Queries, and unless the text alone is looked at keys and values, of the pixels.
    own: Linear,
    /// Keys and values of the text.
    text: Linear,
    to_out: Linear,
    shape: AddedKvShape,
    channels: usize,
}

impl AddedKvAttention {
    fn new(vb: &WeightBuilder<'_>, channels: usize, shape: AddedKvShape) -> Result<Self> {
        let own: &[&str] = if shape.only_cross {
            &["to_q"]
        } else {
            &["to_q", "to_k", "to_v"]
        };
        let text = ["add_k_proj", "add_v_proj"];
        Ok(Self {
            norm: group_norm(&vb.pp("group_norm"), channels, shape.groups, ADDED_KV_EPS)?,
            own: Linear::stacked(vb, own, channels, channels, true)?,
            text: Linear::stacked(vb, &text, shape.context_channels, channels, true)?,
            to_out: Linear::new(&vb.pp("to_out.0"), channels, channels)?,
            shape,
            channels,
        })
    }

    /// * `context`: `(batch, tokens, context_channels)`.
    /// * `mask`: `(batch, tokens)`, added to the scores of the text.
    fn forward(&self, x: &Tensor, context: &Tensor, mask: Option<&Tensor>) -> Result<Tensor> {
        let channels = self.channels;
        let part = |tokens: &Tensor, index: usize| tokens.narrow(2, index * channels, channels);
        let own = self.own.forward(&to_tokens(&self.norm.forward(x)?)?)?;
        let text = self.text.forward(context)?.to_dtype(own.dtype())?;
        let (q, mut k, mut v) = (part(&own, 0)?, part(&text, 0)?, part(&text, 1)?);
        if !self.shape.only_cross {
            k = Tensor::cat(&[&k, &part(&own, 1)?], 1)?;
            v = Tensor::cat(&[&v, &part(&own, 2)?], 1)?;
        }
        let scale = ((channels / self.shape.heads) as f64).sqrt().recip();
        let y = match mask {
            None => kernels::attention(&q, &k, &v, self.shape.heads, scale, false)?,
            Some(mask) => {
                let (batch, tokens) = mask.dims2()?;
                let unmasked = k.dim(1)?.saturating_sub(tokens);
                let mask = mask.to_dtype(q.dtype())?.pad_with_zeros(1, 0, unmasked)?;
                let mask = mask.reshape((batch, 1, 1, tokens + unmasked))?;
                kernels::masked_attention(&q, &k, &v, self.shape.heads, scale, &mask)?
            }
        };
        let shortcut = to_tokens(x)?;
        to_pixels(
            &self
                .to_out
                .forward_with(&y.to_dtype(x.dtype())?, PostOps::add(&shortcut))?,
            x,
        )
    }
}
