//! Two-dimensional convolution.

use super::cpu;
use candle_core::Result;
use candle_core::Tensor;

/// Most numbers an unfolded image may hold at once; beyond it output rows are taken in bands. 2²⁴ f32 are 64 MiB.
const MAX_UNFOLDED: usize = 1 << 24;

/// Zeros put around an image before a convolution, in pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Padding {
    /// Rows above.
    pub top: usize,
    /// Rows below.
    pub bottom: usize,
    /// Columns to the left.
    pub left: usize,
    /// Columns to the right.
    pub right: usize,
}

impl Padding {
    /// One row below and one column to the right, as the VAE's downsampler pads.
    pub const BOTTOM_RIGHT: Self = Self {
        top: 0,
        bottom: 1,
        left: 0,
        right: 1,
    };

    /// The same on every side.
    pub const fn same(pixels: usize) -> Self {
        Self {
            top: pixels,
            bottom: pixels,
            left: pixels,
            right: pixels,
        }
    }
}

/// Correlates images with kernels: y\[o, i, j\] = b\[o\] + Σ w\[o, c, u, v\] · x\[c, i·stride + u − top, j·stride + v − left\].
///
/// * `x`: `(batch, inputs, height, width)`.
/// * `weight`: `(outputs, inputs, kernel_height, kernel_width)`.
/// * `bias`: `(outputs)`.
/// * `stride`: pixels between outputs, at least 1.
///
/// Returns `(batch, outputs, (height + top + bottom − kernel_height) / stride + 1, …)`.
///
/// # Errors
/// If the channels differ, the stride is 0, or the kernel is larger than the padded image.
pub fn conv2d(x: &Tensor, weight: &Tensor, bias: Option<&Tensor>, stride: usize, padding: Padding) -> Result<Tensor> {
    let (_, inputs, height, width) = x.dims4()?;
    let (outputs, kernel_inputs, kernel_height, kernel_width) = weight.dims4()?;
    if inputs != kernel_inputs {
        candle_core::bail!("convolution expects {kernel_inputs} channels, found {inputs}");
    }
    let (padded_height, padded_width) = (
        height + padding.top + padding.bottom,
        width + padding.left + padding.right,
    );
    if stride == 0 || padded_height < kernel_height || padded_width < kernel_width {
        candle_core::bail!(
            "a {kernel_height}×{kernel_width} kernel with stride {stride} does not fit {padded_height}×{padded_width} pixels"
        );
    }

    let y = if kernel_height == 1 && kernel_width == 1 && stride == 1 && padding == Padding::default() {
        pointwise(x, weight)?
    } else if cpu::serves(x) && cpu::serves(weight) {
        unfolded(x, weight, stride, padding)?
    } else {
        plain(x, weight, stride, padding)?
    };
    match bias {
        Some(bias) => y.broadcast_add(&bias.reshape((1, outputs, 1, 1))?),
        None => Ok(y),
    }
}

/// A 1×1 kernel is a matrix product over the channels.
fn pointwise(x: &Tensor, weight: &Tensor) -> Result<Tensor> {
    let (batch, inputs, height, width) = x.dims4()?;
    let outputs = weight.dim(0)?;
    let x = x.reshape((batch, inputs, height * width))?;
    weight_product(&weight.reshape((outputs, inputs))?, &x)?.reshape((batch, outputs, height, width))
}

/// Copies each pixel's neighbourhood into a column (whole image rows at a time), then one matrix product per image.
fn unfolded(x: &Tensor, weight: &Tensor, stride: usize, padding: Padding) -> Result<Tensor> {
    let (batch, inputs, height, width) = x.dims4()?;
    let (outputs, _, kernel_height, kernel_width) = weight.dims4()?;
    let out_height = (height + padding.top + padding.bottom - kernel_height) / stride + 1;
    let out_width = (width + padding.left + padding.right - kernel_width) / stride + 1;
    let taps = inputs * kernel_height * kernel_width;

    let x = x.contiguous()?;
    let weight = weight.reshape((outputs, taps))?;
    let band = (MAX_UNFOLDED / (batch * taps * out_width).max(1)).clamp(1, out_height);
    let bands = (0..out_height)
        .step_by(band)
        .map(|first_row| {
            let unfold = cpu::Unfold {
                kernel_height,
                kernel_width,
                stride,
                padding,
                first_row,
                rows: band.min(out_height - first_row),
                out_width,
            };
            weight_product(&weight, &x.apply_op1_no_bwd(&unfold)?)
        })
        .collect::<Result<Vec<_>>>()?;
    let y = match bands.as_slice() {
        [whole] => whole.clone(),
        bands => Tensor::cat(bands, 2)?,
    };
    y.reshape((batch, outputs, out_height, out_width))
}

/// W (outputs, taps) times x (batch, taps, pixels) → (batch, outputs, pixels).
fn weight_product(weight: &Tensor, x: &Tensor) -> Result<Tensor> {
    let (outputs, taps) = weight.dims2()?;
    let batch = x.dim(0)?;
    weight.broadcast_as((batch, outputs, taps))?.matmul(&x.contiguous()?)
}

/// Candle's own convolution; padding it cannot express is written out as zeros first.
fn plain(x: &Tensor, weight: &Tensor, stride: usize, padding: Padding) -> Result<Tensor> {
    let Padding {
        top,
        bottom,
        left,
        right,
    } = padding;
    if top == bottom && top == left && top == right {
        return x.conv2d(weight, top, stride, 1, 1);
    }
    x.pad_with_zeros(2, top, bottom)?
        .pad_with_zeros(3, left, right)?
        .conv2d(weight, 0, stride, 1, 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use candle_core::DType;
    use candle_core::Device;

    fn wave(shape: (usize, usize, usize, usize), frequency: f32) -> Tensor {
        let len = shape.0 * shape.1 * shape.2 * shape.3;
        let data: Vec<f32> = (0..len).map(|i| (i as f32 * frequency).sin()).collect();
        Tensor::from_vec(data, shape, &Device::Cpu).unwrap()
    }

    /// The formula of the documentation, in f64.
    fn by_definition(x: &Tensor, weight: &Tensor, stride: usize, padding: Padding) -> Vec<f64> {
        let (batch, inputs, height, width) = x.dims4().unwrap();
        let (outputs, _, kh, kw) = weight.dims4().unwrap();
        let x = x.flatten_all().unwrap().to_vec1::<f32>().unwrap();
        let weight = weight.flatten_all().unwrap().to_vec1::<f32>().unwrap();
        let out_height = (height + padding.top + padding.bottom - kh) / stride + 1;
        let out_width = (width + padding.left + padding.right - kw) / stride + 1;
        let mut y = Vec::new();
        for b in 0..batch {
            for o in 0..outputs {
                for i in 0..out_height {
                    for j in 0..out_width {
                        let mut sum = 0.0;
                        for c in 0..inputs {
                            for u in 0..kh {
                                for v in 0..kw {
                                    let row = (i * stride + u).wrapping_sub(padding.top);
                                    let column = (j * stride + v).wrapping_sub(padding.left);
                                    if row < height && column < width {
                                        let pixel = x[((b * inputs + c) * height + row) * width + column];
                                        sum +=
                                            f64::from(pixel) * f64::from(weight[((o * inputs + c) * kh + u) * kw + v]);
                                    }
                                }
                            }
                        }
                        y.push(sum);
                    }
                }
            }
        }
        y
    }

    #[test]
    fn conv2d_should_match_its_definition_for_every_stride_and_padding() {
        let x = wave((2, 3, 7, 9), 0.37);
        for (kernel, stride, padding) in [
            (3, 1, Padding::same(1)),
            (3, 2, Padding::same(1)),
            (3, 2, Padding::BOTTOM_RIGHT),
            (3, 1, Padding::default()),
            (1, 1, Padding::default()),
            (1, 2, Padding::default()),
            (
                5,
                3,
                Padding {
                    top: 4,
                    bottom: 0,
                    left: 1,
                    right: 6,
                },
            ),
        ] {
            let weight = wave((4, 3, kernel, kernel), 1.1);
            let expected = by_definition(&x, &weight, stride, padding);
            for found in [
                conv2d(&x, &weight, None, stride, padding).unwrap(),
                plain(&x, &weight, stride, padding).unwrap(),
            ] {
                let found = found.flatten_all().unwrap().to_vec1::<f32>().unwrap();
                assert_eq!(found.len(), expected.len());
                for (found, expected) in found.iter().zip(&expected) {
                    assert!(
                        (f64::from(*found) - expected).abs() < 1e-5,
                        "kernel {kernel}, stride {stride}, {padding:?}: {found}, expected {expected}"
                    );
                }
            }
        }
    }

    #[test]
    fn bands_should_not_change_the_result() {
        let (x, weight) = (wave((1, 64, 300, 300), 0.013), wave((1, 64, 3, 3), 0.7));
        const { assert!(64 * 9 * 300 * 300 > MAX_UNFOLDED, "the image must need several bands") };
        let banded = conv2d(&x, &weight, None, 1, Padding::same(1)).unwrap();
        let whole = plain(&x, &weight, 1, Padding::same(1)).unwrap();
        let worst = (banded - whole)
            .unwrap()
            .abs()
            .unwrap()
            .max_all()
            .unwrap()
            .to_scalar::<f32>()
            .unwrap();
        assert!(worst < 1e-4, "largest difference {worst}");
    }

    #[test]
    fn conv2d_should_refuse_what_does_not_fit() {
        let x = wave((1, 3, 2, 2), 0.1);
        assert!(conv2d(&x, &wave((1, 4, 1, 1), 0.1), None, 1, Padding::default()).is_err());
        assert!(conv2d(&x, &wave((1, 3, 3, 3), 0.1), None, 1, Padding::default()).is_err());
        assert!(conv2d(&x, &wave((1, 3, 1, 1), 0.1), None, 0, Padding::default()).is_err());
    }

    #[test]
    fn bias_should_be_added_to_every_pixel() {
        let x = Tensor::zeros((1, 2, 3, 3), DType::F32, &Device::Cpu).unwrap();
        let bias = Tensor::new(&[1.5f32, -2.0], &Device::Cpu).unwrap();
        let y = conv2d(&x, &wave((2, 2, 3, 3), 0.2), Some(&bias), 1, Padding::same(1)).unwrap();
        let y = y.flatten_all().unwrap().to_vec1::<f32>().unwrap();
        assert!(y[..9].iter().all(|v| *v == 1.5) && y[9..].iter().all(|v| *v == -2.0));
    }
}
