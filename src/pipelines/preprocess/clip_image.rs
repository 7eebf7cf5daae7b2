//! Pictures as CLIP's image encoder takes them.

use candle_core::{Device, Tensor};

use super::resize::Filter;
use super::{Pixels, PreprocessError};
use crate::job::RgbImage;

/// How an image encoder takes its pictures: `preprocessor_config.json`. Missing fields take the values of CLIP.
#[derive(Debug, Clone, PartialEq, serde::Deserialize, serde::Serialize)]
#[serde(default)]
pub struct ClipImageConfig {
    /// What the picture is resized to.
    pub size: ClipImageSize,
    /// What is cut out of its middle.
    pub crop_size: ClipImageSize,
    /// Subtracted from each channel of 0..1.
    pub image_mean: [f64; 3],
    /// What each channel is divided by then.
    pub image_std: [f64; 3],
}

/// A size in pixels, in one of the ways in which it is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize, serde::Serialize)]
#[serde(untagged)]
pub enum ClipImageSize {
    /// Of the shorter side.
    Short {
        /// Pixels.
        shortest_edge: usize,
    },
    /// Of both sides.
    Both {
        /// Pixels.
        height: usize,
        /// Pixels.
        width: usize,
    },
    /// One number: the shorter side, or both sides of a crop.
    Side(usize),
}

impl Default for ClipImageConfig {
    fn default() -> Self {
        Self {
            size: ClipImageSize::Short { shortest_edge: 224 },
            crop_size: ClipImageSize::Side(224),
            image_mean: [0.481_454_66, 0.457_827_5, 0.408_210_73],
            image_std: [0.268_629_54, 0.261_302_58, 0.275_777_11],
        }
    }
}

/// Longest side that a configuration may ask for.
const MAX_SIDE: usize = 8192;

impl ClipImageSize {
    /// Width and height of a picture of this size that was `width` × `height`.
    fn resized(self, width: usize, height: usize) -> (usize, usize) {
        match self {
            Self::Both { height, width } => (width, height),
            Self::Short { shortest_edge: short } | Self::Side(short) => {
                let long = short.saturating_mul(width.max(height)) / width.min(height).max(1);
                if width <= height { (short, long) } else { (long, short) }
            }
        }
    }

    /// Width and height of a crop.
    fn cropped(self) -> (usize, usize) {
        match self {
            Self::Both { height, width } => (width, height),
            Self::Short { shortest_edge: side } | Self::Side(side) => (side, side),
        }
    }
}

/// Resizes by a cubic, cuts out the middle and normalises. What a crop takes in beyond the picture is black.
///
/// Returns `(1, 3, height, width)` in f32.
///
/// # Errors
/// If the picture has no pixels or not as many as its size says, or the configuration asks for sides of 0 or beyond
/// 8192 pixels.
pub fn clip_pixels(image: &RgbImage, config: &ClipImageConfig, device: &Device) -> Result<Tensor, PreprocessError> {
    let image = Pixels::from_rgb(image)?;
    let (width, height) = config.size.resized(image.width, image.height);
    let (columns, rows) = config.crop_size.cropped();
    for (parameter, side) in [
        ("size", width),
        ("size", height),
        ("crop_size", columns),
        ("crop_size", rows),
    ] {
        if !(1..=MAX_SIDE).contains(&side) {
            return Err(PreprocessError::OutOfRange {
                parameter,
                least: 1.0,
                largest: MAX_SIDE as f64,
                found: side as f64,
            });
        }
    }
    let image = image.resized(width, height, Filter::Cubic);
    let place = |at: usize, side: usize, crop: usize| (at + side / 2).checked_sub(crop / 2).filter(|at| *at < side);
    let mut values = Vec::with_capacity(3 * rows * columns);
    for channel in 0..3 {
        for row in 0..rows {
            for column in 0..columns {
                let inside = place(row, height, rows).zip(place(column, width, columns));
                let value = inside.map_or(0.0, |(y, x)| image.values[3 * (y * width + x) + channel]);
                let normalised = (f64::from(value) / 255.0 - config.image_mean[channel]) / config.image_std[channel];
                values.push(normalised as f32);
            }
        }
    }
    Ok(Tensor::from_vec(values, (1, 3, rows, columns), device)?)
}
