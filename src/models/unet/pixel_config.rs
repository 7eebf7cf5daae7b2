//! What `unet/config.json` of a `UNet2DModel` says.

use super::super::ConfigError;
use super::super::error::{MAX_BLOCKS, MAX_CHANNELS};
use super::class::ClassShape;
use super::config::SCALE_SHIFT;
use super::layout::{
    AttentionShape, BlockShape, LevelShape, ResamplerShape, SelfAttentionShape, UNetLayout, UNetShape,
};
use crate::models::PerBlock;
use crate::models::layers::ResnetShape;

/// The network's name in messages.
const NETWORK: &str = "unet";
const ATTN_DOWN: &str = "AttnDownBlock2D";
const PLAIN_DOWN: &str = "DownBlock2D";
const RESNET_DOWN: &str = "ResnetDownsampleBlock2D";
const MID: &str = "UNetMidBlock2D";
const ATTN_UP: &str = "AttnUpBlock2D";
const PLAIN_UP: &str = "UpBlock2D";
const RESNET_UP: &str = "ResnetUpsampleBlock2D";
/// `downsample_type` and `upsample_type` of blocks that change the size in a residual block.
const BY_RESNET: &str = "resnet";
const BY_CONV: &str = "conv";

/// Shape of a U-Net that takes no text. Missing fields take the values of diffusers.
#[derive(Debug, Clone, PartialEq, serde::Deserialize, serde::Serialize)]
#[serde(default)]
pub struct PixelUNetConfig {
    /// Native side of the pictures, `height, width` if there are two.
    pub sample_size: Option<PerBlock<usize>>,
    /// Channels of the input; more than the pictures' if others are concatenated.
    pub in_channels: usize,
    /// Channels of the prediction.
    pub out_channels: usize,
    /// Whether the input is mapped from 0..1 to −1..1 first.
    pub center_input_sample: bool,
    /// Must be `positional`.
    pub time_embedding_type: String,
    /// Channels of the time embedding; `None` is four times the first block's.
    pub time_embedding_dim: Option<usize>,
    /// Shift of the frequencies in the time embedding.
    pub freq_shift: f64,
    /// Whether cosines come before sines in the time embedding.
    pub flip_sin_to_cos: bool,
    /// `DownBlock2D`, `AttnDownBlock2D` or `ResnetDownsampleBlock2D`, from the finest to the coarsest.
    pub down_block_types: Vec<String>,
    /// `UNetMidBlock2D`, or absent if there is no middle.
    pub mid_block_type: Option<String>,
    /// `UpBlock2D`, `AttnUpBlock2D` or `ResnetUpsampleBlock2D`, from the coarsest to the finest.
    pub up_block_types: Vec<String>,
    /// Channels of each down block.
    pub block_out_channels: Vec<usize>,
    /// Residual blocks in each down block; up blocks have one more.
    pub layers_per_block: usize,
    /// Must be 1.
    pub mid_block_scale_factor: f64,
    /// Padding of the downsamplers.
    pub downsample_padding: usize,
    /// How blocks with attention halve: `conv` or `resnet`.
    pub downsample_type: String,
    /// How blocks with attention double: `conv` or `resnet`.
    pub upsample_type: String,
    /// Nonlinearity; `silu`.
    pub act_fn: String,
    /// Channels of each head of the attentions, which have as many heads as fit into a level's channels; `None` is one
    /// head.
    pub attention_head_dim: Option<usize>,
    /// Groups of the normalisations.
    pub norm_num_groups: usize,
    /// Groups of the normalisation before the middle's attention, if others.
    pub attn_norm_num_groups: Option<usize>,
    /// Added to the variance in the normalisations.
    pub norm_eps: f64,
    /// What the time does in residual blocks: `default`, it is added, or `scale_shift`.
    pub resnet_time_scale_shift: String,
    /// Whether the middle attends.
    pub add_attention: bool,
    /// How a class becomes part of the time embedding: `timestep`, `identity`, or absent.
    pub class_embed_type: Option<String>,
    /// Classes in a table of embeddings; absent if there is none.
    pub num_class_embeds: Option<usize>,
}

impl Default for PixelUNetConfig {
    fn default() -> Self {
        let named = |kinds: [&str; 4]| kinds.map(str::to_owned).to_vec();
        Self {
            sample_size: None,
            in_channels: 3,
            out_channels: 3,
            center_input_sample: false,
            time_embedding_type: "positional".to_owned(),
            time_embedding_dim: None,
            freq_shift: 0.0,
            flip_sin_to_cos: true,
            down_block_types: named([PLAIN_DOWN, ATTN_DOWN, ATTN_DOWN, ATTN_DOWN]),
            mid_block_type: Some(MID.to_owned()),
            up_block_types: named([ATTN_UP, ATTN_UP, ATTN_UP, PLAIN_UP]),
            block_out_channels: vec![224, 448, 672, 896],
            layers_per_block: 2,
            mid_block_scale_factor: 1.0,
            downsample_padding: 1,
            downsample_type: BY_CONV.to_owned(),
            upsample_type: BY_CONV.to_owned(),
            act_fn: "silu".to_owned(),
            attention_head_dim: Some(8),
            norm_num_groups: 32,
            attn_norm_num_groups: None,
            norm_eps: 1e-5,
            resnet_time_scale_shift: "default".to_owned(),
            add_attention: true,
            class_embed_type: None,
            num_class_embeds: None,
        }
    }
}

impl PixelUNetConfig {
    /// Native height and width of the pictures; 64 where the configuration does not say.
    pub fn sides(&self) -> (usize, usize) {
        let side = |index: usize| self.sample_size.as_ref().and_then(|size| size.get(index));
        let height = side(0).unwrap_or(64);
        (height, side(1).unwrap_or(height))
    }

    /// Channels of the time embedding.
    pub(super) fn time_channels(&self) -> usize {
        self.time_embedding_dim.unwrap_or_else(|| 4 * self.first_channels())
    }

    /// Channels at the finest resolution.
    pub(super) fn first_channels(&self) -> usize {
        self.block_out_channels.first().copied().unwrap_or_default()
    }

    /// What the classes are, if the network takes any.
    ///
    /// # Errors
    /// If it takes them in a way that this version does not know.
    pub(super) fn class_shape(&self) -> Result<Option<ClassShape>, ConfigError> {
        ClassShape::new(NETWORK, self.class_embed_type.as_deref(), self.num_class_embeds, None)
    }

    /// The network that it describes.
    ///
    /// # Errors
    /// If the configuration asks for something this version does not have.
    pub(super) fn shape(&self) -> Result<UNetShape, ConfigError> {
        Ok(UNetShape {
            layout: self.layout()?,
            in_channels: self.in_channels,
            out_channels: self.out_channels,
            center_input_sample: self.center_input_sample,
            time_channels: self.time_channels(),
            guidance_channels: None,
            flip_sin_to_cos: self.flip_sin_to_cos,
            freq_shift: self.freq_shift,
            added: None,
            class: self.class_shape()?,
            has_mid: self.mid_block_type.is_some(),
        })
    }

    /// The sizes of every block.
    ///
    /// # Errors
    /// If the configuration asks for something this version does not have.
    pub(super) fn layout(&self) -> Result<UNetLayout, ConfigError> {
        self.check()?;
        let scale_shift = self.resnet_time_scale_shift == SCALE_SHIFT;
        let groups = self.norm_num_groups;
        let block = |kinds: &[String], index: usize, channels: usize, resampled: &str| {
            let kind = kinds.get(index).map(String::as_str).unwrap_or_default();
            let attends = [ATTN_DOWN, ATTN_UP].contains(&kind);
            let by_resnet = [RESNET_DOWN, RESNET_UP].contains(&kind) || attends && resampled == BY_RESNET;
            Ok(BlockShape {
                attention: if attends {
                    self.attention(channels, Some(groups))?
                } else {
                    AttentionShape::None
                },
                resampler: if by_resnet {
                    ResamplerShape::Resnet
                } else {
                    ResamplerShape::Conv {
                        padding: self.downsample_padding,
                    }
                },
            })
        };
        let last = self.block_out_channels.len() - 1;
        let levels = self
            .block_out_channels
            .iter()
            .enumerate()
            .map(|(index, &channels)| {
                Ok(LevelShape {
                    channels,
                    layers: self.layers_per_block,
                    down: block(&self.down_block_types, index, channels, &self.downsample_type)?,
                    up: block(&self.up_block_types, last - index, channels, &self.upsample_type)?,
                })
            })
            .collect::<Result<_, ConfigError>>()?;
        // Where the time scales and shifts, the middle's attention is not normalised unless that is asked for.
        let mid_groups = self.attn_norm_num_groups.or_else(|| (!scale_shift).then_some(groups));
        Ok(UNetLayout {
            levels,
            mid: if self.add_attention && self.mid_block_type.is_some() {
                self.attention(self.block_out_channels[last], mid_groups)?
            } else {
                AttentionShape::None
            },
            resnet: ResnetShape {
                time_channels: Some(self.time_channels()),
                scale_shift,
                groups,
                eps: self.norm_eps,
            },
        })
    }

    fn attention(&self, channels: usize, groups: Option<usize>) -> Result<AttentionShape, ConfigError> {
        let head = self.attention_head_dim.unwrap_or(channels);
        ConfigError::check(
            (1..=channels).contains(&head),
            NETWORK,
            "attention_head_dim",
            head,
            format!("a head of 1 to {channels} channels"),
        )?;
        let heads = channels / head;
        Ok(AttentionShape::SelfAttention2d(SelfAttentionShape {
            inner_channels: heads * head,
            heads,
            groups,
            eps: self.norm_eps,
        }))
    }

    /// Refuses what this version would misunderstand.
    fn check(&self) -> Result<(), ConfigError> {
        let check = |holds, field, found: &dyn std::fmt::Debug, expected: &str| {
            ConfigError::check(holds, NETWORK, field, found, expected)
        };
        let blocks = self.block_out_channels.len();
        let mut widths = self.block_out_channels.iter().chain(&self.time_embedding_dim);
        let is_sane = (1..=MAX_BLOCKS).contains(&blocks) && widths.all(|width| (1..=MAX_CHANNELS).contains(width));
        let sane = format!("1 to {MAX_BLOCKS} blocks of up to {MAX_CHANNELS} channels");
        check(is_sane, "block_out_channels", &self.block_out_channels, &sane)?;
        for (field, kinds, known) in [
            (
                "down_block_types",
                &self.down_block_types,
                [ATTN_DOWN, PLAIN_DOWN, RESNET_DOWN],
            ),
            ("up_block_types", &self.up_block_types, [ATTN_UP, PLAIN_UP, RESNET_UP]),
        ] {
            let one_each = format!("one for each of {blocks} blocks");
            check(kinds.len() == blocks, field, kinds, &one_each)?;
            for kind in kinds {
                check(known.contains(&kind.as_str()), field, kind, &known.join(" or "))?;
            }
        }
        for (field, value, known) in [
            ("time_embedding_type", &self.time_embedding_type, &["positional"][..]),
            (
                "resnet_time_scale_shift",
                &self.resnet_time_scale_shift,
                &["default", SCALE_SHIFT],
            ),
            ("downsample_type", &self.downsample_type, &[BY_CONV, BY_RESNET]),
            ("upsample_type", &self.upsample_type, &[BY_CONV, BY_RESNET]),
            ("act_fn", &self.act_fn, &["silu", "swish"]),
        ] {
            check(known.contains(&value.as_str()), field, value, &known.join(" or "))?;
        }
        let mid = self.mid_block_type.as_deref();
        check(mid.is_none_or(|mid| mid == MID), "mid_block_type", &mid, MID)?;
        let groups = self.norm_num_groups;
        for channels in &self.block_out_channels {
            let divides = groups > 0 && channels.is_multiple_of(groups);
            let expected = format!("a multiple of norm_num_groups {groups}");
            check(divides, "block_out_channels", channels, &expected)?;
        }
        let layers = self.layers_per_block;
        check(layers > 0, "layers_per_block", &layers, "at least 1")?;
        let factor = self.mid_block_scale_factor;
        check(factor == 1.0, "mid_block_scale_factor", &factor, "1")?;
        let frequencies = (self.first_channels() / 2) as f64;
        let expected = format!("less than {frequencies}");
        check(self.freq_shift < frequencies, "freq_shift", &self.freq_shift, &expected)
    }
}
