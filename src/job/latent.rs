//! Latents as plain numbers.

/// One picture's latents: `channels · height · width` values, channel by channel, each row by row.
#[derive(Debug, Clone, PartialEq)]
pub struct LatentPlane {
    /// Number of channels, 4 for Stable Diffusion 1 and 2.
    pub channels: usize,
    /// Rows; the picture's height over the VAE's factor.
    pub height: usize,
    /// Columns; the picture's width over the VAE's factor.
    pub width: usize,
    /// The values, in the scale the network sees.
    pub values: Vec<f32>,
}
