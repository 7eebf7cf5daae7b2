//! Attention over the pixels of a feature map and over the conditioning.

use super::AttentionMaps;
use super::inputs::BlockInputs;
use super::layout::TransformerShape;
use super::sites::block_name;
use crate::kernels::{GroupNorm, LayerNorm, PostOps, PreOps};
use crate::models::WeightBuilder;
use crate::models::layers::{
    Attention, AttentionConfig, AttentionExtras, Conv2d, GeGlu, Linear, group_norm, layer_norm,
};
use candle_core::{Result, Tensor};

/// Epsilon of the normalisation before the pixels become tokens; diffusers fixes it whatever the config says.
const GROUP_NORM_EPS: f64 = 1e-6;
/// Epsilon of the normalisations between attentions; PyTorch's default.
const LAYER_NORM_EPS: f64 = 1e-5;

/// Pixels to tokens, transformer blocks, tokens back to pixels, and a shortcut around it all.
#[derive(Debug, Clone)]
pub(super) struct SpatialTransformer {
    norm: GroupNorm,
    proj_in: Conv2d,
    blocks: Vec<TransformerBlock>,
    proj_out: Conv2d,
}

impl SpatialTransformer {
    /// * `name`: of this transformer within the network, as its weights are called.
    pub(super) fn new(vb: &WeightBuilder<'_>, name: &str, channels: usize, shape: TransformerShape) -> Result<Self> {
        let project = |name: &str| Conv2d::pointwise(&vb.pp(name), channels, channels, shape.linear_projection);
        let blocks = vb.pp("transformer_blocks");
        Ok(Self {
            norm: group_norm(&vb.pp("norm"), channels, shape.groups, GROUP_NORM_EPS)?,
            proj_in: project("proj_in")?,
            blocks: (0..shape.depth)
                .map(|index| TransformerBlock::new(&blocks.pp(index), block_name(name, index), channels, shape))
                .collect::<Result<_>>()?,
            proj_out: project("proj_out")?,
        })
    }

    /// * `x`: `(batch, channels, height, width)`.
    /// * `context`: `(batch, tokens, context_channels)`.
    ///
    /// Returns the shape of `x`.
    pub(super) fn forward(&self, x: &Tensor, context: &Tensor, inputs: BlockInputs<'_>) -> Result<Tensor> {
        let (batch, channels, height, width) = x.dims4()?;
        let h = self
            .proj_in
            .forward_with(PreOps::new(&[x]).normalised(&self.norm), PostOps::in_dtype(x.dtype()))?;
        // Channels last, pixels are tokens already.
        let mut tokens = h.permute((0, 2, 3, 1))?.reshape((batch, height * width, channels))?;
        for block in &self.blocks {
            tokens = block.forward(&tokens, context, inputs, (height, width))?;
        }
        let h = tokens
            .reshape((batch, height, width, channels))?
            .permute((0, 3, 1, 2))?;
        self.proj_out.forward_with(PreOps::new(&[&h]), PostOps::add(x))
    }
}

/// Self-attention (or one more cross-attention), cross-attention and a gated perceptron, each normalised before and with
/// a shortcut.
#[derive(Debug, Clone)]
struct TransformerBlock {
    name: String,
    norm1: LayerNorm,
    attn1: Attention,
    norm2: LayerNorm,
    attn2: Attention,
    norm3: LayerNorm,
    ff_in: GeGlu,
    ff_out: Linear,
    /// Whether the first attention looks at the context too.
    only_cross: bool,
}

impl TransformerBlock {
    fn new(vb: &WeightBuilder<'_>, name: String, channels: usize, shape: TransformerShape) -> Result<Self> {
        let norm = |name: &str| layer_norm(&vb.pp(name), channels, LAYER_NORM_EPS);
        let attention = |name: &str, context_channels: Option<usize>| {
            let config = AttentionConfig {
                channels,
                context_channels,
                inner_channels: channels,
                heads: shape.heads,
                bias: false,
                upcast: shape.upcast,
            };
            Attention::new(&vb.pp(name), config)
        };
        let inner = 4 * channels;
        Ok(Self {
            name,
            norm1: norm("norm1")?,
            attn1: attention("attn1", shape.only_cross.then_some(shape.context_channels))?,
            norm2: norm("norm2")?,
            attn2: attention("attn2", Some(shape.context_channels))?,
            norm3: norm("norm3")?,
            ff_in: GeGlu::new(&vb.pp("ff.net.0.proj"), channels, inner)?,
            ff_out: Linear::new(&vb.pp("ff.net.2"), inner, channels)?,
            only_cross: shape.only_cross,
        })
    }

    /// * `size`: height and width of the picture that the tokens are.
    fn forward(&self, x: &Tensor, context: &Tensor, inputs: BlockInputs<'_>, size: (usize, usize)) -> Result<Tensor> {
        let first = self.only_cross.then_some(context);
        let extras = AttentionExtras {
            kv: inputs.kv,
            ..AttentionExtras::default()
        };
        let (x, _) = self.attn1.forward_with(&self.norm1.forward(x)?, first, extras, x)?;
        let x = self.attend(&x, context, inputs, size)?;
        let gated = self.ff_in.forward(&self.norm3.forward(&x)?)?;
        self.ff_out.forward_with(&gated, PostOps::add(&x))
    }

    /// Cross-attention to the text, and to the image prompts if there are any; maps that are wanted are recorded.
    fn attend(&self, x: &Tensor, context: &Tensor, inputs: BlockInputs<'_>, size: (usize, usize)) -> Result<Tensor> {
        let maps = inputs.maps.filter(|maps| maps.wants(&self.name));
        let prompts = inputs.image_prompts.iter();
        let pairs: Vec<_> = prompts.filter_map(|prompt| prompt.at(&self.name)).collect();
        let extras = AttentionExtras {
            pairs: &pairs,
            watched: maps.map(AttentionMaps::row),
            kv: inputs.kv,
        };
        let asking = self.norm2.forward(x)?;
        let (y, watched) = self.attn2.forward_with(&asking, Some(context), extras, x)?;
        if let (Some(maps), Some(probabilities)) = (maps, watched) {
            maps.record(&self.name, &probabilities, size)?;
        }
        Ok(y)
    }
}
