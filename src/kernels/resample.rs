//! Changing the size of feature maps.

use candle_core::Result;
use candle_core::Tensor;

/// Enlarges by repeating pixels: with n rows becoming m, row i shows row ⌊i · n / m⌋; likewise the columns.
///
/// * `x`: `(batch, channels, height, width)`.
/// * `height`, `width`: of the result, in pixels; need not be multiples of the old size.
///
/// # Errors
/// If `x` has not four axes or a size is 0.
pub fn upsample_nearest(x: &Tensor, height: usize, width: usize) -> Result<Tensor> {
    let (_, _, from_height, from_width) = x.dims4()?;
    if from_height == 0 || from_width == 0 || height == 0 || width == 0 {
        candle_core::bail!("cannot resize {from_height}×{from_width} pixels to {height}×{width}");
    }
    if (height, width) == (from_height, from_width) {
        return Ok(x.clone());
    }
    x.contiguous()?.upsample_nearest2d(height, width)
}

#[cfg(test)]
mod tests {
    use super::*;
    use candle_core::Device;

    #[test]
    fn every_output_pixel_should_show_the_floor_of_its_place() {
        let x = Tensor::arange(0f32, 12., &Device::Cpu)
            .unwrap()
            .reshape((1, 1, 3, 4))
            .unwrap();
        for (height, width) in [(6, 8), (5, 7), (3, 4), (11, 9)] {
            let y = upsample_nearest(&x, height, width).unwrap();
            assert_eq!(y.dims(), [1, 1, height, width]);
            let y = y.flatten_all().unwrap().to_vec1::<f32>().unwrap();
            for i in 0..height {
                for j in 0..width {
                    let expected = (i * 3 / height * 4 + j * 4 / width) as f32;
                    assert_eq!(y[i * width + j], expected, "{height}×{width} at ({i}, {j})");
                }
            }
        }
    }
}
