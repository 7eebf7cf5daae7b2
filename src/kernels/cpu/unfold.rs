//! Images to columns, for convolution as a matrix product.

use super::contiguous_f32;
use crate::kernels::Padding;
use candle_core::CpuStorage;
use candle_core::CustomOp1;
use candle_core::Layout;
use candle_core::Result;
use candle_core::Shape;
use rayon::prelude::*;

/// `(batch, channels, height, width)` → `(batch, channels · kernel_height · kernel_width, rows · out_width)`:
/// row (c, u, v) of the result is channel c shifted by (u, v), seen at the output pixels of a band of rows.
pub(in crate::kernels) struct Unfold {
    pub(in crate::kernels) kernel_height: usize,
    pub(in crate::kernels) kernel_width: usize,
    pub(in crate::kernels) stride: usize,
    pub(in crate::kernels) padding: Padding,
    /// First output row of the band.
    pub(in crate::kernels) first_row: usize,
    /// Output rows in the band.
    pub(in crate::kernels) rows: usize,
    /// Output columns.
    pub(in crate::kernels) out_width: usize,
}

impl Unfold {
    /// Writes one shifted plane; places outside the image stay 0.
    fn shift(&self, column: &mut [f32], plane: &[f32], width: usize, u: usize, v: usize) {
        let height = plane.len() / width;
        // Outputs j whose source j·stride + v − left lies inside the image.
        let first = self.padding.left.saturating_sub(v).div_ceil(self.stride);
        let end = (width + self.padding.left)
            .saturating_sub(v)
            .div_ceil(self.stride)
            .min(self.out_width);
        if first >= end {
            return;
        }
        let source = first * self.stride + v - self.padding.left;
        for (i, out) in column.chunks_exact_mut(self.out_width).enumerate() {
            let Some(row) = ((self.first_row + i) * self.stride + u).checked_sub(self.padding.top) else {
                continue;
            };
            if row >= height {
                break;
            }
            let (out, pixels) = (&mut out[first..end], &plane[row * width + source..(row + 1) * width]);
            if self.stride == 1 {
                out.copy_from_slice(&pixels[..out.len()]);
            } else {
                for (out, pixel) in out.iter_mut().zip(pixels.iter().step_by(self.stride)) {
                    *out = *pixel;
                }
            }
        }
    }
}

impl CustomOp1 for Unfold {
    fn name(&self) -> &'static str {
        "unfold"
    }

    fn cpu_fwd(&self, storage: &CpuStorage, layout: &Layout) -> Result<(CpuStorage, Shape)> {
        let x = contiguous_f32(storage, layout)?;
        let (batch, channels, height, width) = layout.shape().dims4()?;
        let taps = self.kernel_height * self.kernel_width;
        let pixels = self.rows * self.out_width;
        let shape = Shape::from((batch, channels * taps, pixels));
        let mut columns = vec![0f32; shape.elem_count()];
        if x.is_empty() || columns.is_empty() {
            return Ok((CpuStorage::F32(columns), shape));
        }
        let planes = columns.par_chunks_mut(taps * pixels).zip(x.par_chunks(height * width));
        planes.for_each(|(columns, plane)| {
            for (tap, column) in columns.chunks_exact_mut(pixels).enumerate() {
                self.shift(column, plane, width, tap / self.kernel_width, tap % self.kernel_width);
            }
        });
        Ok((CpuStorage::F32(columns), shape))
    }
}
