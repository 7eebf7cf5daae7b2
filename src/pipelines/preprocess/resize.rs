//! Pictures of another size.

use super::Pixels;

/// How pixels are weighed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Filter {
    /// The mean of what a pixel covers.
    Area,
    /// Keys's cubic with a = −1/2, stretched when the picture shrinks.
    ///
    /// Source: <https://doi.org/10.1109/TASSP.1981.1163711>
    Cubic,
}

impl Filter {
    /// Pixels on each side that count.
    fn reach(self) -> f64 {
        match self {
            Self::Area => 0.5,
            Self::Cubic => 2.0,
        }
    }

    /// Weight at a distance.
    fn weight(self, distance: f64) -> f64 {
        let x = distance.abs();
        match self {
            Self::Area => f64::from(u8::from(distance > -0.5 && distance <= 0.5)),
            Self::Cubic if x < 1.0 => (1.5 * x - 2.5) * x * x + 1.0,
            Self::Cubic if x < 2.0 => ((-0.5 * x + 2.5) * x - 4.0) * x + 2.0,
            Self::Cubic => 0.0,
        }
    }
}

impl Pixels {
    /// The picture at another size, columns first and then rows, each time rounded to whole numbers 0 to 255: what
    /// Pillow makes of pictures of bytes, which is what networks were trained on.
    ///
    /// * `width`, `height`: at least 1.
    pub(super) fn resized(&self, width: usize, height: usize, filter: Filter) -> Self {
        let across = self.turned_to(width, filter);
        across.turned_to(height, filter)
    }

    /// Lines resized, and rows and columns exchanged.
    fn turned_to(&self, length: usize, filter: Filter) -> Self {
        let Self {
            width,
            height,
            channels,
            ..
        } = *self;
        let mut values = vec![0f32; length * height * channels];
        for (at, (first, weights)) in taps(width, length, filter).into_iter().enumerate() {
            for y in 0..height {
                let line = &self.values[(y * width + first) * channels..];
                for channel in 0..channels {
                    let pairs = weights.iter().zip(line.iter().skip(channel).step_by(channels));
                    let sum: f64 = pairs.map(|(weight, value)| weight * f64::from(*value)).sum();
                    values[(at * height + y) * channels + channel] = (sum + 0.5).floor().clamp(0.0, 255.0) as f32;
                }
            }
        }
        Self {
            width: height,
            height: length,
            channels,
            values,
        }
    }
}

/// For each pixel of the new line, the first of the old ones that count and their weights, which sum to 1.
fn taps(from: usize, to: usize, filter: Filter) -> Vec<(usize, Vec<f64>)> {
    let scale = from as f64 / to as f64;
    let stretch = scale.max(1.0);
    let reach = filter.reach() * stretch;
    (0..to)
        .map(|at| {
            let centre = (at as f64 + 0.5) * scale;
            let first = (centre - reach + 0.5).max(0.0) as usize;
            let last = ((centre + reach + 0.5) as usize).min(from);
            let weight = |place: usize| filter.weight((place as f64 - centre + 0.5) / stretch);
            let weights: Vec<f64> = (first..last).map(weight).collect();
            let sum: f64 = weights.iter().sum();
            (first, weights.into_iter().map(|weight| weight / sum).collect())
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_should_sum_to_one_and_stay_inside() {
        for filter in [Filter::Area, Filter::Cubic] {
            for (from, to) in [(1, 7), (7, 1), (7, 7), (40, 32), (3, 1000), (999, 2)] {
                for (first, weights) in taps(from, to, filter) {
                    let sum: f64 = weights.iter().sum();
                    assert!((sum - 1.0).abs() < 1e-12, "{filter:?} {from} → {to}: {sum}");
                    assert!(first + weights.len() <= from, "{filter:?} {from} → {to}");
                }
            }
        }
    }

    #[test]
    fn halving_by_area_should_be_the_mean_of_four() {
        let image = Pixels {
            width: 4,
            height: 2,
            channels: 1,
            values: vec![0.0, 10.0, 100.0, 100.0, 20.0, 30.0, 100.0, 200.0],
        };
        let half = image.resized(2, 1, Filter::Area);
        assert_eq!((half.width, half.height), (2, 1));
        assert_eq!(half.values, [15.0, 125.0]);
        assert_eq!(image.resized(4, 2, Filter::Cubic), image);
    }
}
