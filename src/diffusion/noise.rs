//! Noise that is a function of (seed, draw, element) and nothing else.
//!
//! The same seed therefore means the same picture on every device, and a run resumed at step k draws at step k
//! what the whole run would have drawn there.

use candle_core::{Device, Tensor};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{RngCore as _, SeedableRng as _};

/// Which of a run's independent draws.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Draw {
    /// The noise the run starts from.
    Initial,
    /// The noise a stochastic sampler adds in the step of this index.
    Step(usize),
}

/// N(0, 1) values: `len` of them for this seed and draw.
///
/// `ChaCha8` keyed by the seed, one stream per draw, and the Box–Muller transform in f64 with a portable libm, so that
/// every platform gives the same f32 values.
pub fn standard_normal(seed: u64, draw: Draw, len: usize) -> Vec<f32> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    rng.set_stream(match draw {
        Draw::Initial => 0,
        Draw::Step(index) => index as u64 + 1,
    });
    let mut values = Vec::with_capacity(len + 1);
    while values.len() < len {
        let radius = libm::sqrt(-2.0 * libm::log(unit(rng.next_u32())));
        let angle = std::f64::consts::TAU * unit(rng.next_u32());
        values.push((radius * libm::cos(angle)) as f32);
        values.push((radius * libm::sin(angle)) as f32);
    }
    values.truncate(len);
    values
}

/// [`standard_normal`] as a tensor of `shape` on `device`, f32.
///
/// # Errors
/// The device's, if it is out of memory.
pub fn noise_tensor(seed: u64, draw: Draw, shape: &[usize], device: &Device) -> candle_core::Result<Tensor> {
    Tensor::from_vec(standard_normal(seed, draw, shape.iter().product()), shape, device)
}

/// From `a` to `b` along the sphere, so that a mixture of noises has the strength of noise.
///
/// * `weight`: 0 is `a`, 1 is `b`.
///
/// Where the two point almost the same way, the straight line is taken. Source: Shoemake (1985),
/// <https://doi.org/10.1145/325334.325242>
pub fn slerp(a: &[f32], b: &[f32], weight: f64) -> Vec<f32> {
    const ALMOST_PARALLEL: f64 = 0.9995;
    let dot = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(a, b)| f64::from(*a) * f64::from(*b)).sum::<f64>();
    let cosine = dot(a, b) / (dot(a, a) * dot(b, b)).sqrt();
    let (of_a, of_b) = if cosine.is_nan() || cosine.abs() > ALMOST_PARALLEL {
        (1.0 - weight, weight)
    } else {
        let angle = cosine.acos();
        (
            (angle * (1.0 - weight)).sin() / angle.sin(),
            (angle * weight).sin() / angle.sin(),
        )
    };
    let mix = |(a, b): (&f32, &f32)| (f64::from(*a) * of_a + f64::from(*b) * of_b) as f32;
    a.iter().zip(b).map(mix).collect()
}

/// A value in (0, 1]: never 0, whose logarithm would be infinite.
fn unit(bits: u32) -> f64 {
    (f64::from(bits) + 1.0) / 4_294_967_296.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn noise_should_have_the_moments_of_a_standard_normal() {
        let values = standard_normal(7, Draw::Initial, 100_000);
        let mean = values.iter().map(|v| f64::from(*v)).sum::<f64>() / 1e5;
        let variance = values.iter().map(|v| f64::from(*v).powi(2)).sum::<f64>() / 1e5;
        let kurtosis = values.iter().map(|v| f64::from(*v).powi(4)).sum::<f64>() / 1e5;
        assert!(mean.abs() < 0.01, "mean {mean}");
        assert!((variance - 1.0).abs() < 0.02, "variance {variance}");
        assert!((kurtosis - 3.0).abs() < 0.1, "fourth moment {kurtosis}");
    }

    #[test]
    fn draws_and_seeds_should_be_independent_of_each_other() {
        let first = standard_normal(1, Draw::Initial, 4096);
        for other in [
            standard_normal(2, Draw::Initial, 4096),
            standard_normal(1, Draw::Step(0), 4096),
        ] {
            let correlation = first.iter().zip(&other).map(|(a, b)| f64::from(a * b)).sum::<f64>() / 4096.0;
            assert!(correlation.abs() < 0.08, "correlation {correlation}");
        }
    }

    #[test]
    fn a_mixture_of_noises_should_be_as_strong_as_noise() {
        let (a, b) = (
            standard_normal(1, Draw::Initial, 4096),
            standard_normal(2, Draw::Initial, 4096),
        );
        assert_eq!(slerp(&a, &b, 0.0), a);
        assert_eq!(slerp(&a, &b, 1.0), b);
        let strength = |values: &[f32]| values.iter().map(|v| f64::from(*v).powi(2)).sum::<f64>() / 4096.0;
        let half = slerp(&a, &b, 0.5);
        assert!((strength(&half) - 0.5 * (strength(&a) + strength(&b))).abs() < 0.02);
        assert_eq!(slerp(&a, &a, 0.3), a);
    }

    #[test]
    fn a_shorter_draw_should_be_the_beginning_of_a_longer_one() {
        assert_eq!(
            standard_normal(3, Draw::Step(4), 5),
            standard_normal(3, Draw::Step(4), 9)[..5]
        );
    }
}
