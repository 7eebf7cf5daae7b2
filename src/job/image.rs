//! Pixels, and a finished picture with everything that is known of it.

use std::sync::Arc;

use super::{Record, Trajectory};

/// Most memory, in bytes, that reading a picture may take beside its pixels: profiles and texts may unpack to sixteen
/// times the file, and what decoders need themselves is within 64 MiB.
///
/// * `file_bytes`: size of its file.
pub fn max_decoder_bytes(file_bytes: u64) -> u64 {
    file_bytes.saturating_mul(16).saturating_add(64 << 20).min(1 << 30)
}

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

impl RgbImage {
    /// An image of one colour.
    pub fn filled(width_px: u32, height_px: u32, colour: [u8; 3]) -> Self {
        Self {
            width_px,
            height_px,
            pixels: colour.repeat(width_px as usize * height_px as usize),
        }
    }

    /// A copy no side of which is longer than `side_px`: the mean over square blocks. An image that is small enough is
    /// returned as it is. Pixels that are missing at the end count as black.
    #[must_use]
    pub fn shrunk(self: &Arc<Self>, side_px: u32) -> Arc<Self> {
        let (width, height) = (self.width_px as usize, self.height_px as usize);
        let block = self.width_px.max(self.height_px).div_ceil(side_px.max(1)) as usize;
        if block <= 1 {
            return Arc::clone(self);
        }
        let (columns, rows) = (width.div_ceil(block), height.div_ceil(block));
        let mut pixels = Vec::with_capacity(3 * columns * rows);
        for row in 0..rows {
            for column in 0..columns {
                let (mut sums, mut count) = ([0_u32; 3], 0);
                for y in row * block..((row + 1) * block).min(height) {
                    for x in column * block..((column + 1) * block).min(width) {
                        let at = 3 * (y * width + x);
                        for (sum, value) in sums.iter_mut().zip(self.pixels.get(at..at + 3).unwrap_or_default()) {
                            *sum += u32::from(*value);
                        }
                        count += 1;
                    }
                }
                pixels.extend(sums.map(|sum| (sum / count.max(1)) as u8));
            }
        }
        Arc::new(Self {
            width_px: columns as u32,
            height_px: rows as u32,
            pixels,
        })
    }
}

/// A finished picture: its pixels, how it was made, and how it came to be.
#[derive(Debug, Clone)]
pub struct GeneratedImage {
    /// What the VAE decoded.
    pub pixels: Arc<RgbImage>,
    /// Enough to make the picture again.
    pub record: Record,
    /// Every step on the way; complete even where step events were dropped.
    pub trajectory: Arc<Trajectory>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain(width_px: u32, height_px: u32) -> Arc<RgbImage> {
        Arc::new(RgbImage::filled(width_px, height_px, [10, 20, 30]))
    }

    #[test]
    fn a_shrunk_picture_should_keep_its_shape_and_its_colours() {
        let small = plain(300, 151).shrunk(128);
        assert_eq!((small.width_px, small.height_px), (100, 51));
        assert_eq!(small.pixels, plain(100, 51).pixels);
        let flat = plain(9000, 1).shrunk(8192);
        assert_eq!((flat.width_px, flat.height_px), (4500, 1));
    }

    #[test]
    fn a_small_picture_should_be_the_same_one() {
        let image = plain(300, 151);
        assert!(Arc::ptr_eq(&image, &image.shrunk(300)));
    }
}
