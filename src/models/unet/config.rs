//! What `unet/config.json` says.

use super::super::error::{MAX_BLOCKS, MAX_CHANNELS};
use super::super::{ConfigError, PerBlock};
use super::class::ClassShape;
use super::layout::{
    AddedKvShape, AddedShape, AttentionShape, BlockShape, LevelShape, ResamplerShape, TransformerShape, UNetLayout,
    UNetShape,
};
use crate::models::layers::ResnetShape;

/// The network's name in messages.
const NETWORK: &str = "unet";

/// Shape of a U-Net. Missing fields take the values of diffusers.
///
/// Fields that only unsupported variants use are read so that such a file is refused instead of misunderstood.
#[derive(Debug, Clone, PartialEq, serde::Deserialize, serde::Serialize)]
#[serde(default)]
#[expect(clippy::struct_excessive_bools, reason = "the fields are those of the file")]
pub struct UNetConfig {
    /// Channels of the input; more than the latents' if pictures are concatenated.
    pub in_channels: usize,
    /// Channels of the prediction.
    pub out_channels: usize,
    /// Whether the input is mapped from 0..1 to −1..1 first.
    pub center_input_sample: bool,
    /// Native side of the latents.
    pub sample_size: Option<PerBlock<usize>>,
    /// Channels of each down block.
    pub block_out_channels: Vec<usize>,
    /// `CrossAttnDownBlock2D`, `DownBlock2D`, `SimpleCrossAttnDownBlock2D` or `ResnetDownsampleBlock2D`, from the finest
    /// to the coarsest.
    pub down_block_types: Vec<String>,
    /// `UNetMidBlock2DCrossAttn` or `UNetMidBlock2DSimpleCrossAttn`.
    pub mid_block_type: Option<String>,
    /// `CrossAttnUpBlock2D`, `UpBlock2D`, `SimpleCrossAttnUpBlock2D` or `ResnetUpsampleBlock2D`, from the coarsest to
    /// the finest.
    pub up_block_types: Vec<String>,
    /// Residual blocks in each down block; up blocks have one more.
    pub layers_per_block: PerBlock<usize>,
    /// Transformer blocks in each attention.
    pub transformer_layers_per_block: PerBlock<usize>,
    /// Heads of each attention, if `num_attention_heads` is not given: the name is a historical mistake, but for
    /// `SimpleCrossAttn` blocks, where it is the channels of each head.
    pub attention_head_dim: PerBlock<usize>,
    /// Heads of each attention.
    pub num_attention_heads: Option<PerBlock<usize>>,
    /// Channels of the conditioning.
    pub cross_attention_dim: PerBlock<usize>,
    /// Whether transformers begin and end with linear maps instead of 1×1 convolutions.
    pub use_linear_projection: bool,
    /// Whether attention is computed in f32 when the rest is not.
    pub upcast_attention: bool,
    /// Groups of the normalisations.
    pub norm_num_groups: Option<usize>,
    /// Added to the variance in residual blocks.
    pub norm_eps: f64,
    /// Padding of the downsamplers.
    pub downsample_padding: usize,
    /// Nonlinearity; `silu`.
    pub act_fn: String,
    /// Whether cosines come before sines in the time embedding.
    pub flip_sin_to_cos: bool,
    /// Shift of the frequencies in the time embedding.
    pub freq_shift: f64,
    /// Channels of the time embedding; `None` is four times the first block's.
    pub time_embedding_dim: Option<usize>,
    /// Channels of an embedded guidance scale, as LCM has; `None` if it takes none.
    pub time_cond_proj_dim: Option<usize>,

    /// `text_time` for SDXL, whose U-Net takes the pooled text and the picture's sizes; else absent.
    pub addition_embed_type: Option<String>,
    /// SDXL: channels of the sines and cosines that each size becomes.
    pub addition_time_embed_dim: Option<usize>,
    /// SDXL: channels of the pooled text and all sizes together.
    pub projection_class_embeddings_input_dim: Option<usize>,
    /// How a class becomes part of the time embedding: `timestep`, `identity`, `projection`, `simple_projection`, or
    /// absent.
    pub class_embed_type: Option<String>,
    /// Classes in a table of embeddings; absent if there is none.
    pub num_class_embeds: Option<usize>,
    /// Must be false.
    pub class_embeddings_concat: bool,
    /// Must be absent.
    pub encoder_hid_dim_type: Option<String>,
    /// Must be absent.
    pub encoder_hid_dim: Option<usize>,
    /// Must be absent.
    pub time_embedding_act_fn: Option<String>,
    /// Must be absent.
    pub timestep_post_act: Option<String>,
    /// Must be absent.
    pub cross_attention_norm: Option<String>,
    /// Must be `positional`.
    pub time_embedding_type: String,
    /// What the time does in residual blocks: `default`, it is added, or `scale_shift`.
    pub resnet_time_scale_shift: String,
    /// Must be `default`.
    pub attention_type: String,
    /// Must be 3.
    pub conv_in_kernel: usize,
    /// Must be 3.
    pub conv_out_kernel: usize,
    /// Must be 1.
    pub resnet_out_scale_factor: f64,
    /// Must be 1.
    pub mid_block_scale_factor: f64,
    /// Must be false.
    pub resnet_skip_time_act: bool,
    /// Must be false.
    pub dual_cross_attention: bool,
    /// Whether pixels look at the text only.
    pub only_cross_attention: PerBlock<bool>,
    /// The same for the middle; absent, it does what all blocks do if they do the same.
    pub mid_block_only_cross_attention: Option<bool>,
}

impl Default for UNetConfig {
    fn default() -> Self {
        let repeated = |first: [&str; 4]| first.map(str::to_owned).to_vec();
        Self {
            in_channels: 4,
            out_channels: 4,
            center_input_sample: false,
            sample_size: None,
            block_out_channels: vec![320, 640, 1280, 1280],
            down_block_types: repeated([CROSS_DOWN, CROSS_DOWN, CROSS_DOWN, PLAIN_DOWN]),
            mid_block_type: Some(CROSS_MID.to_owned()),
            up_block_types: repeated([PLAIN_UP, CROSS_UP, CROSS_UP, CROSS_UP]),
            layers_per_block: PerBlock::All(2),
            transformer_layers_per_block: PerBlock::All(1),
            attention_head_dim: PerBlock::All(8),
            num_attention_heads: None,
            cross_attention_dim: PerBlock::All(1280),
            use_linear_projection: false,
            upcast_attention: false,
            norm_num_groups: Some(32),
            norm_eps: 1e-5,
            downsample_padding: 1,
            act_fn: "silu".to_owned(),
            flip_sin_to_cos: true,
            freq_shift: 0.0,
            time_embedding_dim: None,
            time_cond_proj_dim: None,
            addition_embed_type: None,
            addition_time_embed_dim: None,
            projection_class_embeddings_input_dim: None,
            class_embed_type: None,
            num_class_embeds: None,
            class_embeddings_concat: false,
            encoder_hid_dim_type: None,
            encoder_hid_dim: None,
            time_embedding_act_fn: None,
            timestep_post_act: None,
            cross_attention_norm: None,
            time_embedding_type: "positional".to_owned(),
            resnet_time_scale_shift: "default".to_owned(),
            attention_type: "default".to_owned(),
            conv_in_kernel: 3,
            conv_out_kernel: 3,
            resnet_out_scale_factor: 1.0,
            mid_block_scale_factor: 1.0,
            resnet_skip_time_act: false,
            dual_cross_attention: false,
            only_cross_attention: PerBlock::All(false),
            mid_block_only_cross_attention: None,
        }
    }
}

/// `resnet_time_scale_shift` of GLIDE and its kin.
pub(super) const SCALE_SHIFT: &str = "scale_shift";
/// `addition_embed_type` of SDXL.
const TEXT_AND_SIZES: &str = "text_time";
const CROSS_DOWN: &str = "CrossAttnDownBlock2D";
const PLAIN_DOWN: &str = "DownBlock2D";
const SIMPLE_DOWN: &str = "SimpleCrossAttnDownBlock2D";
const RESNET_DOWN: &str = "ResnetDownsampleBlock2D";
const CROSS_MID: &str = "UNetMidBlock2DCrossAttn";
const SIMPLE_MID: &str = "UNetMidBlock2DSimpleCrossAttn";
const CROSS_UP: &str = "CrossAttnUpBlock2D";
const PLAIN_UP: &str = "UpBlock2D";
const SIMPLE_UP: &str = "SimpleCrossAttnUpBlock2D";
const RESNET_UP: &str = "ResnetUpsampleBlock2D";
const DOWNS: [&str; 4] = [CROSS_DOWN, PLAIN_DOWN, SIMPLE_DOWN, RESNET_DOWN];
const MIDS: [&str; 2] = [CROSS_MID, SIMPLE_MID];
const UPS: [&str; 4] = [CROSS_UP, PLAIN_UP, SIMPLE_UP, RESNET_UP];

impl UNetConfig {
    /// Channels of the time embedding.
    pub(super) fn time_channels(&self) -> usize {
        self.time_embedding_dim.unwrap_or_else(|| 4 * self.first_channels())
    }

    /// Channels of the conditions on the whole picture, if the network takes any.
    ///
    /// # Errors
    /// If it takes them in a way that this version does not know.
    pub(super) fn added_channels(&self) -> Result<Option<usize>, ConfigError> {
        let kind = self.addition_embed_type.as_deref();
        if kind.is_none() {
            return Ok(None);
        }
        ConfigError::check(
            kind == Some(TEXT_AND_SIZES),
            NETWORK,
            "addition_embed_type",
            kind,
            "null or text_time",
        )?;
        let inputs = self.projection_class_embeddings_input_dim;
        let waves = self.addition_time_embed_dim;
        let is_sane = |channels: Option<usize>| channels.is_some_and(|channels| (2..=MAX_CHANNELS).contains(&channels));
        ConfigError::check(is_sane(waves), NETWORK, "addition_time_embed_dim", waves, "at least 2")?;
        let field = "projection_class_embeddings_input_dim";
        ConfigError::check(is_sane(inputs), NETWORK, field, inputs, "at least 2")?;
        Ok(inputs)
    }

    /// Channels at the finest resolution.
    pub(super) fn first_channels(&self) -> usize {
        self.block_out_channels.first().copied().unwrap_or_default()
    }

    /// Groups of the normalisations.
    pub(super) fn groups(&self) -> usize {
        self.norm_num_groups.unwrap_or_default()
    }

    /// What the classes are, if the network takes any.
    ///
    /// # Errors
    /// If it takes them in a way that this version does not know.
    pub(super) fn class_shape(&self) -> Result<Option<ClassShape>, ConfigError> {
        ClassShape::new(
            NETWORK,
            self.class_embed_type.as_deref(),
            self.num_class_embeds,
            self.projection_class_embeddings_input_dim,
        )
    }

    /// The network that it describes.
    ///
    /// # Errors
    /// If the configuration asks for something this version does not have.
    pub(in crate::models) fn shape(&self) -> Result<UNetShape, ConfigError> {
        Ok(UNetShape {
            layout: self.layout()?,
            in_channels: self.in_channels,
            out_channels: self.out_channels,
            center_input_sample: self.center_input_sample,
            time_channels: self.time_channels(),
            guidance_channels: self.time_cond_proj_dim,
            flip_sin_to_cos: self.flip_sin_to_cos,
            freq_shift: self.freq_shift,
            added: self.added_channels()?.map(|channels| AddedShape {
                channels,
                size_channels: self.addition_time_embed_dim.unwrap_or_default(),
            }),
            class: self.class_shape()?,
            has_mid: true,
        })
    }

    /// The sizes of every block.
    ///
    /// # Errors
    /// If the configuration asks for something this version does not have.
    pub(super) fn layout(&self) -> Result<UNetLayout, ConfigError> {
        self.check_blocks()?;
        self.check_variants()?;
        let groups = self.groups();
        let check =
            |holds, field, found: usize, expected: String| ConfigError::check(holds, NETWORK, field, found, expected);
        let mut levels = Vec::new();
        for (index, &channels) in self.block_out_channels.iter().enumerate() {
            let layers = self.layers_per_block.get(index).unwrap_or_default();
            check(layers > 0, "layers_per_block", layers, "at least 1".to_owned())?;
            check(
                groups > 0 && channels > 0 && channels.is_multiple_of(groups),
                "block_out_channels",
                channels,
                format!("a multiple of norm_num_groups {groups}"),
            )?;
            let only_cross = self.only_cross_attention.get(index).unwrap_or_default();
            let from_bottom = self.block_out_channels.len() - 1 - index;
            let block = |kinds: &[String], index: usize| -> Result<BlockShape, ConfigError> {
                let kind = kinds.get(index).map(String::as_str).unwrap_or_default();
                Ok(BlockShape {
                    attention: match kind {
                        CROSS_DOWN | CROSS_UP => self.transformer(from_bottom, only_cross)?,
                        SIMPLE_DOWN | SIMPLE_UP => self.added_kv(from_bottom, only_cross)?,
                        _ => AttentionShape::None,
                    },
                    resampler: match kind {
                        CROSS_DOWN | CROSS_UP | PLAIN_DOWN | PLAIN_UP => ResamplerShape::Conv {
                            padding: self.downsample_padding,
                        },
                        _ => ResamplerShape::Resnet,
                    },
                })
            };
            levels.push(LevelShape {
                channels,
                layers,
                down: block(&self.down_block_types, index)?,
                up: block(&self.up_block_types, from_bottom)?,
            });
        }
        let frequencies = (self.first_channels() / 2) as f64;
        ConfigError::check(
            self.freq_shift < frequencies,
            NETWORK,
            "freq_shift",
            self.freq_shift,
            format!("less than {frequencies}"),
        )?;
        Ok(UNetLayout {
            mid: if self.mid_block_type.as_deref() == Some(SIMPLE_MID) {
                let of_all = self.only_cross_attention == PerBlock::All(true);
                self.added_kv(0, self.mid_block_only_cross_attention.unwrap_or(of_all))?
            } else {
                self.transformer(0, false)?
            },
            levels,
            resnet: ResnetShape {
                time_channels: Some(self.time_channels()),
                scale_shift: self.resnet_time_scale_shift == SCALE_SHIFT,
                groups,
                eps: self.norm_eps,
            },
        })
    }

    /// Transformers of the level `from_bottom` places above the coarsest.
    fn transformer(&self, from_bottom: usize, only_cross: bool) -> Result<AttentionShape, ConfigError> {
        let index = self.block_out_channels.len() - 1 - from_bottom;
        let channels = self.block_out_channels[index];
        let heads = self.num_attention_heads.as_ref().unwrap_or(&self.attention_head_dim);
        let at = |values: &PerBlock<usize>| values.get(index).unwrap_or_default();
        let heads = at(heads);
        ConfigError::check(
            heads > 0 && channels.is_multiple_of(heads),
            NETWORK,
            "attention_head_dim",
            heads,
            format!("a number of heads that divides {channels} channels"),
        )?;
        Ok(AttentionShape::Transformer(TransformerShape {
            depth: at(&self.transformer_layers_per_block),
            heads,
            context_channels: at(&self.cross_attention_dim),
            groups: self.groups(),
            linear_projection: self.use_linear_projection,
            upcast: self.upcast_attention,
            only_cross,
        }))
    }

    /// Attentions to pixels and text of the level `from_bottom` places above the coarsest.
    fn added_kv(&self, from_bottom: usize, only_cross: bool) -> Result<AttentionShape, ConfigError> {
        let index = self.block_out_channels.len() - 1 - from_bottom;
        let channels = self.block_out_channels[index];
        let head = self.attention_head_dim.get(index).unwrap_or_default();
        ConfigError::check(
            head > 0 && channels.is_multiple_of(head),
            NETWORK,
            "attention_head_dim",
            head,
            format!("channels of a head that divide {channels} channels"),
        )?;
        Ok(AttentionShape::AddedKvAttention(AddedKvShape {
            heads: channels / head,
            context_channels: self.cross_attention_dim.get(index).unwrap_or_default(),
            groups: self.groups(),
            only_cross,
        }))
    }

    /// Lists of the same length, of blocks that exist.
    fn check_blocks(&self) -> Result<(), ConfigError> {
        let blocks = self.block_out_channels.len();
        let check = |holds, field, found: &dyn std::fmt::Debug, expected: &str| {
            ConfigError::check(holds, NETWORK, field, found, expected)
        };
        let one_each = format!("one for each of {blocks} blocks");
        let is_sane =
            (1..=MAX_BLOCKS).contains(&blocks) && self.block_out_channels.iter().all(|width| *width <= MAX_CHANNELS);
        let sane = format!("1 to {MAX_BLOCKS} blocks of up to {MAX_CHANNELS} channels");
        check(is_sane, "block_out_channels", &self.block_out_channels, &sane)?;
        for (field, kinds, known) in [
            ("down_block_types", &self.down_block_types, DOWNS),
            ("up_block_types", &self.up_block_types, UPS),
        ] {
            check(kinds.len() == blocks, field, kinds, &one_each)?;
            for kind in kinds {
                check(known.contains(&kind.as_str()), field, kind, &known.join(" or "))?;
            }
        }
        let mid = self.mid_block_type.as_deref();
        let is_known = mid.is_some_and(|mid| MIDS.contains(&mid));
        check(is_known, "mid_block_type", &mid, &MIDS.join(" or "))?;
        for (field, values) in [
            ("layers_per_block", &self.layers_per_block),
            ("transformer_layers_per_block", &self.transformer_layers_per_block),
            ("attention_head_dim", &self.attention_head_dim),
            ("cross_attention_dim", &self.cross_attention_dim),
        ] {
            check(values.covers(blocks), field, values, &one_each)?;
        }
        let heads = &self.num_attention_heads;
        let covers = heads.as_ref().is_none_or(|heads| heads.covers(blocks));
        check(covers, "num_attention_heads", heads, &one_each)?;
        let only_cross = &self.only_cross_attention;
        check(only_cross.covers(blocks), "only_cross_attention", only_cross, &one_each)
    }

    /// Nothing that this version would silently leave out.
    fn check_variants(&self) -> Result<(), ConfigError> {
        let check = |holds, field, found: &dyn std::fmt::Debug, expected: &str| {
            ConfigError::check(holds, NETWORK, field, found, expected)
        };
        for (field, value) in [
            ("encoder_hid_dim_type", &self.encoder_hid_dim_type),
            ("time_embedding_act_fn", &self.time_embedding_act_fn),
            ("timestep_post_act", &self.timestep_post_act),
            ("cross_attention_norm", &self.cross_attention_norm),
        ] {
            check(value.is_none(), field, value, "null")?;
        }
        check(
            self.encoder_hid_dim.is_none(),
            "encoder_hid_dim",
            &self.encoder_hid_dim,
            "null",
        )?;
        let time = self.resnet_time_scale_shift.as_str();
        let known = ["default", SCALE_SHIFT];
        check(
            known.contains(&time),
            "resnet_time_scale_shift",
            &time,
            &known.join(" or "),
        )?;
        for (field, value, expected) in [
            ("time_embedding_type", &self.time_embedding_type, "positional"),
            ("attention_type", &self.attention_type, "default"),
        ] {
            check(value == expected, field, value, expected)?;
        }
        let act_fn = self.act_fn.as_str();
        check(matches!(act_fn, "silu" | "swish"), "act_fn", &act_fn, "silu")?;
        for (field, value) in [
            ("conv_in_kernel", self.conv_in_kernel),
            ("conv_out_kernel", self.conv_out_kernel),
        ] {
            check(value == 3, field, &value, "3")?;
        }
        for (field, value) in [
            ("resnet_out_scale_factor", self.resnet_out_scale_factor),
            ("mid_block_scale_factor", self.mid_block_scale_factor),
        ] {
            check(value == 1.0, field, &value, "1")?;
        }
        for (field, value) in [
            ("resnet_skip_time_act", self.resnet_skip_time_act),
            ("dual_cross_attention", self.dual_cross_attention),
            ("class_embeddings_concat", self.class_embeddings_concat),
        ] {
            check(!value, field, &value, "false")?;
        }
        Ok(())
    }
}
