//! Planes of numbers at another size.

use image::{ImageBuffer, Pixel};

/// How values go over into each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Curve {
    /// Cubic, after Catmull and Rom (1974).
    Smooth,
    /// Straight lines.
    Straight,
}

/// At another size: rows and columns in turn. Values are in the middle of their places and go on beyond the edges as they
/// are there. Numbers of any range stay what they are, and all of them are the same if the size is.
pub(super) fn enlarged<P>(
    values: &ImageBuffer<P, Vec<f32>>,
    (width, height): (u32, u32),
    curve: Curve,
) -> ImageBuffer<P, Vec<f32>>
where
    P: Pixel<Subpixel = f32> + 'static,
{
    if (values.width(), values.height()) == (width, height) {
        return values.clone();
    }
    let across = taps(values.width(), width, curve);
    let wide = ImageBuffer::from_fn(width, values.height(), |x, y| {
        sum(&across[x as usize], |at| values.get_pixel(at, y))
    });
    let down = taps(values.height(), height, curve);
    ImageBuffer::from_fn(width, height, |x, y| sum(&down[y as usize], |at| wide.get_pixel(x, at)))
}

/// Which four values make up one, and how much of each.
type Taps = [(u32, f32); 4];

fn taps(from: u32, to: u32, curve: Curve) -> Vec<Taps> {
    let last = f64::from(from.saturating_sub(1));
    let of_place = |place: u32| {
        let place = (f64::from(place) + 0.5) * f64::from(from) / f64::from(to) - 0.5;
        let low = place.floor();
        let t = (place - low) as f32;
        let (t2, t3) = (t * t, t * t * t);
        let smooth = [
            -0.5 * t3 + t2 - 0.5 * t,
            1.5 * t3 - 2.5 * t2 + 1.0,
            -1.5 * t3 + 2.0 * t2 + 0.5 * t,
            0.5 * t3 - 0.5 * t2,
        ];
        let weights = match curve {
            Curve::Smooth => smooth,
            Curve::Straight => [0.0, 1.0 - t, t, 0.0],
        };
        std::array::from_fn(|tap| {
            let at = (low - 1.0 + tap as f64).clamp(0.0, last);
            (at as u32, weights[tap])
        })
    };
    (0..to).map(of_place).collect()
}

fn sum<'a, P>(taps: &Taps, value: impl Fn(u32) -> &'a P) -> P
where
    P: Pixel<Subpixel = f32> + 'static,
{
    let [first, rest @ ..] = taps;
    let mut sum = value(first.0).map(|part| part * first.1);
    for (at, weight) in rest {
        sum.apply2(value(*at), |sum, part| sum + part * weight);
    }
    sum
}

#[cfg(test)]
mod tests {
    use image::Luma;

    use super::*;

    type Plane = ImageBuffer<Luma<f32>, Vec<f32>>;

    #[test]
    fn a_slope_should_stay_one_whatever_its_range() {
        let slope = Plane::from_fn(8, 8, |x, y| Luma([100.0 * x as f32 - 300.0 - y as f32]));
        for curve in [Curve::Smooth, Curve::Straight] {
            let found = enlarged(&slope, (32, 24), curve);
            for (x, y, value) in found.enumerate_pixels() {
                if (8..24).contains(&x) && (6..18).contains(&y) {
                    let expected = 100.0 * ((x as f32 + 0.5) / 4.0 - 0.5) - 300.0 - ((y as f32 + 0.5) / 3.0 - 0.5);
                    assert!(
                        (value.0[0] - expected).abs() < 1e-3,
                        "{x} {y}: {value:?}, expected {expected}"
                    );
                }
            }
            assert_eq!(enlarged(&slope, (8, 8), curve), slope);
            let odd = enlarged(&Plane::from_pixel(1, 1, Luma([-2.0])), (5, 7), curve);
            assert!(odd.pixels().all(|value| (value.0[0] + 2.0).abs() < 1e-6));
        }
    }

    #[test]
    fn smooth_curves_should_overshoot_and_straight_ones_not() {
        let edge = Plane::from_fn(6, 1, |x, _| Luma([if x < 3 { 0.0 } else { 1.0 }]));
        let highest = |curve| {
            let found = enlarged(&edge, (48, 1), curve);
            found.pixels().map(|value| value.0[0]).fold(0.0, f32::max)
        };
        assert!(highest(Curve::Smooth) > 1.05);
        assert_eq!(highest(Curve::Straight), 1.0);
    }
}
