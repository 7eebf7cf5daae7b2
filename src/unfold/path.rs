//! The path of latents through their space, seen in the plane in which it is widest.

use crate::job::LatentPlane;

/// Rounds of iteration after which the plane is taken as it is.
const MAX_ROUNDS: usize = 1000;
/// Largest change of the plane's axes, as 1 − cosine, at which it is taken as found.
const TOLERANCE: f64 = 1e-13;
/// Vectors that are iterated together: two are wanted, the others let these converge faster.
const NUM_VECTORS: usize = 4;
/// Size against the widest axis below which an extent is taken for rounding: f32 gives products some 7 digits, of which an
/// extent is the root.
const NOTHING: f64 = 1e-3;

/// Where each of the latents of each run lies in the plane of the two widest directions of all of them together
/// (principal components), in units of the latents.
///
/// Computed from the products of all latents with each other, which is exact: with n latents in all it takes n²/2
/// products of their length, so a plot of many long runs is made beside the window. The axes may turn as runs grow, but
/// they do not flip: the first latents of the first run lie on the left and below.
///
/// Latents of another size than the first are left at the origin.
pub fn paths(runs: &[Vec<&LatentPlane>]) -> Vec<Vec<[f32; 2]>> {
    let all: Vec<&LatentPlane> = runs.iter().flatten().copied().collect();
    let gram = centred_gram(&all);
    let axes = widest(&gram, all.len());
    let mut places = (0..all.len()).map(|place| [axes[0][place] as f32, axes[1][place] as f32]);
    runs.iter()
        .map(|run| places.by_ref().take(run.len()).collect())
        .collect()
}

/// Products of all latents with each other, row by row, after their mean was taken from each.
fn centred_gram(all: &[&LatentPlane]) -> Vec<f64> {
    let n = all.len();
    let len = all.first().map_or(0, |first| first.values.len());
    let fits: Vec<bool> = all.iter().map(|plane| plane.values.len() == len).collect();
    let count = fits.iter().filter(|fits| **fits).count().max(1) as f64;
    let mut mean = vec![0.0_f64; len];
    for (plane, _) in all.iter().zip(&fits).filter(|(_, fits)| **fits) {
        for (sum, value) in mean.iter_mut().zip(&plane.values) {
            *sum += f64::from(*value) / count;
        }
    }
    let centred: Vec<Vec<f32>> = all
        .iter()
        .zip(&fits)
        .map(|(plane, fits)| {
            let values = plane.values.iter().zip(&mean);
            let values = values.map(|(value, mean)| (f64::from(*value) - mean) as f32);
            values
                .map(|value| if *fits && value.is_finite() { value } else { 0.0 })
                .collect()
        })
        .collect();
    let mut gram = vec![0.0; n * n];
    for i in 0..n {
        for j in 0..=i {
            let product = dot(&centred[i], &centred[j]);
            gram[i * n + j] = product;
            gram[j * n + i] = product;
        }
    }
    gram
}

/// Sums strips of the products in f32 side by side, and the strips in f64.
fn dot(a: &[f32], b: &[f32]) -> f64 {
    const LANES: usize = 16;
    const STRIP: usize = 1024;
    let strips = a.chunks(STRIP).zip(b.chunks(STRIP));
    let of_strip = |(a, b): (&[f32], &[f32])| {
        let mut sums = [0.0_f32; LANES];
        for (a, b) in a.chunks(LANES).zip(b.chunks(LANES)) {
            for ((sum, a), b) in sums.iter_mut().zip(a).zip(b) {
                *sum += a * b;
            }
        }
        sums.iter().copied().map(f64::from).sum::<f64>()
    };
    strips.map(of_strip).sum()
}

/// Coordinates along the two widest axes: eigenvectors of the matrix times the roots of their eigenvalues, by subspace
/// iteration.
fn widest(gram: &[f64], n: usize) -> [Vec<f64>; 2] {
    // Any start serves that is not orthogonal to the axes; cosines of growing frequency resemble paths.
    let start =
        |k: usize| (0..n).map(move |i| ((i as f64 + 0.5) * (k + 1) as f64 * 2.0 / n as f64).cos() + 1e-3 * k as f64);
    let mut vectors: Vec<Vec<f64>> = (0..NUM_VECTORS).map(|k| start(k).collect()).collect();
    let mut lengths = orthonormalise(&mut vectors);
    for _ in 0..MAX_ROUNDS {
        let mut next: Vec<Vec<f64>> = vectors.iter().map(|vector| product(gram, vector)).collect();
        lengths = orthonormalise(&mut next);
        let turned = next.iter().zip(&vectors).take(2);
        let turned = turned.map(|(next, vector)| 1.0 - inner(next, vector).abs());
        let is_found = turned
            .zip(&lengths)
            .all(|(turned, length)| turned < TOLERANCE || *length == 0.0);
        vectors = next;
        if is_found {
            break;
        }
    }
    let widest = lengths[0].max(0.0).sqrt();
    [0, 1].map(|axis| {
        let width = lengths[axis].max(0.0).sqrt();
        if width <= NOTHING * widest {
            return vec![0.0; n];
        }
        let mut coordinates: Vec<f64> = vectors[axis].iter().map(|value| value * width).collect();
        let first = coordinates.iter().find(|value| value.abs() > NOTHING * widest);
        if first.is_some_and(|first| *first > 0.0) {
            for value in &mut coordinates {
                *value = -*value;
            }
        }
        coordinates
    })
}

/// Gram and Schmidt, twice over for the sake of rounding; the lengths that were left of each. What has no length left
/// becomes zero.
fn orthonormalise(vectors: &mut [Vec<f64>]) -> Vec<f64> {
    let mut lengths = Vec::with_capacity(vectors.len());
    for k in 0..vectors.len() {
        let (done, rest) = vectors.split_at_mut(k);
        let vector = &mut rest[0];
        let before = inner(vector, vector).sqrt();
        for other in done.iter().chain(done.iter()) {
            let share = inner(vector, other);
            vector
                .iter_mut()
                .zip(other)
                .for_each(|(value, other)| *value -= share * other);
        }
        let length = inner(vector, vector).sqrt();
        let is_left = length > 1e-12 * before && length > 0.0;
        let factor = if is_left { 1.0 / length } else { 0.0 };
        for value in vector.iter_mut() {
            *value *= factor;
        }
        lengths.push(if is_left { length } else { 0.0 });
    }
    lengths
}

fn product(gram: &[f64], vector: &[f64]) -> Vec<f64> {
    let n = vector.len();
    gram.chunks(n.max(1)).map(|row| inner(row, vector)).collect()
}

fn inner(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plane(values: impl IntoIterator<Item = f32>) -> LatentPlane {
        let values: Vec<f32> = values.into_iter().collect();
        LatentPlane {
            channels: 1,
            height: 1,
            width: values.len(),
            values,
        }
    }

    fn paths_of(runs: &[&[LatentPlane]]) -> Vec<Vec<[f32; 2]>> {
        let runs: Vec<Vec<&LatentPlane>> = runs.iter().map(|run| run.iter().collect()).collect();
        paths(&runs)
    }

    #[track_caller]
    fn assert_near(found: [f32; 2], expected: [f32; 2]) {
        let is_near = found.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-4);
        assert!(is_near, "found {found:?}, expected {expected:?}");
    }

    #[test]
    fn points_on_a_line_should_lie_on_the_first_axis_at_their_distances() {
        // Along (3, 4) / 5, at −4, −1 and 5 around their mean.
        let line = [1.0, 4.0, 10.0].map(|t: f32| plane([0.6 * t + 7.0, 0.8 * t - 2.0, 1.0]));
        let found = paths_of(&[&line]);
        for (place, x) in found[0].iter().zip([-4.0, -1.0, 5.0]) {
            assert_near(*place, [x, 0.0]);
        }
    }

    #[test]
    fn points_of_a_plane_should_keep_all_their_distances() {
        // Two axes at right angles in many dimensions, a wide and a narrow one.
        let wide = |i: usize| if i.is_multiple_of(2) { 1.0_f32 } else { 0.0 };
        let narrow = |i: usize| if i % 4 == 1 { 1.0_f32 } else { 0.0 };
        let point = |a: f32, b: f32| plane((0..64).map(move |i| 3.0 + a * wide(i) + b * narrow(i)));
        let corners = [point(-5.0, -1.0), point(-5.0, 1.0), point(5.0, -1.0), point(5.0, 1.0)];
        let (first, second) = corners.split_at(2);
        let found = paths_of(&[first, second]);
        let (x, y) = (5.0 * 32.0_f32.sqrt(), 16.0_f32.sqrt());
        assert_near(found[0][0], [-x, -y]);
        assert_near(found[0][1], [-x, y]);
        assert_near(found[1][0], [x, -y]);
        assert_near(found[1][1], [x, y]);
    }

    #[test]
    fn the_axes_should_be_at_right_angles_and_the_first_one_the_wider() {
        let mut state = 1_u32;
        let mut random = move || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            state as f32 / u32::MAX as f32 - 0.5
        };
        let cloud: Vec<LatentPlane> = (0..30)
            .map(|step| {
                let drift = step as f32 / 10.0;
                plane((0..48).map(|i| random() + if i < 8 { drift } else { drift * drift * 0.1 }))
            })
            .collect();
        let found = paths_of(&[&cloud]);
        let sum = |value: fn(&[f32; 2]) -> f32| found[0].iter().map(value).sum::<f32>();
        assert!(sum(|place| place[0] * place[1]).abs() < 1e-2 * sum(|place| place[0] * place[0]));
        assert!(sum(|place| place[0]).abs() < 1e-3 && sum(|place| place[1]).abs() < 1e-3);
        assert!(sum(|place| place[0] * place[0]) > sum(|place| place[1] * place[1]));
        assert!(found[0][0][0] < 0.0 && found[0][0][1] < 0.0);
        // One step more turns the axes a little, and flips none.
        let shorter = paths_of(&[&cloud[..29]]);
        let apart = |axis: usize| (shorter[0][5][axis] - found[0][5][axis]).abs();
        assert!(apart(0) < 1.0 && apart(1) < 1.0);
    }

    #[test]
    fn nothing_odd_should_be_made_of_few_or_torn_latents() {
        assert_eq!(paths_of(&[]), Vec::<Vec<[f32; 2]>>::new());
        assert_eq!(paths_of(&[&[], &[plane([1.0, 2.0])]]), [vec![], vec![[0.0, 0.0]]]);
        let same = [plane([1.0, 2.0]), plane([1.0, 2.0])];
        assert_eq!(paths_of(&[&same]), [vec![[0.0; 2]; 2]]);
        let torn = [plane([f32::NAN, 1.0]), plane([1.0]), plane([0.0, 3.0]), plane([])];
        let found = paths_of(&[&torn]);
        assert!(found[0].iter().flatten().all(|value| value.is_finite()));
        assert_eq!((found[0][1], found[0][3]), ([0.0; 2], [0.0; 2]));
    }
}
