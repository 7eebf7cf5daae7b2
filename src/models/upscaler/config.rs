//! Shapes of networks that enlarge pictures.

use crate::models::ConfigError;
use crate::models::error::MAX_BLOCKS;

const NETWORK: &str = "upscaler";
/// Widest network that is built, in channels; a number of a broken file must not decide how much memory is asked for.
const MAX_WIDTH: usize = 1024;

/// How an upscaler is built.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UpscalerArchitecture {
    /// Residual-in-residual dense blocks: ESRGAN, `RealESRGAN`, BSRGAN.
    Rrdb,
    /// A plain row of convolutions that enlarges at its very end: the fast models of `RealESRGAN`.
    Compact,
}

/// Shape of an upscaler, as its tensors tell it.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct UpscalerConfig {
    /// How it is built.
    pub architecture: UpscalerArchitecture,
    /// Channels of its feature maps.
    pub width: usize,
    /// Channels each convolution of a dense block adds; 0 for [`UpscalerArchitecture::Compact`].
    pub growth: usize,
    /// Dense blocks, or convolutions between the first and the last.
    pub blocks: usize,
    /// How often [`UpscalerArchitecture::Rrdb`] doubles the size; 0 for the other.
    pub doublings: usize,
    /// Pixels along the side of a square that goes in as channels: 1, 2 or 4.
    pub unshuffle: usize,
    /// How much larger the result is, along each side.
    pub scale: usize,
}

impl UpscalerConfig {
    pub(super) fn validate(&self) -> std::result::Result<(), ConfigError> {
        let check =
            |holds, field, found: usize, expected: &str| ConfigError::check(holds, NETWORK, field, found, expected);
        check((1..=MAX_WIDTH).contains(&self.width), "width", self.width, "1 to 1024")?;
        check(self.growth <= MAX_WIDTH, "growth", self.growth, "0 to 1024")?;
        check(
            self.blocks <= MAX_BLOCKS,
            "blocks",
            self.blocks,
            "no more than networks have",
        )?;
        check(self.doublings <= 4, "doublings", self.doublings, "0 to 4")?;
        check(
            [1, 2, 4].contains(&self.unshuffle),
            "unshuffle",
            self.unshuffle,
            "1, 2 or 4",
        )?;
        check((1..=16).contains(&self.scale), "scale", self.scale, "1 to 16")
    }
}
