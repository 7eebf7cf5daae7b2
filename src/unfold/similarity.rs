//! How much two pictures are alike, in the numbers that papers give.

use crate::job::RgbImage;

/// Rows and columns of the window of SSIM.
const WINDOW: usize = 11;
/// Standard deviation of its Gaussian, in pixels.
const WINDOW_SIGMA: f64 = 1.5;
/// The largest value.
const PEAK: f64 = 255.0;
/// (K₁·L)² with K₁ = 0.01.
const C1: f64 = (0.01 * PEAK) * (0.01 * PEAK);
/// (K₂·L)² with K₂ = 0.03.
const C2: f64 = (0.03 * PEAK) * (0.03 * PEAK);
/// Red, green and blue in luma (ITU-R BT.601).
const LUMA: [f64; 3] = [0.299, 0.587, 0.114];

/// How much two pictures of one size are alike.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Similarity {
    /// Peak signal-to-noise ratio over red, green and blue, in dB; infinite for pictures that are the same.
    pub psnr_db: f64,
    /// Structural similarity of the luma, at most 1, which is the same; `None` for pictures with a side below 11 pixels.
    ///
    /// Source: Wang et al. (2004), "Image quality assessment: from error visibility to structural similarity", with
    /// its window: a Gaussian of 11 × 11 pixels with σ = 1.5, wherever all of it lies in the picture.
    pub ssim: Option<f64>,
    /// The largest difference of any value of any pixel, 0 to 255.
    pub max_difference: u8,
}

impl Similarity {
    /// Measures two pictures; `None` if their sizes differ or one is empty or torn.
    pub fn of(a: &RgbImage, b: &RgbImage) -> Option<Self> {
        let is_whole = |image: &RgbImage| {
            let bytes = 3 * u64::from(image.width_px) * u64::from(image.height_px);
            bytes > 0 && image.pixels.len() as u64 == bytes
        };
        let is_one_size = (a.width_px, a.height_px) == (b.width_px, b.height_px);
        if !is_one_size || !is_whole(a) || !is_whole(b) {
            return None;
        }
        let differences = || a.pixels.iter().zip(&b.pixels).map(|(a, b)| a.abs_diff(*b));
        let squares: u64 = differences().map(|by| u64::from(by) * u64::from(by)).sum();
        let mean = squares as f64 / a.pixels.len() as f64;
        Some(Self {
            psnr_db: 10.0 * (PEAK * PEAK / mean).log10(),
            ssim: ssim(a, b),
            max_difference: differences().max().unwrap_or_default(),
        })
    }
}

/// The weights of one row of the window; those of the whole are their products.
fn window() -> [f64; WINDOW] {
    let middle = (WINDOW / 2) as f64;
    let weights: [f64; WINDOW] =
        std::array::from_fn(|at| (-(at as f64 - middle).powi(2) / (2.0 * WINDOW_SIGMA * WINDOW_SIGMA)).exp());
    let sum: f64 = weights.iter().sum();
    weights.map(|weight| weight / sum)
}

/// Sums under the window: of a, of b, of a², of b², of ab.
type Sums = [f64; 5];

/// Rows of sums go by, eleven at a time, so that a large picture takes no more room than a few of its rows.
fn ssim(a: &RgbImage, b: &RgbImage) -> Option<f64> {
    let (width, height) = (a.width_px as usize, a.height_px as usize);
    if width < WINDOW || height < WINDOW {
        return None;
    }
    let weights = window();
    let columns = width + 1 - WINDOW;
    let mut rows: Vec<Vec<Sums>> = vec![vec![[0.0; 5]; columns]; WINDOW];
    let mut lumas = (vec![0.0; width], vec![0.0; width]);
    let mut total = 0.0;
    for y in 0..height {
        luma_row(a, y, &mut lumas.0);
        luma_row(b, y, &mut lumas.1);
        sum_row(&lumas, &weights, &mut rows[y % WINDOW]);
        if y + 1 < WINDOW {
            continue;
        }
        let first = y + 1 - WINDOW;
        let of_row: f64 = (0..columns)
            .map(|x| {
                let mut sums = [0.0; 5];
                for (at, weight) in weights.iter().enumerate() {
                    let row = &rows[(first + at) % WINDOW][x];
                    for (sum, value) in sums.iter_mut().zip(row) {
                        *sum += weight * value;
                    }
                }
                at_window(sums)
            })
            .sum();
        total += of_row;
    }
    Some(total / (columns * (height + 1 - WINDOW)) as f64)
}

fn luma_row(image: &RgbImage, y: usize, row: &mut [f64]) {
    let start = 3 * y * row.len();
    let pixels = image.pixels[start..].chunks_exact(3);
    for (luma, pixel) in row.iter_mut().zip(pixels) {
        *luma = LUMA
            .iter()
            .zip(pixel)
            .map(|(part, value)| part * f64::from(*value))
            .sum();
    }
}

fn sum_row((a, b): &(Vec<f64>, Vec<f64>), weights: &[f64; WINDOW], sums: &mut [Sums]) {
    for (x, sums) in sums.iter_mut().enumerate() {
        *sums = [0.0; 5];
        for ((weight, a), b) in weights.iter().zip(&a[x..]).zip(&b[x..]) {
            let parts = [*a, *b, a * a, b * b, a * b];
            for (sum, part) in sums.iter_mut().zip(parts) {
                *sum += weight * part;
            }
        }
    }
}

/// The index of one window.
fn at_window([a, b, aa, bb, ab]: Sums) -> f64 {
    let (variance_a, variance_b, covariance) = (aa - a * a, bb - b * b, ab - a * b);
    let numerator = (2.0 * a * b + C1) * (2.0 * covariance + C2);
    numerator / ((a * a + b * b + C1) * (variance_a + variance_b + C2))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain(colour: [u8; 3], (width_px, height_px): (u32, u32)) -> RgbImage {
        RgbImage::filled(width_px, height_px, colour)
    }

    #[test]
    fn a_picture_should_be_like_itself() {
        let picture = plain([10, 200, 30], (20, 15));
        let found = Similarity::of(&picture, &picture).unwrap();
        assert_eq!((found.psnr_db, found.max_difference), (f64::INFINITY, 0));
        assert!((found.ssim.unwrap() - 1.0).abs() < 1e-9);
    }

    #[test]
    fn one_step_of_grey_should_be_48_decibels() {
        let found = Similarity::of(&plain([7; 3], (12, 12)), &plain([8; 3], (12, 12))).unwrap();
        assert!((found.psnr_db - 48.1308).abs() < 1e-4, "{found:?}"); // 20·log₁₀ 255
        assert_eq!(found.max_difference, 1);
    }

    #[test]
    fn other_sizes_and_torn_pictures_should_not_be_measured() {
        let picture = plain([0; 3], (16, 16));
        assert_eq!(Similarity::of(&picture, &plain([0; 3], (16, 17))), None);
        assert_eq!(Similarity::of(&plain([0; 3], (0, 0)), &plain([0; 3], (0, 0))), None);
        let mut torn = picture.clone();
        torn.pixels.pop();
        assert_eq!(Similarity::of(&picture, &torn), None);
        let small = plain([0; 3], (10, 40));
        assert_eq!(Similarity::of(&small, &small).unwrap().ssim, None);
    }
}
