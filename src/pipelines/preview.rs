//! From latents to a picture for the eye: the tiny decoder, a linear map, or the VAE itself.

use candle_core::{D, DType, Device, Tensor};

use super::PipelineError;
use super::families::{LoadedModel, StableDiffusion};
use crate::conditioning::{STATE_DTYPE, rgb_from_picture};
use crate::diffusion::linear::solve;
use crate::diffusion::noise::{Draw, standard_normal};
use crate::diffusion::trajectory::tensor;
use crate::job::{LatentColours, LatentPlane, PreviewMode, RgbImage};
use crate::models::vae::AutoencoderKL;

/// The best linear map from latent channels to the mean colour of the pixels under each latent.
#[derive(Debug, Clone)]
pub struct LinearMap {
    /// `(3, channels)`: red, green, blue of each channel.
    weight: Vec<[f64; 3]>,
    bias: [f64; 3],
}

/// Side of the pictures the map is fitted on, in latents.
const FIT_SIDE: usize = 16;
/// How many of them.
const FIT_PICTURES: u64 = 6;
/// Keeps the normal equations solvable when a channel carries nothing.
const RIDGE: f64 = 1e-3;

impl LinearMap {
    /// Fits by least squares: smooth random colour fields are encoded by the VAE, and their own colours, averaged
    /// over the pixels of each latent, are what the map has to give back.
    ///
    /// * `dtype`: what the autoencoder computes in.
    ///
    /// # Errors
    /// Only the device's.
    pub fn fit(vae: &AutoencoderKL, dtype: DType, device: &Device) -> candle_core::Result<Self> {
        let config = vae.config();
        let (factor, channels) = (vae.factor(), config.latent_channels);
        let width = channels + 1;
        let mut normal = vec![vec![0.0; width]; width];
        let mut right = vec![[0.0; 3]; width];
        for picture in 0..FIT_PICTURES {
            let field = colour_field(picture, FIT_SIDE * factor);
            let side = FIT_SIDE * factor;
            let pixels = Tensor::from_vec(field, (1, 3, side, side), device)?;
            let mean = vae.encode(&pixels.to_dtype(dtype)?)?.mean.to_dtype(STATE_DTYPE)?;
            let latents = ((mean - config.shift_factor.unwrap_or(0.0))? * config.scaling_factor)?;
            let latents = latents
                .squeeze(0)?
                .flatten_from(1)?
                .to_dtype(DType::F64)?
                .to_vec2::<f64>()?;
            let colours = pixels
                .avg_pool2d(factor)?
                .squeeze(0)?
                .flatten_from(1)?
                .to_dtype(DType::F64)?;
            let colours = colours.to_vec2::<f64>()?;
            for place in 0..FIT_SIDE * FIT_SIDE {
                let row: Vec<f64> = latents.iter().map(|channel| channel[place]).chain([1.0]).collect();
                for (i, a) in row.iter().enumerate() {
                    for (j, b) in row.iter().enumerate() {
                        normal[i][j] += a * b;
                    }
                    for (colour, sum) in colours.iter().zip(&mut right[i]) {
                        *sum += a * colour[place];
                    }
                }
            }
        }
        (0..channels).for_each(|i| normal[i][i] += RIDGE);
        let mut weight = solve(normal, right);
        let bias = weight.pop().unwrap_or_default();
        Ok(Self { weight, bias })
    }

    /// The map as plain data.
    pub fn colours(&self) -> LatentColours {
        let of = |colour: usize| self.weight.iter().map(|channel| channel[colour] as f32).collect();
        LatentColours {
            weights: (0..3).map(of).collect(),
            bias: self.bias.map(|b| b as f32),
        }
    }

    /// Colours of the latents, one pixel each: `(1, channels, h, w)` → `(1, 3, h, w)` in −1..1.
    ///
    /// # Errors
    /// Only the device's.
    pub fn apply(&self, latents: &Tensor) -> candle_core::Result<Tensor> {
        let (_, channels, height, width) = latents.dims4()?;
        let by_row: Vec<f32> = (0..3)
            .flat_map(|colour| self.weight.iter().map(move |channel| channel[colour] as f32))
            .collect();
        let weight = Tensor::from_vec(by_row, (3, channels), latents.device())?;
        let bias = Tensor::new(&self.bias.map(|b| b as f32), latents.device())?.reshape((3, 1))?;
        let flat = latents.squeeze(0)?.flatten_from(1)?.to_dtype(DType::F32)?;
        weight
            .matmul(&flat.contiguous()?)?
            .broadcast_add(&bias)?
            .reshape((1, 3, height, width))
    }
}

/// The estimate of the clean latents as a picture; `None` if none is wanted.
///
/// * `latents`: `(1, channels, h, w)`, as the U-Net sees them.
///
/// # Errors
/// Only the device's.
pub fn preview(model: &StableDiffusion, latents: &Tensor, mode: PreviewMode) -> candle_core::Result<Option<RgbImage>> {
    let picture = preview_picture(model, latents, mode)?;
    picture.as_ref().map(rgb_from_picture).transpose()
}

/// As [`preview`], `(1, 3, height, width)` in −1..1.
pub(super) fn preview_picture(
    model: &StableDiffusion,
    latents: &Tensor,
    mode: PreviewMode,
) -> candle_core::Result<Option<Tensor>> {
    let picture = match mode {
        PreviewMode::Off => return Ok(None),
        PreviewMode::Vae => model.decode(latents)?,
        PreviewMode::Linear => model.linear_map()?.apply(latents)?,
        PreviewMode::Auto => match model.decode_tiny(latents)? {
            Some(picture) => picture,
            None => model.linear_map()?.apply(latents)?,
        },
    };
    Ok(Some(picture))
}

/// The picture of kept latents, by any model that knows latents of their kind.
///
/// # Errors
/// [`PipelineError::Unsupported`] if the model's latents are of another kind; else the device's.
pub fn decode_latents(
    model: &LoadedModel,
    latents: &LatentPlane,
    mode: PreviewMode,
) -> Result<RgbImage, PipelineError> {
    let unsupported = |expected: usize| PipelineError::Unsupported {
        what: "channels of the latents",
        expected: expected.to_string(),
        found: format!(
            "{} of {}x{} with {} numbers",
            latents.channels,
            latents.height,
            latents.width,
            latents.values.len()
        ),
    };
    let is_even =
        latents.values.len() == latents.channels * latents.height * latents.width && !latents.values.is_empty();
    let LoadedModel::StableDiffusion(model) = model else {
        if latents.channels != 3 || !is_even {
            return Err(unsupported(3));
        }
        return Ok(rgb_from_picture(&tensor(latents, &Device::Cpu)?)?); // pixels already
    };
    let channels = model.info().latent_channels;
    if latents.channels != channels || !is_even {
        return Err(unsupported(channels));
    }
    let latents = tensor(latents, model.device())?;
    let picture = preview_picture(model, &latents, mode)?;
    let picture = picture.map_or_else(|| model.decode(&latents), Ok)?;
    Ok(rgb_from_picture(&picture)?)
}

/// Whether every value is a number.
///
/// # Errors
/// Only the device's.
pub(super) fn is_finite(x: &Tensor) -> candle_core::Result<bool> {
    // NaN and infinity both survive x·0, and a sum keeps them.
    Ok(x.to_dtype(DType::F32)?
        .affine(0.0, 0.0)?
        .flatten_all()?
        .sum(D::Minus1)?
        .to_scalar::<f32>()?
        == 0.0)
}

/// A smooth random picture of `side` pixels, `(3, side, side)` in −1..1: a few colour gradients and soft waves.
fn colour_field(seed: u64, side: usize) -> Vec<f32> {
    const WAVES: usize = 5;
    let draws = standard_normal(seed, Draw::Initial, 3 * WAVES * 4);
    let mut values = Vec::with_capacity(3 * side * side);
    for colour in 0..3 {
        for y in 0..side {
            for x in 0..side {
                let (u, v) = (x as f32 / side as f32, y as f32 / side as f32);
                let wave = |i: usize| {
                    let d = &draws[(colour * WAVES + i) * 4..][..4];
                    0.5 * d[0] * (std::f32::consts::TAU * (d[1] * u + d[2] * v) + 3.0 * d[3]).sin()
                };
                values.push((0..WAVES).map(wave).sum::<f32>().tanh());
            }
        }
    }
    values
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nan_and_infinity_should_be_noticed() {
        for (value, fine) in [(1.0f32, true), (f32::NAN, false), (f32::INFINITY, false)] {
            let x = Tensor::new(&[0.5f32, value], &Device::Cpu).unwrap();
            assert_eq!(is_finite(&x).unwrap(), fine, "{value}");
        }
    }
}
