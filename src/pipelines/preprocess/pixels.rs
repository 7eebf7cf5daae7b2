//! Pictures as numbers.

use rayon::prelude::*;

use super::PreprocessError;
use crate::job::RgbImage;

/// A picture with one or three channels, each number 0 to 255, channels fastest.
#[derive(Debug, Clone, PartialEq)]
pub struct Pixels {
    pub(super) width: usize,
    pub(super) height: usize,
    pub(super) channels: usize,
    pub(super) values: Vec<f32>,
}

impl Pixels {
    /// # Errors
    /// If the picture has no pixels or not as many as its size says.
    pub(super) fn from_rgb(image: &RgbImage) -> Result<Self, PreprocessError> {
        let RgbImage {
            width_px,
            height_px,
            ref pixels,
        } = *image;
        let expected = 3 * u64::from(width_px) * u64::from(height_px);
        if expected == 0 || expected != pixels.len() as u64 {
            return Err(PreprocessError::Size {
                width_px,
                height_px,
                expected,
                found: pixels.len(),
            });
        }
        Ok(Self {
            width: width_px as usize,
            height: height_px as usize,
            channels: 3,
            values: pixels.iter().map(|byte| f32::from(*byte)).collect(),
        })
    }

    /// Rounded to bytes; a single channel becomes grey.
    pub(super) fn to_rgb(&self) -> RgbImage {
        let byte = |value: &f32| value.round().clamp(0.0, 255.0) as u8;
        let pixels = match self.channels {
            1 => self.values.iter().flat_map(|value| [byte(value); 3]).collect(),
            _ => self.values.iter().map(byte).collect(),
        };
        RgbImage {
            width_px: self.width as u32,
            height_px: self.height as u32,
            pixels,
        }
    }

    /// A picture of the same size with one channel.
    pub(super) fn with_values(&self, values: Vec<f32>) -> Self {
        Self {
            channels: 1,
            values,
            ..*self
        }
    }

    /// How much brighter it is than another picture of its size, number by number.
    pub(super) fn minus(&self, other: &Self) -> Self {
        let pairs = self.values.iter().zip(&other.values);
        Self {
            values: pairs.map(|(own, other)| own - other).collect(),
            ..*self
        }
    }

    /// What a function makes of the numbers of each pixel.
    pub(super) fn map_pixels(&self, change: impl Fn(&[f32]) -> f32) -> Self {
        self.with_values(self.values.chunks_exact(self.channels).map(change).collect())
    }

    /// Brightness by the weights of Rec. 601, one channel.
    pub(super) fn luma(&self) -> Self {
        self.map_pixels(|pixel| match pixel {
            [r, g, b] => 0.299 * r + 0.587 * g + 0.114 * b,
            other => other.first().copied().unwrap_or_default(),
        })
    }

    /// Convolved with a Gaussian out to three deviations; beyond the border the picture is mirrored.
    ///
    /// * `sigma`: standard deviation in pixels; 0 changes nothing.
    pub(super) fn blurred(&self, sigma: f64) -> Self {
        if sigma <= 0.0 {
            return self.clone();
        }
        let radius = (3.0 * sigma).ceil() as usize;
        let bell = |at: usize| (-0.5 * ((at as f64 - radius as f64) / sigma).powi(2)).exp();
        let sum: f64 = (0..=2 * radius).map(bell).sum();
        let kernel: Vec<f32> = (0..=2 * radius).map(|at| (bell(at) / sum) as f32).collect();
        let row = self.width * self.channels;

        let mut across = vec![0f32; self.values.len()];
        across
            .par_chunks_exact_mut(row)
            .zip(self.values.par_chunks_exact(row))
            .for_each(|(to, from)| {
                let columns = 0..self.width + 2 * radius;
                let padded: Vec<f32> = columns
                    .flat_map(|column| {
                        let column = mirrored(column, radius, self.width);
                        &from[column * self.channels..][..self.channels]
                    })
                    .copied()
                    .collect();
                for (tap, weight) in kernel.iter().enumerate() {
                    add_scaled(to, &padded[tap * self.channels..][..row], *weight);
                }
            });
        let mut values = vec![0f32; self.values.len()];
        values.par_chunks_exact_mut(row).enumerate().for_each(|(y, to)| {
            for (tap, weight) in kernel.iter().enumerate() {
                let from = mirrored(y + tap, radius, self.height);
                add_scaled(to, &across[from * row..][..row], *weight);
            }
        });
        Self { values, ..*self }
    }
}

fn add_scaled(to: &mut [f32], from: &[f32], weight: f32) {
    for (to, from) in to.iter_mut().zip(from) {
        *to += weight * from;
    }
}

/// The place `at − first`, which may lie outside, mirrored in at the outermost pixels: −1 is 1.
fn mirrored(at: usize, first: usize, length: usize) -> usize {
    let period = 2 * (length - 1);
    let place = at.abs_diff(first).checked_rem(period).unwrap_or(0);
    place.min(period - place)
}
