//! What makes a U-Net for pictures one for films: attention of each pixel to itself in the other frames.
//!
//! Source: `AnimateDiff`, <https://arxiv.org/abs/2307.04725>, section 4.2

use super::UNetConfig;
use crate::kernels::{GroupNorm, LayerNorm, PostOps};
use crate::models::layers::{Attention, AttentionConfig, GeGlu, Linear, full_precision, group_norm, layer_norm};
use crate::models::{ConfigError, PerBlock, WeightBuilder};
use candle_core::{Device, Result, Tensor};

const NETWORK: &str = "motion adapter";
/// Epsilon of the normalisation before the pixels become tokens; diffusers fixes it whatever the config says.
const GROUP_NORM_EPS: f64 = 1e-6;
/// Epsilon of the normalisations between attentions; PyTorch's default.
const LAYER_NORM_EPS: f64 = 1e-5;
/// More frames than any film has; a table is made for so many.
const MAX_FRAMES: usize = 1 << 12;

/// Shape of a motion adapter. Missing fields take the values of diffusers.
#[derive(Debug, Clone, PartialEq, Eq, serde::Deserialize, serde::Serialize)]
#[serde(default)]
pub struct MotionConfig {
    /// Channels of each block, as those of the U-Net.
    pub block_out_channels: Vec<usize>,
    /// Modules in each down block, one for each residual block; up blocks have one more.
    pub motion_layers_per_block: PerBlock<usize>,
    /// Transformer blocks in each module.
    pub motion_transformer_layers_per_block: PerBlock<usize>,
    /// Modules in the middle; must be 1.
    pub motion_mid_block_layers_per_block: usize,
    /// Transformer blocks in the middle's module.
    pub motion_transformer_layers_per_mid_block: PerBlock<usize>,
    /// Heads of each attention.
    pub motion_num_attention_heads: PerBlock<usize>,
    /// Most frames.
    pub motion_max_seq_length: usize,
    /// Whether there is a module in the middle.
    pub use_motion_mid_block: bool,
    /// Must be absent.
    pub conv_in_channels: Option<usize>,
}

impl Default for MotionConfig {
    fn default() -> Self {
        Self {
            block_out_channels: vec![320, 640, 1280, 1280],
            motion_layers_per_block: PerBlock::All(2),
            motion_transformer_layers_per_block: PerBlock::All(1),
            motion_mid_block_layers_per_block: 1,
            motion_transformer_layers_per_mid_block: PerBlock::All(1),
            motion_num_attention_heads: PerBlock::All(8),
            motion_max_seq_length: 32,
            use_motion_mid_block: true,
            conv_in_channels: None,
        }
    }
}

impl MotionConfig {
    /// Refuses what this version would misunderstand, and what does not fit the U-Net.
    fn check(&self, unet: &UNetConfig) -> std::result::Result<(), ConfigError> {
        let check = |holds, field, found: &dyn std::fmt::Debug, expected: &str| {
            ConfigError::check(holds, NETWORK, field, found, expected)
        };
        let widths = &self.block_out_channels;
        let expected = format!("{:?} as in the U-Net", unet.block_out_channels);
        check(
            widths == &unet.block_out_channels,
            "block_out_channels",
            widths,
            &expected,
        )?;
        for (index, &width) in widths.iter().enumerate() {
            let layers = self.motion_layers_per_block.get(index);
            let expected = unet.layers_per_block.get(index);
            let text = format!("{expected:?} as in the U-Net");
            check(layers == expected, "motion_layers_per_block", &layers, &text)?;
            let heads = self.motion_num_attention_heads.get(index).unwrap_or_default();
            let divides = heads > 0 && width >= heads;
            let text = format!("1 to {width} heads");
            check(divides, "motion_num_attention_heads", &heads, &text)?;
            let depth = self.motion_transformer_layers_per_block.get(index).unwrap_or_default();
            check(depth > 0, "motion_transformer_layers_per_block", &depth, "at least 1")?;
        }
        let mid = self.motion_mid_block_layers_per_block;
        check(mid == 1, "motion_mid_block_layers_per_block", &mid, "1")?;
        let frames = self.motion_max_seq_length;
        let is_sane = (1..=MAX_FRAMES).contains(&frames);
        let text = format!("1 to {MAX_FRAMES}");
        check(is_sane, "motion_max_seq_length", &frames, &text)?;
        let channels = self.conv_in_channels;
        check(
            channels.is_none_or(|channels| channels == 0),
            "conv_in_channels",
            &channels,
            "null",
        )
    }
}

/// Modules to be asked between the blocks of a U-Net that was trained on pictures.
#[derive(Debug, Clone)]
pub struct MotionAdapter {
    pub(super) down: Vec<Vec<MotionModule>>,
    pub(super) mid: Vec<MotionModule>,
    pub(super) up: Vec<Vec<MotionModule>>,
    max_frames: usize,
}

impl MotionAdapter {
    /// Weights under diffusers' names.
    ///
    /// * `unet`: that of the U-Net it shall be used with.
    ///
    /// # Errors
    /// A [`ConfigError`] if the configuration asks for something this version does not have or does not fit the
    /// U-Net; else if a tensor is missing or misshapen.
    pub fn new<'a>(vb: impl Into<WeightBuilder<'a>>, config: &MotionConfig, unet: &UNetConfig) -> Result<Self> {
        let vb = vb.into();
        config.check(unet)?;
        let at = |values: &PerBlock<usize>, index: usize| values.get(index).unwrap_or_default();
        let modules = |vb: &WeightBuilder<'_>, level: usize, count: usize, depth: usize| {
            let shape = ModuleShape {
                channels: config.block_out_channels[level],
                heads: at(&config.motion_num_attention_heads, level),
                depth,
                groups: unet.groups(),
                frames: config.motion_max_seq_length,
            };
            let vb = vb.pp("motion_modules");
            (0..count)
                .map(|index| MotionModule::new(&vb.pp(index), shape))
                .collect::<Result<Vec<_>>>()
        };
        let of_level = |vb: &WeightBuilder<'_>, level: usize, more: usize| {
            let count = at(&config.motion_layers_per_block, level) + more;
            let depth = at(&config.motion_transformer_layers_per_block, level);
            modules(vb, level, count, depth)
        };
        let last = config.block_out_channels.len().saturating_sub(1);
        let (down, up) = (vb.pp("down_blocks"), vb.pp("up_blocks"));
        let mid_depth = at(&config.motion_transformer_layers_per_mid_block, 0);
        Ok(Self {
            down: (0..=last)
                .map(|level| of_level(&down.pp(level), level, 0))
                .collect::<Result<_>>()?,
            mid: if config.use_motion_mid_block {
                modules(&vb.pp("mid_block"), last, 1, mid_depth)?
            } else {
                Vec::new()
            },
            up: (0..=last)
                .map(|index| of_level(&up.pp(index), last - index, 1))
                .collect::<Result<_>>()?,
            max_frames: config.motion_max_seq_length,
        })
    }

    /// Most frames of a film.
    pub fn max_frames(&self) -> usize {
        self.max_frames
    }
}

/// A motion adapter for one film.
#[derive(Debug, Clone, Copy)]
pub struct Motion<'a> {
    /// The modules.
    pub adapter: &'a MotionAdapter,
    /// How many pictures of the batch, one after the other, are the frames of a film.
    pub frames: usize,
}

/// The modules of one block of a U-Net.
#[derive(Debug, Clone, Copy)]
pub(super) struct BlockMotion<'a> {
    pub(super) modules: &'a [MotionModule],
    pub(super) frames: usize,
}

#[derive(Debug, Clone, Copy)]
struct ModuleShape {
    channels: usize,
    heads: usize,
    depth: usize,
    groups: usize,
    /// Most frames.
    frames: usize,
}

/// Pixels to tokens along the frames, transformer blocks, tokens back to pixels, and a shortcut around it all.
#[derive(Debug, Clone)]
pub(super) struct MotionModule {
    norm: GroupNorm,
    proj_in: Linear,
    blocks: Vec<MotionBlock>,
    proj_out: Linear,
    max_frames: usize,
}

impl MotionModule {
    fn new(vb: &WeightBuilder<'_>, shape: ModuleShape) -> Result<Self> {
        let ModuleShape { channels, heads, .. } = shape;
        let inner = channels / heads * heads;
        let blocks = vb.pp("transformer_blocks");
        Ok(Self {
            norm: group_norm(&vb.pp("norm"), channels, shape.groups, GROUP_NORM_EPS)?,
            proj_in: Linear::new(&vb.pp("proj_in"), channels, inner)?,
            blocks: (0..shape.depth)
                .map(|index| MotionBlock::new(&blocks.pp(index), inner, heads, shape.frames))
                .collect::<Result<_>>()?,
            proj_out: Linear::new(&vb.pp("proj_out"), inner, channels)?,
            max_frames: shape.frames,
        })
    }

    /// * `x`: `(films · frames, channels, height, width)`.
    ///
    /// Returns the shape of `x`.
    pub(super) fn forward(&self, x: &Tensor, frames: usize) -> Result<Tensor> {
        let (batch, channels, height, width) = x.dims4()?;
        let most = self.max_frames;
        if frames == 0 || frames > most || !batch.is_multiple_of(frames) {
            candle_core::bail!("expected films of 1 to {most} frames, found {batch} pictures as films of {frames}");
        }
        let (films, pixels) = (batch / frames, height * width);
        let by_pixel = |x: &Tensor| {
            x.reshape((films, frames, channels, pixels))?
                .permute((0, 3, 1, 2))?
                .reshape((films * pixels, frames, channels))
        };
        // The groups are normalised over all frames of a film.
        let h = x
            .reshape((films, frames, channels, pixels))?
            .transpose(1, 2)?
            .contiguous()?;
        let h = self
            .norm
            .forward(&h)?
            .permute((0, 3, 2, 1))?
            .reshape((films * pixels, frames, channels))?;
        let mut tokens = self.proj_in.forward_with(&h, PostOps::in_dtype(x.dtype()))?;
        for block in &self.blocks {
            tokens = block.forward(&tokens)?;
        }
        let h = self.proj_out.forward_with(&tokens, PostOps::add(&by_pixel(x)?))?;
        h.reshape((films, pixels, frames, channels))?
            .permute((0, 2, 3, 1))?
            .reshape((batch, channels, height, width))
    }
}

/// Two attentions over the frames and a gated perceptron, each normalised before and with a shortcut.
#[derive(Debug, Clone)]
struct MotionBlock {
    /// What is added to each frame's tokens so that they differ, `(frames, channels)`.
    places: Tensor,
    norm1: LayerNorm,
    attn1: Attention,
    norm2: LayerNorm,
    attn2: Attention,
    norm3: LayerNorm,
    ff_in: GeGlu,
    ff_out: Linear,
}

impl MotionBlock {
    /// * `frames`: most of them.
    fn new(vb: &WeightBuilder<'_>, channels: usize, heads: usize, frames: usize) -> Result<Self> {
        let norm = |name: &str| layer_norm(&vb.pp(name), channels, LAYER_NORM_EPS);
        let attention = |name: &str| {
            let config = AttentionConfig {
                channels,
                context_channels: None,
                inner_channels: channels,
                heads,
                bias: false,
                upcast: false,
            };
            Attention::new(&vb.pp(name), config)
        };
        let inner = 4 * channels;
        // Files may bring the table, rounded as their weights are.
        let places = if vb.contains_tensor("pos_embed.pe") {
            full_precision(vb)
                .get((1, frames, channels), "pos_embed.pe")?
                .squeeze(0)?
        } else {
            places(frames, channels, vb.device())?
        };
        Ok(Self {
            places,
            norm1: norm("norm1")?,
            attn1: attention("attn1")?,
            norm2: norm("norm2")?,
            attn2: attention("attn2")?,
            norm3: norm("norm3")?,
            ff_in: GeGlu::new(&vb.pp("ff.net.0.proj"), channels, inner)?,
            ff_out: Linear::new(&vb.pp("ff.net.2"), inner, channels)?,
        })
    }

    /// * `x`: `(batch, frames, channels)`.
    fn forward(&self, x: &Tensor) -> Result<Tensor> {
        let places = self.places.narrow(0, 0, x.dim(1)?)?;
        let placed = |x: Tensor| x.broadcast_add(&places.to_dtype(x.dtype())?);
        let x = self.attn1.forward(&placed(self.norm1.forward(x)?)?, None, x)?;
        let x = self.attn2.forward(&placed(self.norm2.forward(&x)?)?, None, &x)?;
        let gated = self.ff_in.forward(&self.norm3.forward(&x)?)?;
        self.ff_out.forward_with(&gated, PostOps::add(&x))
    }
}

/// Sines and cosines of the frame's place, one after the other: `(frames, channels)` in f32.
///
/// Source: <https://arxiv.org/abs/1706.03762>, section 3.5
fn places(frames: usize, channels: usize, device: &Device) -> Result<Tensor> {
    let value = |frame: usize, channel: usize| {
        let even = channel - channel % 2;
        let frequency = (even as f32 * (-10_000f32.ln() / channels as f32)).exp();
        let angle = frame as f32 * frequency;
        if channel.is_multiple_of(2) {
            angle.sin()
        } else {
            angle.cos()
        }
    };
    let values = (0..frames).flat_map(|frame| (0..channels).map(move |channel| value(frame, channel)));
    Tensor::from_vec(values.collect::<Vec<f32>>(), (frames, channels), device)
}
