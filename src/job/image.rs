//! Pixels, and a finished picture with everything that is known of it.

use std::sync::Arc;

use super::{Record, Trajectory};

/// 8-bit RGB pixels in sRGB, row by row from the top left.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RgbImage {
    /// Width in pixels.
    pub width_px: u32,
    /// Height in pixels.
    pub height_px: u32,
    /// `3 · width_px · height_px` bytes.
    pub pixels: Vec<u8>,
}

/// A finished picture: its pixels, how it was made, and how it came to be.
#[derive(Debug, Clone)]
pub struct GeneratedImage {
    /// What the VAE decoded.
    pub pixels: RgbImage,
    /// Enough to make the picture again.
    pub record: Record,
    /// Every step on the way; complete even where step events were dropped.
    pub trajectory: Arc<Trajectory>,
}
