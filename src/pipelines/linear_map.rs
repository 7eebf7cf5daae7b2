//! The linear map from latents to colours.

use candle_core::{DType, Device, Tensor};

use crate::conditioning::STATE_DTYPE;
use crate::diffusion::linear::solve;
use crate::diffusion::noise::{Draw, standard_normal};
use crate::job::LatentColours;
use crate::kernels::Wrap;
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
    /// Fits a map to an autoencoder: smooth random colour fields are encoded, and their own colours, averaged over the
    /// pixels of each latent, are what the map has to give back.
    ///
    /// * `dtype`: what the autoencoder computes in.
    ///
    /// # Errors
    /// Only the device's.
    pub fn fit(vae: &AutoencoderKL, dtype: DType, device: &Device) -> candle_core::Result<Self> {
        let config = vae.config();
        let side = FIT_SIDE * vae.factor();
        Self::fit_to(config.latent_channels, |picture| {
            let pixels = Tensor::from_vec(smooth_field(picture, 3, side), (1, 3, side, side), device)?;
            let mean = vae
                .encode(&pixels.to_dtype(dtype)?, Wrap::default())?
                .mean
                .to_dtype(STATE_DTYPE)?;
            let latents = ((mean - config.shift_factor.unwrap_or(0.0))? * config.scaling_factor)?;
            Ok((latents, pixels))
        })
    }

    /// Fits a map to a decoder alone: smooth random latents are decoded.
    ///
    /// * `decode`: latents `(1, channels, height, width)` → the latents that were decoded, and their picture.
    ///
    /// # Errors
    /// Those of `decode`.
    pub fn fit_decoder(
        channels: usize,
        device: &Device,
        decode: impl Fn(&Tensor) -> candle_core::Result<(Tensor, Tensor)>,
    ) -> candle_core::Result<Self> {
        Self::fit_to(channels, |picture| {
            let values = smooth_field(picture, channels, FIT_SIDE);
            decode(&Tensor::from_vec(values, (1, channels, FIT_SIDE, FIT_SIDE), device)?)
        })
    }

    /// The least squares fit to pairs of latents `(1, channels, FIT_SIDE, FIT_SIDE)` and pictures `(1, 3, height, width)`.
    fn fit_to(
        channels: usize,
        pair: impl Fn(u64) -> candle_core::Result<(Tensor, Tensor)>,
    ) -> candle_core::Result<Self> {
        let rows = |x: &Tensor| x.squeeze(0)?.flatten_from(1)?.to_dtype(DType::F64)?.to_vec2::<f64>();
        let width = channels + 1;
        let mut normal = vec![vec![0.0; width]; width];
        let mut right = vec![[0.0; 3]; width];
        for picture in 0..FIT_PICTURES {
            let (latents, pixels) = pair(picture)?;
            let colours = rows(&pixels.avg_pool2d(pixels.dim(2)? / FIT_SIDE)?)?;
            let latents = rows(&latents)?;
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

/// Smooth random waves, `(channels, side, side)` in −1..1.
fn smooth_field(seed: u64, channels: usize, side: usize) -> Vec<f32> {
    const WAVES: usize = 5;
    let draws = standard_normal(seed, Draw::Initial, channels * WAVES * 4);
    let mut values = Vec::with_capacity(channels * side * side);
    for channel in 0..channels {
        for y in 0..side {
            for x in 0..side {
                let (u, v) = (x as f32 / side as f32, y as f32 / side as f32);
                let wave = |i: usize| {
                    let d = &draws[(channel * WAVES + i) * 4..][..4];
                    0.5 * d[0] * (std::f32::consts::TAU * (d[1] * u + d[2] * v) + 3.0 * d[3]).sin()
                };
                values.push((0..WAVES).map(wave).sum::<f32>().tanh());
            }
        }
    }
    values
}
