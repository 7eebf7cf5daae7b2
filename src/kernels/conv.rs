//! Two-dimensional convolution, with what networks do just before and just after it.

use super::cpu::gemm::{K_STEP, LhsView, PackedRhs, RowMap, TapOrder};
use super::cpu::image::{Affine, Geometry, ImageView, PaddedImage};
use super::cpu::{self, Element, GemmElement, View, channels_last};
use super::norm::GroupNorm;
use super::padding::{Padding, Wrap};
use super::post_ops::{PendingGemm, PostOps};
use super::trace::{self, Op};
use super::weight_storage::WeightStorage;
use candle_core::{DType, Result, Tensor};
use half::bf16;

/// Kernels of a convolution, laid out once for the device they are on.
#[derive(Debug, Clone)]
pub struct ConvWeights {
    storage: WeightStorage,
    shape: [usize; 4],
    stride: usize,
    padding: Padding,
    by_line: bool,
}

impl ConvWeights {
    /// * `weight`: `(outputs, inputs, kernel_height, kernel_width)`, as PyTorch stores it.
    /// * `bias`: `(outputs)`.
    /// * `stride`: pixels between outputs, at least 1.
    ///
    /// # Errors
    /// If the weight has not four axes, the bias not one number per output, or the stride is 0.
    pub fn new(weight: &Tensor, bias: Option<&Tensor>, stride: usize, padding: Padding) -> Result<Self> {
        let (outputs, inputs, kernel_height, kernel_width) = weight.dims4()?;
        let shape = [outputs, inputs, kernel_height, kernel_width];
        if stride == 0 || weight.elem_count() == 0 {
            candle_core::bail!("a convolution needs weights and a stride, found {shape:?} and stride {stride}");
        }
        if let Some(bias) = bias.filter(|bias| bias.dims() != [outputs]) {
            candle_core::bail!("a convolution expects {outputs} biases, found {:?}", bias.dims());
        }
        let Padding {
            top,
            bottom,
            left,
            right,
        } = padding;
        let fits = top.max(bottom) < kernel_height && left.max(right) < kernel_width;
        // Short lines of many inputs are worth reading three times while they are in the first cache.
        let by_line = kernel_width == 3 && stride == 1 && inputs > 320;
        let order = if by_line {
            TapOrder::LineByLine
        } else {
            TapOrder::TapByTap
        };
        Ok(Self {
            storage: WeightStorage::new(weight, bias, (shape, order), fits, |column| column)?,
            shape,
            stride,
            padding,
            by_line,
        })
    }
}

/// What a convolution reads: feature maps side by side, perhaps normalised, perhaps enlarged, perhaps joined at edges.
#[derive(Debug, Clone, Copy)]
pub struct PreOps<'a> {
    parts: &'a [&'a Tensor],
    norm: Option<(&'a GroupNorm, bool)>,
    size: Option<(usize, usize)>,
    wrap: Wrap,
}

impl<'a> PreOps<'a> {
    /// * `parts`: `(batch, channels, height, width)` each, read as if concatenated over the channels.
    pub fn new(parts: &'a [&'a Tensor]) -> Self {
        Self {
            parts,
            norm: None,
            size: None,
            wrap: Wrap::default(),
        }
    }

    /// After normalising groups of channels.
    #[must_use]
    pub fn normalised(self, norm: &'a GroupNorm) -> Self {
        Self {
            norm: Some((norm, false)),
            ..self
        }
    }

    /// After normalising groups of channels and x · sigmoid(x).
    #[must_use]
    pub fn normalised_silu(self, norm: &'a GroupNorm) -> Self {
        Self {
            norm: Some((norm, true)),
            ..self
        }
    }

    /// After enlarging by repeating pixels, see [`upsample_nearest`](super::upsample_nearest).
    #[must_use]
    pub fn enlarged(self, height: usize, width: usize) -> Self {
        Self {
            size: Some((height, width)),
            ..self
        }
    }

    /// With edges that join.
    #[must_use]
    pub fn wrapped(self, wrap: Wrap) -> Self {
        Self { wrap, ..self }
    }

    /// The feature map in full.
    fn materialised(&self) -> Result<Tensor> {
        let x = match self.parts {
            [x] => (*x).clone(),
            parts => Tensor::cat(parts, 1)?,
        };
        let x = match self.norm {
            Some((norm, true)) => norm.forward_silu(&x)?,
            Some((norm, false)) => norm.forward(&x)?,
            None => x,
        };
        match self.size {
            Some((height, width)) => super::upsample_nearest(&x, height, width),
            None => Ok(x),
        }
    }
}

/// Correlates images with kernels: y\[o, i, j\] = b\[o\] + Σ w\[o, c, u, v\] · x\[c, i·stride + u − top, j·stride + v − left\],
/// then what `after` says.
///
/// Returns `(batch, outputs, (height + top + bottom − kernel_height) / stride + 1, …)`; on the processor the result
/// lies channels last.
///
/// # Errors
/// If the shapes do not fit, or the kernel is larger than the padded image.
pub fn conv2d(input: PreOps<'_>, weights: &ConvWeights, post_ops: PostOps<'_>) -> Result<Tensor> {
    let _span = trace::span(Op::Conv2d);
    let [outputs, inputs, kernel_height, kernel_width] = weights.shape;
    let [first, ..] = input.parts else {
        candle_core::bail!("a convolution needs an image, found none");
    };
    let (batch, _, height, width) = first.dims4()?;
    let mut channels = 0;
    for part in input.parts {
        let dims = part.dims4()?;
        if (dims.0, dims.2, dims.3) != (batch, height, width) || part.dtype() != first.dtype() {
            candle_core::bail!(
                "images read side by side must have one size, found {:?} and {dims:?}",
                first.dims()
            );
        }
        channels += dims.1;
    }
    if channels != inputs {
        candle_core::bail!("convolution expects {inputs} channels, found {channels}");
    }
    let (seen_height, seen_width) = input.size.unwrap_or((height, width));
    let Padding {
        top,
        bottom,
        left,
        right,
    } = weights.padding;
    let (padded_height, padded_width) = (seen_height + top + bottom, seen_width + left + right);
    if padded_height < kernel_height
        || padded_width < kernel_width
        || first.elem_count() == 0
        || seen_height * seen_width == 0
    {
        candle_core::bail!(
            "a {kernel_height}×{kernel_width} kernel does not fit {padded_height}×{padded_width} pixels"
        );
    }
    let geometry = Geometry {
        batch,
        channels,
        height,
        width,
        seen_height,
        seen_width,
        kernel: [kernel_height, kernel_width],
        stride: weights.stride,
        padding: weights.padding,
        wrap: input.wrap,
    };
    post_ops.check(&[batch, outputs, geometry.out_height(), geometry.out_width()], outputs)?;
    let is_served = input.parts.iter().all(|part| cpu::serves(part));
    let reads_bf16 = first.dtype() == DType::BF16;
    match &weights.storage {
        WeightStorage::F32(packed, bias) if is_served => {
            let bias = bias.as_deref();
            if reads_bf16 {
                direct::<bf16, f32>(input, weights, packed, bias, geometry, post_ops)
            } else {
                direct::<f32, f32>(input, weights, packed, bias, geometry, post_ops)
            }
        }
        WeightStorage::Bf16(packed, bias) if is_served => {
            let bias = bias.as_deref();
            if reads_bf16 {
                direct::<bf16, bf16>(input, weights, packed, bias, geometry, post_ops)
            } else {
                direct::<f32, bf16>(input, weights, packed, bias, geometry, post_ops)
            }
        }
        WeightStorage::Plain(weight, bias) => {
            let y = plain(
                &input.materialised()?,
                weight,
                weights.stride,
                weights.padding,
                input.wrap,
            )?;
            let y = match bias {
                Some(bias) => y.broadcast_add(&bias.to_dtype(y.dtype())?.reshape((1, outputs, 1, 1))?)?,
                None => y,
            };
            post_ops.apply(&y)
        }
        _ => candle_core::bail!(
            "these weights cannot be used with {:?} on {:?}",
            first.dtype(),
            first.device()
        ),
    }
}

fn direct<S: Element, E: GemmElement>(
    input: PreOps<'_>,
    weights: &ConvWeights,
    packed: &PackedRhs<E>,
    bias: Option<&[f32]>,
    geometry: Geometry,
    post_ops: PostOps<'_>,
) -> Result<Tensor> {
    let parts = input
        .parts
        .iter()
        .map(|part| channels_last(part))
        .collect::<Result<Vec<_>>>()?;
    let views: Vec<View<'_>> = parts.iter().map(View::of).collect();
    let pixels = views
        .iter()
        .zip(&parts)
        .map(|(view, part)| {
            Ok(ImageView {
                data: view.contiguous::<S>()?,
                channels: part.dim(3)?,
            })
        })
        .collect::<Result<Vec<_>>>()?;
    let Geometry {
        batch, height, width, ..
    } = geometry;

    let is_pointwise = geometry.kernel == [1, 1] && geometry.stride == 1 && weights.padding == Padding::default();
    let reads_as_is = is_pointwise
        && S::DTYPE == E::DTYPE
        && input.norm.is_none()
        && input.size.is_none_or(|size| size == (height, width))
        && pixels.iter().all(|part| part.channels.is_multiple_of(K_STEP));
    let shape = [batch, geometry.out_height(), geometry.out_width()];
    if reads_as_is {
        let sources = views
            .iter()
            .zip(&pixels)
            .map(|(view, part)| Ok(LhsView::rows(view.contiguous::<E>()?, 0, part.channels, part.channels)))
            .collect::<Result<Vec<_>>>()?;
        let product = PendingGemm {
            packed,
            bias,
            sources: &sources,
            rows: batch * height * width,
            map: RowMap::Same,
        };
        return post_ops.finish(&product, &shape);
    }

    let affine = input
        .norm
        .map(|(norm, silu)| Ok::<_, candle_core::Error>((norm.affine(&pixels, [batch, height * width])?, silu)))
        .transpose()?;
    let affine = affine.as_ref().map(|(affine, silu)| Affine {
        scale: &affine.scale,
        shift: &affine.shift,
        silu: *silu,
    });
    let padded = PaddedImage::<E>::new(&pixels, affine, geometry);
    let sources = padded.sources(weights.by_line);
    let product = PendingGemm {
        packed,
        bias,
        sources: &sources,
        rows: geometry.rows(),
        map: if is_pointwise { RowMap::Same } else { geometry.row_map() },
    };
    post_ops.finish(&product, &shape)
}

/// Candle's own convolution; padding it cannot express is written out first.
fn plain(x: &Tensor, weight: &Tensor, stride: usize, padding: Padding, wrap: Wrap) -> Result<Tensor> {
    let Padding {
        top,
        bottom,
        left,
        right,
    } = padding;
    if top == bottom && top == left && top == right && wrap == Wrap::default() {
        return x.conv2d(weight, top, stride, 1, 1);
    }
    padded(&padded(x, 2, [top, bottom], wrap.y)?, 3, [left, right], wrap.x)?.conv2d(weight, 0, stride, 1, 1)
}

/// With so much put before and after one axis: the axis itself over and over, or zeros.
fn padded(x: &Tensor, axis: usize, [before, after]: [usize; 2], wraps: bool) -> Result<Tensor> {
    if !wraps || before + after == 0 {
        return x.pad_with_zeros(axis, before, after);
    }
    let len = x.dim(axis)?;
    let places: Vec<u32> = (0..before + len + after)
        .map(|place| ((place + len - before % len) % len) as u32)
        .collect();
    x.contiguous()?
        .index_select(&Tensor::new(places, x.device())?, axis)?
        .contiguous()
}

#[cfg(test)]
mod tests {
    use super::*;
    use candle_core::{DType, Device};

    fn wave(shape: (usize, usize, usize, usize), frequency: f32) -> Tensor {
        let len = shape.0 * shape.1 * shape.2 * shape.3;
        let data: Vec<f32> = (0..len).map(|i| (i as f32 * frequency).sin()).collect();
        Tensor::from_vec(data, shape, &Device::Cpu).unwrap()
    }

    fn convolved(
        x: &Tensor,
        weight: &Tensor,
        bias: Option<&Tensor>,
        stride: usize,
        padding: Padding,
    ) -> Result<Tensor> {
        let weights = ConvWeights::new(weight, bias, stride, padding)?;
        conv2d(PreOps::new(&[x]), &weights, PostOps::default())
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
                convolved(&x, &weight, None, stride, padding).unwrap(),
                plain(&x, &weight, stride, padding, Wrap::default()).unwrap(),
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

    /// Joined edges against a picture that is laid out beside itself by hand.
    #[test]
    fn joined_edges_should_be_those_of_a_picture_laid_beside_itself() {
        for (kernel, stride, padding, height, width) in [
            (3, 1, Padding::same(1), 7, 9),
            (3, 2, Padding::same(1), 8, 10),
            (3, 2, Padding::BOTTOM_RIGHT, 8, 6),
            (5, 1, Padding::same(2), 1, 2),
            (5, 3, Padding::same(2), 5, 7),
            (1, 1, Padding::default(), 4, 4),
        ] {
            for (x_joins, y_joins) in [(true, false), (false, true), (true, true)] {
                let wrap = Wrap { x: x_joins, y: y_joins };
                let (x, weight) = (wave((2, 3, height, width), 0.37), wave((4, 3, kernel, kernel), 1.1));
                let beside = |x: Tensor, axis: usize, before: usize, after: usize, joins: bool| {
                    if !joins {
                        return x.pad_with_zeros(axis, before, after).unwrap();
                    }
                    let len = x.dim(axis).unwrap();
                    let row = Tensor::cat(&[&x; 7], axis).unwrap();
                    row.narrow(axis, 3 * len - before, before + len + after).unwrap()
                };
                let laid = beside(x.clone(), 2, padding.top, padding.bottom, wrap.y);
                let laid = beside(laid, 3, padding.left, padding.right, wrap.x);
                let expected = by_definition(&laid.contiguous().unwrap(), &weight, stride, Padding::default());
                let weights = ConvWeights::new(&weight, None, stride, padding).unwrap();
                let parts = [&x];
                let input = PreOps::new(&parts).wrapped(wrap);
                for found in [
                    conv2d(input, &weights, PostOps::default()).unwrap(),
                    plain(&x, &weight, stride, padding, wrap).unwrap(),
                ] {
                    let found = found.flatten_all().unwrap().to_vec1::<f32>().unwrap();
                    assert_eq!(found.len(), expected.len());
                    for (found, expected) in found.iter().zip(&expected) {
                        assert!(
                            (f64::from(*found) - expected).abs() < 1e-5,
                            "kernel {kernel}, stride {stride}, {padding:?}, {wrap:?}: {found}, expected {expected}"
                        );
                    }
                }
            }
        }
    }

    #[test]
    fn conv2d_should_refuse_what_does_not_fit() {
        let x = wave((1, 3, 2, 2), 0.1);
        assert!(convolved(&x, &wave((1, 4, 1, 1), 0.1), None, 1, Padding::default()).is_err());
        assert!(convolved(&x, &wave((1, 3, 3, 3), 0.1), None, 1, Padding::default()).is_err());
        assert!(convolved(&x, &wave((1, 3, 1, 1), 0.1), None, 0, Padding::default()).is_err());
    }

    #[test]
    fn bias_should_be_added_to_every_pixel() {
        let x = Tensor::zeros((1, 2, 3, 3), DType::F32, &Device::Cpu).unwrap();
        let bias = Tensor::new(&[1.5f32, -2.0], &Device::Cpu).unwrap();
        let y = convolved(&x, &wave((2, 2, 3, 3), 0.2), Some(&bias), 1, Padding::same(1)).unwrap();
        let y = y.flatten_all().unwrap().to_vec1::<f32>().unwrap();
        assert!(y[..9].iter().all(|v| *v == 1.5) && y[9..].iter().all(|v| *v == -2.0));
    }
}
