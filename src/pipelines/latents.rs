//! Between pictures and latents: sizes, pictures as tensors, masks.

use candle_core::{Device, Tensor};

use super::PipelineError;
use crate::job::{ModelInfo, RgbImage};

/// Checks that a picture's size suits the model, and gives the shape of its latents.
///
/// # Errors
/// [`PipelineError::Unsupported`] if a side is no multiple of the VAE's factor.
pub fn latent_shape(info: &ModelInfo, width_px: u32, height_px: u32) -> Result<[usize; 4], PipelineError> {
    let factor = info.vae_factor;
    if !width_px.is_multiple_of(factor) || !height_px.is_multiple_of(factor) || width_px == 0 || height_px == 0 {
        return Err(PipelineError::Unsupported {
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
