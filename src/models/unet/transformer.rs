//! Attention over the pixels of a feature map and over the conditioning.

use super::config::TransformerShape;
use crate::kernels;
use crate::models::layers::Attention;
use crate::models::layers::AttentionConfig;
use crate::models::layers::Conv2d;
use crate::models::layers::GroupNorm;
use crate::models::layers::LayerNorm;
use crate::models::layers::Linear;
use candle_core::Result;
use candle_core::Tensor;
use candle_nn::VarBuilder;

/// Epsilon of the normalisation before the pixels become tokens; diffusers fixes it whatever the config says.
const GROUP_NORM_EPS: f64 = 1e-6;
/// Epsilon of the normalisations between attentions; PyTorch's default.
const LAYER_NORM_EPS: f64 = 1e-5;

/// A 1×1 convolution on the feature map, or the same as a linear map of the tokens.
#[derive(Debug, Clone)]
enum Projection {
    Conv(Conv2d),
    Linear(Linear),
}

/// Pixels to tokens, transformer blocks, tokens back to pixels, and a shortcut around it all.
#[derive(Debug, Clone)]
pub(super) struct SpatialTransformer {
    norm: GroupNorm,
    proj_in: Projection,
    blocks: Vec<TransformerBlock>,
    proj_out: Projection,
}

impl SpatialTransformer {
    pub(super) fn new(vb: &VarBuilder<'_>, channels: usize, shape: TransformerShape) -> Result<Self> {
        let project = |name: &str| -> Result<Projection> {
            Ok(if shape.linear_projection {
                Projection::Linear(Linear::new(&vb.pp(name), channels, channels)?)
            } else {
                Projection::Conv(Conv2d::new(&vb.pp(name), channels, channels, 1)?)
            })
        };
        let blocks = vb.pp("transformer_blocks");
        Ok(Self {
            norm: GroupNorm::new(&vb.pp("norm"), channels, shape.groups, GROUP_NORM_EPS)?,
            proj_in: project("proj_in")?,
            blocks: (0..shape.depth)
                .map(|index| TransformerBlock::new(&blocks.pp(index), channels, shape))
                .collect::<Result<_>>()?,
            proj_out: project("proj_out")?,
        })
    }

    /// * `x`: `(batch, channels, height, width)`.
    /// * `context`: `(batch, tokens, context_channels)`.
    ///
    /// Returns the shape of `x`.
    pub(super) fn forward(&self, x: &Tensor, context: &Tensor) -> Result<Tensor> {
        let (batch, channels, height, width) = x.dims4()?;
        let to_tokens = |x: &Tensor| x.flatten_from(2)?.transpose(1, 2)?.contiguous();
        let to_pixels = |x: &Tensor| x.transpose(1, 2)?.reshape((batch, channels, height, width));

        let h = self.norm.forward(x)?;
        let mut tokens = match &self.proj_in {
            Projection::Conv(conv) => to_tokens(&conv.forward(&h)?)?,
            Projection::Linear(linear) => linear.forward(&to_tokens(&h)?)?,
        };
        for block in &self.blocks {
            tokens = block.forward(&tokens, context)?;
        }
        let h = match &self.proj_out {
            Projection::Conv(conv) => conv.forward(&to_pixels(&tokens)?)?,
            Projection::Linear(linear) => to_pixels(&linear.forward(&tokens)?)?,
        };
        x + h
    }
}

/// Self-attention, cross-attention and a gated perceptron, each normalised before and with a shortcut.
#[derive(Debug, Clone)]
struct TransformerBlock {
    norm1: LayerNorm,
    attn1: Attention,
    norm2: LayerNorm,
    attn2: Attention,
    norm3: LayerNorm,
    ff_in: Linear,
    ff_out: Linear,
}

impl TransformerBlock {
    fn new(vb: &VarBuilder<'_>, channels: usize, shape: TransformerShape) -> Result<Self> {
        let norm = |name: &str| LayerNorm::new(&vb.pp(name), channels, LAYER_NORM_EPS);
        let attention = |name: &str, context_channels: usize| {
            let config = AttentionConfig {
                channels,
                context_channels,
                heads: shape.heads,
                bias: false,
                upcast: shape.upcast,
            };
            Attention::new(&vb.pp(name), config)
        };
        let inner = 4 * channels;
        Ok(Self {
            norm1: norm("norm1")?,
            attn1: attention("attn1", channels)?,
            norm2: norm("norm2")?,
            attn2: attention("attn2", shape.context_channels)?,
            norm3: norm("norm3")?,
            ff_in: Linear::new(&vb.pp("ff.net.0.proj"), channels, 2 * inner)?,
            ff_out: Linear::new(&vb.pp("ff.net.2"), inner, channels)?,
        })
    }

    fn forward(&self, x: &Tensor, context: &Tensor) -> Result<Tensor> {
        let x = (x + self.attn1.forward(&self.norm1.forward(x)?, None)?)?;
        let x = (&x + self.attn2.forward(&self.norm2.forward(&x)?, Some(context))?)?;
        let gated = kernels::geglu(&self.ff_in.forward(&self.norm3.forward(&x)?)?)?;
        x + self.ff_out.forward(&gated)?
    }
}
