//! Pictures laid out for a convolution: channels last, zeros around, channels filled up to whole steps of depth.
//!
//! A convolution with stride 1 reads pixel (y + u, x + v) of the padded picture for output (y, x), which is the row
//! `position(y, x) + u · pitch + v` of one long matrix of pixels: the same shift for all outputs. The zeros to the
//! right of a line are those to the left of the next. With a larger stride the padded picture is kept as stride²
//! pictures of every stride-th pixel, and the same holds in each of them. Where edges join, what lies around is no zeros
//! but the other edge's pixels: each line, or each picture, then has both sides of its own.

use super::element::{self, Element};
use super::gemm::{GemmElement, K_STEP, LhsView, OutputPtr, RowMap};
use super::vectorised;
use crate::kernels::padding::{Padding, Wrap};
use rayon::prelude::*;
use std::mem::MaybeUninit;

/// Channels-last pixels of one of the tensors that are read side by side.
#[derive(Clone, Copy)]
pub(crate) struct ImageView<'a, E> {
    /// `(batch, height, width, channels)`.
    pub(crate) data: &'a [E],
    /// Channels of this tensor.
    pub(crate) channels: usize,
}

/// What is done to each number on its way into the padded picture: x · scale + shift, then perhaps SiLU.
#[derive(Clone, Copy)]
pub(crate) struct Affine<'a> {
    /// `(batch, channels)`.
    pub(crate) scale: &'a [f32],
    /// `(batch, channels)`.
    pub(crate) shift: &'a [f32],
    /// Whether x · sigmoid(x) follows.
    pub(crate) silu: bool,
}

/// Sizes of a convolution.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Geometry {
    /// Pictures.
    pub(crate) batch: usize,
    /// Channels of all sources together.
    pub(crate) channels: usize,
    /// Lines of the sources.
    pub(crate) height: usize,
    /// Pixels of a line of the sources.
    pub(crate) width: usize,
    /// Lines that the convolution sees, after nearest-neighbour enlargement.
    pub(crate) seen_height: usize,
    /// Pixels of a line that the convolution sees.
    pub(crate) seen_width: usize,
    /// Lines and columns of the kernel.
    pub(crate) kernel: [usize; 2],
    /// Pixels between outputs.
    pub(crate) stride: usize,
    /// Pixels around.
    pub(crate) padding: Padding,
    /// Where those are the pixels of the other edge instead of zeros.
    pub(crate) wrap: Wrap,
}

/// Pixels from one line to the next, or lines from one picture to the next.
///
/// * `around`: what is put before and after.
fn pitch_of(seen: usize, around: [usize; 2], stride: usize, wraps: bool) -> usize {
    let [before, after] = around;
    if stride == 1 && !wraps {
        seen + before.max(after)
    } else {
        (seen + before + after).div_ceil(stride)
    }
}

/// Where in the picture a place of the padded one comes from; outside of it for zeros.
#[inline(always)]
fn seen_at(padded: usize, before: usize, seen: usize, wraps: bool) -> usize {
    let place = padded.wrapping_sub(before);
    if wraps && place >= seen {
        (padded + seen - before % seen) % seen
    } else {
        place
    }
}

impl Geometry {
    /// Lines of the result.
    pub(crate) fn out_height(&self) -> usize {
        (self.seen_height + self.padding.top + self.padding.bottom - self.kernel[0]) / self.stride + 1
    }

    /// Pixels of a line of the result.
    pub(crate) fn out_width(&self) -> usize {
        (self.seen_width + self.padding.left + self.padding.right - self.kernel[1]) / self.stride + 1
    }

    /// Pixels from one line to the next.
    fn pitch(&self) -> usize {
        let Padding { left, right, .. } = self.padding;
        pitch_of(self.seen_width, [left, right], self.stride, self.wrap.x)
    }

    /// Lines from one picture to the next.
    fn lines(&self) -> usize {
        let Padding { top, bottom, .. } = self.padding;
        pitch_of(self.seen_height, [top, bottom], self.stride, self.wrap.y)
    }

    /// Numbers of a pixel, filled up.
    fn depth(&self) -> usize {
        self.channels.next_multiple_of(K_STEP)
    }

    /// Numbers from one pixel to the next. A stride of whole pages would put every row of a tile in one set of the
    /// first cache.
    fn pixel_stride<E>(&self) -> usize {
        const PAGE: usize = 4096;
        let depth = self.depth();
        if (depth * size_of::<E>()).is_multiple_of(PAGE) {
            depth + K_STEP
        } else {
            depth
        }
    }

    /// Rows of the product.
    pub(crate) fn rows(&self) -> usize {
        ((self.batch - 1) * self.lines() + self.out_height() - 1) * self.pitch() + self.out_width()
    }

    /// Where the product's rows go.
    pub(crate) fn row_map(&self) -> RowMap {
        RowMap::Image {
            image: self.lines() * self.pitch(),
            pitch: self.pitch(),
            height: self.out_height(),
            width: self.out_width(),
        }
    }

    /// Pixels of one of the stride² pictures of every stride-th pixel, with what the last rows read beyond.
    fn phase_pixels(&self) -> usize {
        /// A product may have more rows than there are, see `MicroKernel::MR`.
        const SPARE_ROWS: usize = super::gemm::MAX_MR;
        let shifts = (self.kernel[0] - 1) / self.stride * self.pitch() + (self.kernel[1] - 1) / self.stride;
        let whole = self.batch * self.lines() * self.pitch();
        (self.rows().max(SPARE_ROWS) + shifts).max(whole + self.padding.top * self.pitch() + self.padding.left)
    }
}

impl Geometry {
    /// Writes one line of one of the stride² pictures, zeros included.
    #[inline(always)]
    fn write_line<S: Element, E: Element>(
        &self,
        sources: &[ImageView<'_, S>],
        affine: Option<Affine<'_>>,
        index: usize,
        target: OutputPtr<E>,
    ) {
        let Self {
            batch,
            channels,
            height,
            width,
            stride,
            padding,
            wrap,
            ..
        } = *self;
        let (pitch, lines) = (self.pitch(), self.lines());
        let pixel = self.pixel_stride::<E>();
        let phase = self.phase_pixels();
        let lines_in_phase = phase.div_ceil(pitch);
        let (phase_index, line) = (index / lines_in_phase, index % lines_in_phase);
        let (phase_y, phase_x) = (phase_index / stride, phase_index % stride);
        let count = pitch.min(phase - line * pitch);
        // SAFETY: each line is written by one task.
        let out = unsafe { target.slice((phase_index * phase + line * pitch) * pixel, count * pixel) };
        let image = line / lines;
        // With stride 1 the zeros above the next picture are those below this one.
        let seen_y = seen_at(line % lines * stride + phase_y, padding.top, self.seen_height, wrap.y);
        if image >= batch || seen_y >= self.seen_height {
            zero(out);
            return;
        }
        let y = seen_y * height / self.seen_height;
        let affine = affine.map(|affine| Affine {
            scale: &affine.scale[image * channels..(image + 1) * channels],
            shift: &affine.shift[image * channels..(image + 1) * channels],
            ..affine
        });
        for (column, out) in out.chunks_exact_mut(pixel).enumerate() {
            let seen_x = seen_at(column * stride + phase_x, padding.left, self.seen_width, wrap.x);
            if seen_x >= self.seen_width {
                zero(out);
                continue;
            }
            let is_enlarged = width != self.seen_width;
            let x = if is_enlarged {
                seen_x * width / self.seen_width
            } else {
                seen_x
            };
            let mut first = 0;
            for source in sources {
                let at = ((image * height + y) * width + x) * source.channels;
                let numbers = &source.data[at..at + source.channels];
                let range = first..first + source.channels;
                match affine {
                    None => {
                        for (out, number) in out[range].iter_mut().zip(numbers) {
                            out.write(E::from_f32(number.to_f32()));
                        }
                    }
                    Some(affine) => {
                        let (scale, shift) = (&affine.scale[range.clone()], &affine.shift[range.clone()]);
                        apply(&mut out[range], numbers, scale, shift, affine.silu);
                    }
                }
                first += source.channels;
            }
            zero(&mut out[first..]);
        }
    }
}

#[inline(always)]
fn zero<E: Element>(out: &mut [MaybeUninit<E>]) {
    for out in out {
        out.write(E::default());
    }
}

/// out = x · scale + shift, then perhaps SiLU.
#[inline(always)]
pub(crate) fn apply<S: Element, E: Element>(
    out: &mut [MaybeUninit<E>],
    numbers: &[S],
    scale: &[f32],
    shift: &[f32],
    silu: bool,
) {
    let zipped = out.iter_mut().zip(numbers).zip(scale).zip(shift);
    if silu {
        for (((out, number), scale), shift) in zipped {
            let value = number.to_f32() * scale + shift;
            out.write(E::from_f32(value * element::sigmoid(value)));
        }
    } else {
        for (((out, number), scale), shift) in zipped {
            out.write(E::from_f32(number.to_f32() * scale + shift));
        }
    }
}

/// A batch of padded pictures.
pub(crate) struct PaddedImage<E> {
    data: Vec<E>,
    geometry: Geometry,
}

impl<E: GemmElement> PaddedImage<E> {
    /// Copies the sources side by side (their channels one after another) into the padded form.
    pub(crate) fn new<S: Element>(
        sources: &[ImageView<'_, S>],
        affine: Option<Affine<'_>>,
        geometry: Geometry,
    ) -> Self {
        let Geometry {
            batch,
            channels,
            height,
            width,
            stride,
            ..
        } = geometry;
        assert_eq!(sources.iter().map(|source| source.channels).sum::<usize>(), channels);
        assert!(
            sources
                .iter()
                .all(|source| source.data.len() == batch * height * width * source.channels)
        );
        assert!(affine.is_none_or(|a| a.scale.len() == batch * channels && a.shift.len() == batch * channels));
        let pitch = geometry.pitch();
        let pixel = geometry.pixel_stride::<E>();
        let phase = geometry.phase_pixels();
        let len = stride * stride * phase * pixel;
        let mut data = Vec::with_capacity(len);
        let target = OutputPtr::new(&mut data);

        let lines_in_phase = phase.div_ceil(pitch);
        (0..stride * stride * lines_in_phase)
            .into_par_iter()
            .with_min_len(4)
            .for_each(|index| {
                vectorised(
                    #[inline(always)]
                    || geometry.write_line(sources, affine, index, target),
                );
            });
        // SAFETY: every line of every phase was written, and the lines make up all of it.
        unsafe { data.set_len(len) };
        Self { data, geometry }
    }

    /// The rows of the product, in the order of weights packed tap by tap, or line by line if `by_line`.
    pub(crate) fn sources(&self, by_line: bool) -> Vec<LhsView<'_, E>> {
        let geometry = &self.geometry;
        let (pixel, phase) = (geometry.pixel_stride::<E>(), geometry.phase_pixels());
        let [lines, taps] = geometry.kernel;
        let stride = geometry.stride;
        let source = |line: usize, tap: usize, taps: usize| {
            let phase_index = line % stride * stride + tap % stride;
            let shift = line / stride * geometry.pitch() + tap / stride;
            LhsView {
                data: &self.data,
                offset: (phase_index * phase + shift) * pixel,
                stride: pixel,
                depth: geometry.depth(),
                taps,
                tap_stride: pixel,
            }
        };
        if by_line {
            (0..lines).map(|line| source(line, 0, taps)).collect()
        } else {
            (0..lines * taps).map(|tap| source(tap / taps, tap % taps, 1)).collect()
        }
    }
}
