//! What a ControlNet's `config.json` says.

use super::super::ConfigError;
use super::super::error::{MAX_BLOCKS, MAX_CHANNELS};
use crate::models::unet::UNetConfig;

/// In which order a ControlNet wants a picture's colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Deserialize, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum ChannelOrder {
    /// Red first.
    #[default]
    Rgb,
    /// Blue first.
    Bgr,
}

/// Shape of a ControlNet. Missing fields take the values of diffusers.
#[derive(Debug, Clone, PartialEq, serde::Deserialize, serde::Serialize)]
#[serde(default)]
pub struct ControlNetConfig {
    /// The half it is a copy of; fields of the other half are not read.
    #[serde(flatten)]
    pub unet: UNetConfig,
    /// Channels of the picture.
    pub conditioning_channels: usize,
    /// Channels on the way from the picture to latent size; each step after the first halves it.
    pub conditioning_embedding_out_channels: Vec<usize>,
    /// In which order it wants the picture's colours.
    pub controlnet_conditioning_channel_order: ChannelOrder,
    /// Whether only the mean of every channel is used, as for pictures that are shuffled.
    pub global_pool_conditions: bool,
}

impl Default for ControlNetConfig {
    fn default() -> Self {
        Self {
            unet: UNetConfig::default(),
            conditioning_channels: 3,
            conditioning_embedding_out_channels: vec![16, 32, 96, 256],
            controlnet_conditioning_channel_order: ChannelOrder::Rgb,
            global_pool_conditions: false,
        }
    }
}

impl ControlNetConfig {
    /// Refuses sizes that no network can have.
    pub(super) fn validate(&self) -> Result<(), ConfigError> {
        let check = |holds, field, found: &dyn std::fmt::Debug, expected: &str| {
            ConfigError::check(holds, "controlnet", field, found, expected)
        };
        let is_sane = |channels: usize| (1..=MAX_CHANNELS).contains(&channels);
        let widths = &self.conditioning_embedding_out_channels;
        check(
            (1..=MAX_BLOCKS).contains(&widths.len()) && widths.iter().all(|width| is_sane(*width)),
            "conditioning_embedding_out_channels",
            widths,
            "1 to 16 widths of at least 1 channel",
        )?;
        let channels = self.conditioning_channels;
        check(is_sane(channels), "conditioning_channels", &channels, "at least 1")
    }

    /// The configuration of the half it is a copy of, the other half given blocks that fit: it has none.
    pub(super) fn encoder(&self) -> UNetConfig {
        UNetConfig {
            up_block_types: vec!["UpBlock2D".to_owned(); self.unet.block_out_channels.len()],
            ..self.unet.clone()
        }
    }
}
