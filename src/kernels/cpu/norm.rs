//! Statistics of groups of channels, and normalisation of rows.

use super::element::Element;
use super::gemm::OutputPtr;
use super::image::{ImageView, apply};
use super::vectorised;
use rayon::prelude::*;

/// Pixels whose numbers are summed in f32 before sums are merged in f64.
const PIXELS_PER_SUM: usize = 256;

/// The affine map that normalises groups of channels of channels-last pictures.
pub(crate) struct GroupAffine {
    /// `(batch, channels)`: weight / √(var + eps).
    pub(crate) scale: Vec<f32>,
    /// `(batch, channels)`: bias − mean · scale.
    pub(crate) shift: Vec<f32>,
}

/// Count, mean and sum of squared deviations.
#[derive(Clone, Copy, Default)]
struct Moments {
    count: f64,
    mean: f64,
    squares: f64,
}

impl Moments {
    /// Both samples together (Chan, Golub and `LeVeque` 1983).
    fn merged(self, other: Self) -> Self {
        let count = self.count + other.count;
        if count == 0.0 {
            return self;
        }
        let delta = other.mean - self.mean;
        Self {
            count,
            mean: self.mean + delta * other.count / count,
            squares: self.squares + other.squares + delta * delta * self.count * other.count / count,
        }
    }
}

/// Mean and variance over each group of channels (of all sources side by side) and all pixels of a picture.
///
/// * `sources`: `(batch, pixels, channels)` each.
/// * `weight`, `bias`: one per channel of all sources together; `groups` divides them.
pub(crate) fn group_affine<E: Element>(
    sources: &[ImageView<'_, E>],
    [batch, pixels]: [usize; 2],
    groups: usize,
    weight: &[f32],
    bias: &[f32],
    eps: f64,
) -> GroupAffine {
    let channels: usize = sources.iter().map(|source| source.channels).sum();
    let sums_per_image = pixels.div_ceil(PIXELS_PER_SUM);
    let moments: Vec<Vec<Moments>> = (0..batch * sums_per_image)
        .into_par_iter()
        .map(|index| {
            let (image, part) = (index / sums_per_image, index % sums_per_image);
            let first = part * PIXELS_PER_SUM;
            let count = PIXELS_PER_SUM.min(pixels - first);
            let mut moments = Vec::with_capacity(channels);
            for source in sources {
                let begin = (image * pixels + first) * source.channels;
                let numbers = &source.data[begin..begin + count * source.channels];
                vectorised(
                    #[inline(always)]
                    || channel_moments(numbers, source.channels, &mut moments),
                );
            }
            moments
        })
        .collect();

    let per_group = channels / groups;
    let mut affine = GroupAffine {
        scale: Vec::with_capacity(batch * channels),
        shift: Vec::with_capacity(batch * channels),
    };
    for parts in moments.chunks(sums_per_image) {
        for group in 0..groups {
            let range = group * per_group..(group + 1) * per_group;
            let whole = parts
                .iter()
                .flat_map(|part| &part[range.clone()])
                .fold(Moments::default(), |sum, part| sum.merged(*part));
            let scale = (whole.squares / whole.count + eps).sqrt().recip();
            for channel in range {
                let scale = scale * f64::from(weight[channel]);
                affine.scale.push(scale as f32);
                affine
                    .shift
                    .push((f64::from(bias[channel]) - whole.mean * scale) as f32);
            }
        }
    }
    affine
}

/// Moments of each channel, taken about the first pixel so that a large mean costs no digits.
#[inline(always)]
fn channel_moments<E: Element>(numbers: &[E], channels: usize, moments: &mut Vec<Moments>) {
    /// Channels whose sums stay in registers.
    const LANES: usize = 32;
    let count = (numbers.len() / channels) as f64;
    for first in (0..channels).step_by(LANES) {
        let lanes = LANES.min(channels - first);
        let mut origin = [0f32; LANES];
        for (origin, number) in origin.iter_mut().zip(&numbers[first..first + lanes]) {
            *origin = number.to_f32();
        }
        let (mut sums, mut squares) = ([0f32; LANES], [0f32; LANES]);
        if lanes == LANES {
            for pixel in numbers.chunks_exact(channels) {
                let pixel = &pixel[first..first + LANES];
                for lane in 0..LANES {
                    let deviation = pixel[lane].to_f32() - origin[lane];
                    sums[lane] += deviation;
                    squares[lane] += deviation * deviation;
                }
            }
        } else {
            for pixel in numbers.chunks_exact(channels) {
                for (lane, number) in pixel[first..first + lanes].iter().enumerate() {
                    let deviation = number.to_f32() - origin[lane];
                    sums[lane] += deviation;
                    squares[lane] += deviation * deviation;
                }
            }
        }
        moments.extend((0..lanes).map(|lane| {
            let mean = f64::from(sums[lane]) / count;
            Moments {
                count,
                mean: f64::from(origin[lane]) + mean,
                squares: (f64::from(squares[lane]) - mean * mean * count).max(0.0),
            }
        }));
    }
}

/// x · scale + shift, then perhaps SiLU, for channels-last pixels.
pub(crate) fn apply_affine<S: Element, E: Element>(
    numbers: &[S],
    channels: usize,
    pixels: usize,
    affine: &GroupAffine,
    silu: bool,
) -> Vec<E> {
    let mut out = Vec::with_capacity(numbers.len());
    let target = OutputPtr::new(&mut out);
    let rows_per_task = (PIXELS_PER_SUM / 4).max(1);
    let tasks_per_image = pixels.div_ceil(rows_per_task);
    let batch = numbers.len() / (channels * pixels).max(1);
    (0..batch * tasks_per_image).into_par_iter().for_each(|index| {
        let (image, part) = (index / tasks_per_image, index % tasks_per_image);
        let first = image * pixels + part * rows_per_task;
        let rows = rows_per_task.min(pixels - part * rows_per_task);
        let scale = &affine.scale[image * channels..(image + 1) * channels];
        let shift = &affine.shift[image * channels..(image + 1) * channels];
        // SAFETY: each task has rows of its own.
        let out = unsafe { target.slice(first * channels, rows * channels) };
        let numbers = &numbers[first * channels..(first + rows) * channels];
        vectorised(
            #[inline(always)]
            || {
                for (out, numbers) in out.chunks_exact_mut(channels).zip(numbers.chunks_exact(channels)) {
                    apply(out, numbers, scale, shift, silu);
                }
            },
        );
    });
    // SAFETY: every row was written.
    unsafe { out.set_len(numbers.len()) };
    out
}

/// (x − mean) / √(var + eps) · weight + bias over rows of `weight.len()` numbers.
pub(crate) fn layer_norm<S: Element, E: Element>(numbers: &[S], weight: &[f32], bias: &[f32], eps: f64) -> Vec<E> {
    const ROWS_PER_TASK: usize = 32;
    let channels = weight.len();
    let mut out = Vec::with_capacity(numbers.len());
    let target = OutputPtr::new(&mut out);
    numbers
        .par_chunks(ROWS_PER_TASK * channels)
        .enumerate()
        .for_each(|(index, numbers)| {
            // SAFETY: each task has rows of its own.
            let out = unsafe { target.slice(index * ROWS_PER_TASK * channels, numbers.len()) };
            vectorised(
                #[inline(always)]
                || {
                    for (out, row) in out.chunks_exact_mut(channels).zip(numbers.chunks_exact(channels)) {
                        let mean = sum(row, |x| x) / channels as f32;
                        let variance = sum(row, |x| (x - mean) * (x - mean)) / channels as f32;
                        let scale = (f64::from(variance) + eps).sqrt().recip() as f32;
                        for (((out, number), weight), bias) in out.iter_mut().zip(row).zip(weight).zip(bias) {
                            out.write(E::from_f32((number.to_f32() - mean) * scale * weight + bias));
                        }
                    }
                },
            );
        });
    // SAFETY: every row was written.
    unsafe { out.set_len(numbers.len()) };
    out
}

/// Σ f(x), in lanes so that it runs in vectors; the order does not depend on the processor.
#[inline(always)]
fn sum<E: Element>(row: &[E], f: impl Fn(f32) -> f32) -> f32 {
    const LANES: usize = 32;
    let mut lanes = [0f32; LANES];
    let (chunks, rest) = row.as_chunks::<LANES>();
    for chunk in chunks {
        for lane in 0..LANES {
            lanes[lane] += f(chunk[lane].to_f32());
        }
    }
    for (lane, number) in lanes.iter_mut().zip(rest) {
        *lane += f(number.to_f32());
    }
    let mut width = LANES / 2;
    while width > 0 {
        let (low, high) = lanes.split_at_mut(width);
        for (low, high) in low.iter_mut().zip(high) {
            *low += *high;
        }
        width /= 2;
    }
    lanes[0]
}
