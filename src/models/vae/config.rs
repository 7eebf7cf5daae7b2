//! What `vae/config.json` says.

use super::super::ConfigError;
use super::super::error::{MAX_BLOCKS, MAX_CHANNELS};

const NETWORK: &str = "vae";
const DOWN: &str = "DownEncoderBlock2D";
const UP: &str = "UpDecoderBlock2D";

/// Epsilon of every normalisation; diffusers fixes it whatever the config says.
pub(super) const NORM_EPS: f64 = 1e-6;

/// Shape of an autoencoder. Missing fields take the values of diffusers.
#[derive(Debug, Clone, PartialEq, serde::Deserialize, serde::Serialize)]
#[serde(default)]
#[expect(clippy::struct_excessive_bools, reason = "the fields are those of the file")]
pub struct VaeConfig {
    /// Channels of the picture going in.
    pub in_channels: usize,
    /// Channels of the picture coming out.
    pub out_channels: usize,
    /// `DownEncoderBlock2D` for each block.
    pub down_block_types: Vec<String>,
    /// `UpDecoderBlock2D` for each block.
    pub up_block_types: Vec<String>,
    /// Channels of each block, the finest first.
    pub block_out_channels: Vec<usize>,
    /// Residual blocks in each down block; up blocks have one more.
    pub layers_per_block: usize,
    /// Nonlinearity; `silu`.
    pub act_fn: String,
    /// Channels of the latents.
    pub latent_channels: usize,
    /// Groups of the normalisations.
    pub norm_num_groups: usize,
    /// Latents times this are what the U-Net sees.
    pub scaling_factor: f64,
    /// Subtracted from the latents before they are scaled.
    pub shift_factor: Option<f64>,
    /// Whether a 1×1 convolution follows the encoder.
    pub use_quant_conv: bool,
    /// Whether a 1×1 convolution precedes the decoder.
    pub use_post_quant_conv: bool,
    /// Whether the middle attends over all pixels.
    pub mid_block_add_attention: bool,
    /// Whether half precision overflows in it.
    pub force_upcast: bool,
}

impl VaeConfig {
    /// Pixels per latent along each side: 2 for every block but the last, 8 for Stable Diffusion.
    pub fn factor(&self) -> usize {
        let halvings = self.block_out_channels.len().saturating_sub(1).min(16);
        1 << halvings
    }
}

impl Default for VaeConfig {
    fn default() -> Self {
        Self {
            in_channels: 3,
            out_channels: 3,
            down_block_types: vec![DOWN.to_owned()],
            up_block_types: vec![UP.to_owned()],
            block_out_channels: vec![64],
            layers_per_block: 1,
            act_fn: "silu".to_owned(),
            latent_channels: 4,
            norm_num_groups: 32,
            scaling_factor: 0.18215,
            shift_factor: None,
            use_quant_conv: true,
            use_post_quant_conv: true,
            mid_block_add_attention: true,
            force_upcast: true,
        }
    }
}

impl VaeConfig {
    /// Refuses what this version would misunderstand.
    pub(super) fn validate(&self) -> Result<(), ConfigError> {
        let check = |holds, field, found: &dyn std::fmt::Debug, expected: &str| {
            ConfigError::check(holds, NETWORK, field, found, expected)
        };
        let blocks = self.block_out_channels.len();
        let mut widths = self.block_out_channels.iter().chain([&self.latent_channels]);
        let is_sane = (1..=MAX_BLOCKS).contains(&blocks) && widths.all(|width| *width <= MAX_CHANNELS);
        let sane = format!("1 to {MAX_BLOCKS} blocks of up to {MAX_CHANNELS} channels");
        check(is_sane, "block_out_channels", &self.block_out_channels, &sane)?;
        for (field, kinds, known) in [
            ("down_block_types", &self.down_block_types, DOWN),
            ("up_block_types", &self.up_block_types, UP),
        ] {
            let fits = kinds.len() == blocks && kinds.iter().all(|kind| kind == known);
            check(fits, field, kinds, &format!("{blocks} × {known}"))?;
        }
        for &channels in &self.block_out_channels {
            let groups = self.norm_num_groups;
            let divides = groups > 0 && channels > 0 && channels.is_multiple_of(groups);
            let expected = format!("a multiple of norm_num_groups {groups}");
            check(divides, "block_out_channels", &channels, &expected)?;
        }
        let act_fn = self.act_fn.as_str();
        check(matches!(act_fn, "silu" | "swish"), "act_fn", &act_fn, "silu")?;
        let is_usable = self.scaling_factor.is_finite() && self.scaling_factor != 0.0;
        check(
            is_usable,
            "scaling_factor",
            &self.scaling_factor,
            "a number other than 0",
        )
    }
}
