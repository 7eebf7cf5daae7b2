//! Changing the size of feature maps.

use candle_core::{Result, Tensor};

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

/// Resizes by Keys' cubic with a = −1/2, widened where pixels get fewer so that none is passed over; beyond the edges
/// nothing counts. As PyTorch's and PIL's antialiased bicubic.
///
/// * `x`: `(batch, channels, height, width)`, f32.
/// * `height`, `width`: of the result, in pixels.
///
/// # Errors
/// If `x` has not four axes or a size is 0.
///
/// Source: <https://doi.org/10.1109/TASSP.1981.1163711>
pub fn resize_bicubic(x: &Tensor, height: usize, width: usize) -> Result<Tensor> {
    let (batch, channels, from_height, from_width) = x.dims4()?;
    if from_height == 0 || from_width == 0 || height == 0 || width == 0 {
        candle_core::bail!("cannot resize {from_height}×{from_width} pixels to {height}×{width}");
    }
    let weights = |from: usize, to: usize| -> Result<Tensor> {
        let values = (0..to).flat_map(|i| cubic_row(from, to, i)).collect();
        Tensor::from_vec(values, (to, from), x.device())?.to_dtype(x.dtype())
    };
    let rows = x.reshape((batch * channels * from_height, from_width))?;
    let x = rows.matmul(&weights(from_width, width)?.t()?)?;
    let x = x.reshape((batch * channels, from_height, width))?;
    weights(from_height, height)?
        .unsqueeze(0)?
        .broadcast_matmul(&x)?
        .reshape((batch, channels, height, width))
}

/// How much each of `from` pixels counts for pixel `i` of `to`; together 1.
fn cubic_row(from: usize, to: usize, i: usize) -> Vec<f32> {
    let scale = from as f64 / to as f64;
    let wide = scale.max(1.0);
    let center = (i as f64 + 0.5) * scale;
    let weights: Vec<f64> = (0..from)
        .map(|j| keys_cubic((j as f64 + 0.5 - center) / wide))
        .collect();
    let sum: f64 = weights.iter().sum();
    weights.into_iter().map(|weight| (weight / sum) as f32).collect()
}

/// Keys' cubic with a = −1/2.
fn keys_cubic(x: f64) -> f64 {
    const A: f64 = -0.5;
    let x = x.abs();
    if x < 1.0 {
        ((A + 2.0) * x - (A + 3.0)) * x * x + 1.0
    } else if x < 2.0 {
        (((x - 5.0) * x + 8.0) * x - 4.0) * A
    } else {
        0.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use candle_core::Device;

    #[test]
    fn bicubic_should_keep_what_is_even_and_halve_as_it_doubles() {
        let even = Tensor::full(0.3f32, (1, 2, 5, 4), &Device::Cpu).unwrap();
        let resized = resize_bicubic(&even, 9, 3).unwrap();
        assert_eq!(resized.dims(), [1, 2, 9, 3]);
        for value in resized.flatten_all().unwrap().to_vec1::<f32>().unwrap() {
            assert!((value - 0.3).abs() < 1e-6, "{value}");
        }
        // In the middle of a ramp both directions give the ramp back.
        let ramp = Tensor::arange(0f32, 16., &Device::Cpu)
            .unwrap()
            .reshape((1, 1, 1, 16))
            .unwrap();
        for (to, step) in [(32, 0.5f32), (8, 2.0)] {
            let row = resize_bicubic(&ramp, 1, to).unwrap();
            let row = row.flatten_all().unwrap().to_vec1::<f32>().unwrap();
            let middle = to / 2;
            assert!((row[middle] - row[middle - 1] - step).abs() < 1e-5, "{row:?}");
        }
    }

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
