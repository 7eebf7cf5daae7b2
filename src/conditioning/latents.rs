//! Between pictures and latents: sizes, pictures as tensors, masks.

use candle_core::{D, DType, Device, Tensor};
use image::GrayImage;

use super::ConditioningError;
use crate::job::{ModelInfo, RgbImage};

/// The number format of latents, samplers and pictures, whatever the networks compute in.
pub const STATE_DTYPE: DType = DType::F32;

/// Checks that a picture's size suits the model, and gives the shape of its latents.
///
/// # Errors
/// [`ConditioningError::Unsupported`] if a side is no multiple of the VAE's factor.
pub fn latent_shape(info: &ModelInfo, width_px: u32, height_px: u32) -> Result<[usize; 4], ConditioningError> {
    let factor = info.vae_factor;
    if !width_px.is_multiple_of(factor) || !height_px.is_multiple_of(factor) || width_px == 0 || height_px == 0 {
        return Err(ConditioningError::Unsupported {
            what: "size",
            expected: format!("multiples of {factor} px"),
            found: format!("{width_px}x{height_px}"),
        });
    }
    Ok([
        1,
        info.latent_channels,
        (height_px / factor) as usize,
        (width_px / factor) as usize,
    ])
}

/// A picture as networks see it: `(1, 3, height, width)` in −1..1.
///
/// # Errors
/// Only the device's.
pub fn picture_tensor(picture: &RgbImage, device: &Device) -> candle_core::Result<Tensor> {
    let (width, height) = (picture.width_px as usize, picture.height_px as usize);
    let values: Vec<f32> = picture
        .pixels
        .iter()
        .map(|level| f32::from(*level) / 127.5 - 1.0)
        .collect();
    Tensor::from_vec(values, (1, height, width, 3), device)?
        .permute((0, 3, 1, 2))?
        .contiguous()
}

/// `(1, 3, height, width)` in −1..1 → 8-bit pixels.
///
/// # Errors
/// If the shape is another.
pub fn rgb_from_picture(picture: &Tensor) -> candle_core::Result<RgbImage> {
    let (_, _, height, width) = picture.dims4()?;
    let levels = picture
        .squeeze(0)?
        .to_dtype(DType::F32)?
        .affine(127.5, 127.5)?
        .clamp(0f32, 255f32)?
        .round()?;
    let pixels = levels
        .permute((1, 2, 0))?
        .flatten_all()?
        .to_dtype(DType::U8)?
        .to_vec1::<u8>()?;
    Ok(RgbImage {
        width_px: width as u32,
        height_px: height as u32,
        pixels,
    })
}

/// Whether every value is a number.
///
/// # Errors
/// Only the device's.
pub fn is_finite(x: &Tensor) -> candle_core::Result<bool> {
    // NaN and infinity both survive x·0, and a sum keeps them.
    Ok(x.to_dtype(DType::F32)?
        .affine(0.0, 0.0)?
        .flatten_all()?
        .sum(D::Minus1)?
        .to_scalar::<f32>()?
        == 0.0)
}

/// A mask as a tensor `(1, 1, height, width)` in 0..1.
///
/// # Errors
/// Only the device's.
pub fn mask_tensor(mask: &GrayImage, device: &Device) -> candle_core::Result<Tensor> {
    let values: Vec<f32> = mask.as_raw().iter().map(|level| f32::from(*level) / 255.0).collect();
    let shape = (1, 1, mask.height() as usize, mask.width() as usize);
    Tensor::from_vec(values, shape, device)
}

/// How a mask of pixels becomes one of latents.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MaskEdge {
    /// Half and more is 1, and each latent takes the pixel at its upper left corner, as diffusers does.
    Hard,
    /// Each latent takes the mean of its pixels.
    Soft,
}

/// A mask as networks see it, `(1, 1, height / factor, width / factor)`, 1 where to paint.
///
/// * `mask`: `(1, 1, height, width)` in 0..1, sides multiples of `factor`.
///
/// # Errors
/// If a side is no multiple of the factor.
pub fn latent_mask(mask: &Tensor, factor: usize, edge: MaskEdge) -> candle_core::Result<Tensor> {
    match edge {
        MaskEdge::Soft => mask.avg_pool2d(factor),
        MaskEdge::Hard => {
            let (_, _, height, width) = mask.dims4()?;
            let corners = hard(mask)?
                .reshape((height / factor, factor, width / factor, factor))?
                .narrow(1, 0, 1)?
                .narrow(3, 0, 1)?;
            corners.reshape((1, 1, height / factor, width / factor))
        }
    }
}

/// 1 where the mask is half or more, else 0.
///
/// # Errors
/// Only the device's.
pub fn hard(mask: &Tensor) -> candle_core::Result<Tensor> {
    mask.ge(0.5)?.to_dtype(mask.dtype())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mask_should_be_cut_or_averaged_to_the_latents() {
        let mut values = vec![0f32; 16];
        values[0] = 0.6; // upper left pixel of the first latent
        values[7] = 1.0; // lower right pixel of the second
        let mask = Tensor::from_vec(values, (1, 1, 4, 4), &Device::Cpu).unwrap();
        let of = |edge| {
            latent_mask(&mask, 2, edge)
                .unwrap()
                .flatten_all()
                .unwrap()
                .to_vec1::<f32>()
                .unwrap()
        };
        assert_eq!(of(MaskEdge::Hard), [1.0, 0.0, 0.0, 0.0]);
        assert_eq!(of(MaskEdge::Soft), [0.15, 0.25, 0.0, 0.0]);
    }

    #[test]
    fn pixels_should_round_and_saturate() {
        let picture = Tensor::new(&[-2.0f32, 0.0, 2.0], &Device::Cpu)
            .unwrap()
            .reshape((1, 3, 1, 1))
            .unwrap();
        assert_eq!(rgb_from_picture(&picture).unwrap().pixels, [0, 128, 255]);
    }

    #[test]
    fn nan_and_infinity_should_be_noticed() {
        for (value, fine) in [(1.0f32, true), (f32::NAN, false), (f32::INFINITY, false)] {
            let x = Tensor::new(&[0.5f32, value], &Device::Cpu).unwrap();
            assert_eq!(is_finite(&x).unwrap(), fine, "{value}");
        }
    }

    #[test]
    fn white_and_black_should_be_the_ends_of_the_range() {
        let picture = RgbImage {
            width_px: 2,
            height_px: 1,
            pixels: vec![255, 255, 255, 0, 0, 0],
        };
        let tensor = picture_tensor(&picture, &Device::Cpu).unwrap();
        assert_eq!(tensor.dims(), [1, 3, 1, 2]);
        assert_eq!(
            tensor.flatten_all().unwrap().to_vec1::<f32>().unwrap(),
            [1.0, -1.0, 1.0, -1.0, 1.0, -1.0]
        );
    }
}
