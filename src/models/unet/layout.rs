//! The sizes of a U-Net's blocks, whichever configuration they were read from.

use super::class::ClassShape;
use crate::models::layers::ResnetShape;

/// A U-Net, whichever class of diffusers' its configuration is of.
#[derive(Debug, Clone)]
pub(in crate::models) struct UNetShape {
    pub(super) layout: UNetLayout,
    pub(super) in_channels: usize,
    pub(super) out_channels: usize,
    /// Whether the input is mapped from 0..1 to −1..1 first.
    pub(super) center_input_sample: bool,
    /// Channels of the embedding of timesteps.
    pub(super) time_channels: usize,
    /// Channels of an embedded guidance scale, if it takes one.
    pub(super) guidance_channels: Option<usize>,
    /// Whether cosines come before sines in the time embedding.
    pub(super) flip_sin_to_cos: bool,
    /// Shift of the frequencies in the time embedding.
    pub(super) freq_shift: f64,
    /// Pooled text and sizes, for SDXL.
    pub(super) added: Option<AddedShape>,
    pub(super) class: Option<ClassShape>,
    /// Whether there is a middle.
    pub(super) has_mid: bool,
}

/// What SDXL's U-Net takes of the whole picture.
#[derive(Debug, Clone, Copy)]
pub(super) struct AddedShape {
    /// Channels of the pooled text and all sizes together.
    pub(super) channels: usize,
    /// Channels of the sines and cosines that each size becomes.
    pub(super) size_channels: usize,
}

/// A U-Net's blocks.
#[derive(Debug, Clone)]
pub(in crate::models) struct UNetLayout {
    /// Every resolution, the finest first; not empty.
    pub(super) levels: Vec<LevelShape>,
    /// What the middle attends to.
    pub(super) mid: AttentionShape,
    /// All residual blocks.
    pub(super) resnet: ResnetShape,
}

/// The sizes of one resolution, shared by its down and its up block.
#[derive(Debug, Clone, Copy)]
pub(super) struct LevelShape {
    pub(super) channels: usize,
    /// Residual blocks on the way down; one more on the way up.
    pub(super) layers: usize,
    pub(super) down: BlockShape,
    pub(super) up: BlockShape,
}

/// What a down or an up block has beside its residual blocks.
#[derive(Debug, Clone, Copy)]
pub(super) struct BlockShape {
    /// What follows each residual block.
    pub(super) attention: AttentionShape,
    /// How it comes to the next resolution.
    pub(super) resampler: ResamplerShape,
}

/// How a block comes to the next resolution.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ResamplerShape {
    /// A convolution; on the way down with this padding, 0 as in [`Downsample`](crate::models::layers::Downsample).
    Conv { padding: usize },
    /// A residual block that changes the size on its way.
    Resnet,
}

/// What pixels attend to.
#[derive(Debug, Clone, Copy)]
pub(super) enum AttentionShape {
    /// Nothing.
    None,
    /// Themselves and the text, in transformer blocks.
    Transformer(TransformerShape),
    /// Themselves and the text in one attention.
    AddedKvAttention(AddedKvShape),
    /// Themselves.
    SelfAttention2d(SelfAttentionShape),
}

/// What the transformers of one block look like.
#[derive(Debug, Clone, Copy)]
pub(super) struct TransformerShape {
    pub(super) depth: usize,
    pub(super) heads: usize,
    pub(super) context_channels: usize,
    pub(super) groups: usize,
    pub(super) linear_projection: bool,
    pub(super) upcast: bool,
    /// Whether the first attention of each block looks at the text too, instead of at the pixels.
    pub(super) only_cross: bool,
}

/// Attention whose keys are those of the text and of the pixels.
#[derive(Debug, Clone, Copy)]
pub(super) struct AddedKvShape {
    pub(super) heads: usize,
    pub(super) context_channels: usize,
    pub(super) groups: usize,
    /// Whether the pixels' own keys are left out.
    pub(super) only_cross: bool,
}

/// Attention of pixels to each other.
#[derive(Debug, Clone, Copy)]
pub(super) struct SelfAttentionShape {
    /// Channels of queries, keys and values, all heads together.
    pub(super) inner_channels: usize,
    pub(super) heads: usize,
    /// Groups of the normalisation; `None` if there is none.
    pub(super) groups: Option<usize>,
    pub(super) eps: f64,
}
