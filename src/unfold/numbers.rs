//! Numbers of a run, step by step, and the path its latents take.

use crate::job::{LatentPlane, StepRecord};

/// Values of each latent that the path is computed from; more are left out evenly.
const MAX_VALUES: usize = 1024;
/// Rounds in which the two directions of a path are found.
const ROUNDS: usize = 128;

/// What can be said of one step in numbers. Norms are roots of the mean square, so that pictures of all sizes compare.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct StepNumbers {
    /// Place in the run, from 0.
    pub index: usize,
    /// Noise level σ, in units of the data's standard deviation.
    pub sigma: f64,
    /// Signal-to-noise ratio 1 / σ², of variances.
    pub snr: f64,
    /// ‖ε‖ of the noise ε = (x − x₀) / σ that the network sees, after guidance.
    pub noise: f64,
    /// ‖ε_cond − ε_uncond‖; `None` where they were not kept or not both asked for.
    pub guidance: Option<f64>,
    /// ‖Δx₀‖, by how much the estimate differs from that of the step before; `None` where that is not there.
    pub change: Option<f64>,
    /// Wall time, in seconds.
    pub secs: f64,
}

impl StepNumbers {
    /// The numbers of one step.
    ///
    /// * `before`: the step before it, if it is there.
    pub fn of(step: &StepRecord, before: Option<&StepRecord>) -> Self {
        let branches = step.branches.as_ref();
        let guidance = branches.and_then(|both| distance(&both.cond, both.uncond.as_ref()?));
        let before = before.filter(|before| before.index + 1 == step.index);
        Self {
            index: step.index,
            sigma: step.sigma,
            snr: step.sigma.powi(-2),
            noise: distance(&step.x, &step.x0).unwrap_or(f64::NAN) / step.sigma,
            guidance,
            change: before.and_then(|before| distance(&step.x0, &before.x0)),
            secs: step.secs,
        }
    }
}

/// The numbers of every step of a run, in order.
pub fn numbers<'a>(steps: impl IntoIterator<Item = &'a StepRecord>) -> Vec<StepNumbers> {
    let mut before = None;
    let of = |step| StepNumbers::of(step, before.replace(step));
    steps.into_iter().map(of).collect()
}

/// Root of the mean square of the difference; `None` if the shapes differ.
fn distance(a: &LatentPlane, b: &LatentPlane) -> Option<f64> {
    if a.values.len() != b.values.len() || a.values.is_empty() {
        return None;
    }
    let pairs = a.values.iter().zip(&b.values);
    let sum: f64 = pairs.map(|(a, b)| f64::from(a - b).powi(2)).sum();
    Some((sum / a.values.len() as f64).sqrt())
}

/// The paths of several runs in the plane in which all of them together spread most: their first two principal
/// components.
///
/// * `runs`: the latents of each run, in order. Those whose size is not that of the very first have no path.
///
/// Returns a point for each latent, in the units of the latents over the root of their number of values. The first run
/// begins at the left and bends upwards.
///
/// Source: Pearson (1901), <https://doi.org/10.1080/14786440109462720>, by way of the inner products of the latents.
pub fn paths(runs: &[Vec<&LatentPlane>]) -> Vec<Vec<[f64; 2]>> {
    let num_values = runs.iter().flatten().next().map_or(0, |plane| plane.values.len());
    let fits = |run: &[&LatentPlane]| num_values > 0 && run.iter().all(|plane| plane.values.len() == num_values);
    let every = num_values.div_ceil(MAX_VALUES).max(1);
    let mut points: Vec<Vec<f64>> = Vec::new();
    for plane in runs.iter().filter(|run| fits(run)).flatten() {
        let values = plane.values.iter().step_by(every).map(|value| f64::from(*value));
        points.push(
            values
                .map(|value| if value.is_finite() { value } else { 0.0 })
                .collect(),
        );
    }
    let mut plane = principal_plane(points).into_iter();
    let mut paths: Vec<Vec<[f64; 2]>> = Vec::with_capacity(runs.len());
    for run in runs {
        let length = if fits(run) { run.len() } else { 0 };
        paths.push(plane.by_ref().take(length).collect());
    }
    set_signs(&mut paths);
    paths
}

/// The coordinates of points along the two directions in which they spread most.
fn principal_plane(mut points: Vec<Vec<f64>>) -> Vec<[f64; 2]> {
    let count = points.len();
    let dimensions = points.first().map_or(0, Vec::len);
    for axis in 0..dimensions {
        let mean = points.iter().map(|point| point[axis]).sum::<f64>() / count as f64;
        points.iter_mut().for_each(|point| point[axis] -= mean);
    }
    let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
    let products: Vec<Vec<f64>> = points
        .iter()
        .map(|a| points.iter().map(|b| dot(a, b) / dimensions as f64).collect())
        .collect();

    // Two vectors, multiplied again and again and kept at right angles, turn into those of the largest eigenvalues.
    let mut first: Vec<f64> = (0..count).map(|i| i as f64 - (count as f64 - 1.0) / 2.0).collect();
    let mut second: Vec<f64> = first.iter().map(|at| at * at).collect();
    let mut lengths = [0.0; 2];
    for _ in 0..ROUNDS {
        let times = |vector: &[f64]| products.iter().map(|row| dot(row, vector)).collect::<Vec<f64>>();
        (first, second) = (times(&first), times(&second));
        lengths[0] = normalise(&mut first);
        let along = dot(&first, &second);
        second.iter_mut().zip(&first).for_each(|(b, a)| *b -= along * a);
        lengths[1] = normalise(&mut second);
    }
    let [a, b] = lengths.map(f64::sqrt);
    first.into_iter().zip(second).map(|(x, y)| [x * a, y * b]).collect()
}

/// Makes a vector one long and returns how long it was; one without a direction becomes zero.
fn normalise(vector: &mut [f64]) -> f64 {
    let length = vector.iter().map(|value| value * value).sum::<f64>().sqrt();
    let has_direction = length > 1e-12;
    for value in vector {
        *value = if has_direction { *value / length } else { 0.0 };
    }
    if has_direction { length } else { 0.0 }
}

/// Directions have no sign of their own: the first run begins at the left and bends upwards.
fn set_signs(paths: &mut [Vec<[f64; 2]>]) {
    let path = paths.iter().find(|path| path.len() > 1).map_or(&[][..], Vec::as_slice);
    let [start, .., end] = path else {
        return;
    };
    let middle = path[path.len() / 2][1] - (start[1] + end[1]) / 2.0;
    let signs = [(end[0] - start[0]).signum(), if middle < 0.0 { -1.0 } else { 1.0 }];
    for point in paths.iter_mut().flatten() {
        *point = [point[0] * signs[0], point[1] * signs[1]];
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::job::Branches;

    fn plane(values: &[f32]) -> LatentPlane {
        LatentPlane {
            channels: 1,
            height: 1,
            width: values.len(),
            values: values.to_vec(),
        }
    }

    fn step(index: usize, x: &[f32], x0: &[f32], sigma: f64) -> StepRecord {
        StepRecord {
            index,
            sigma,
            timestep: 0.0,
            x: plane(x),
            x0: plane(x0),
            branches: None,
            attention: Vec::new(),
            secs: 0.5,
        }
    }

    #[test]
    fn norms_should_be_those_of_the_definitions() {
        let mut second = step(1, &[3.0, 1.0], &[1.0, 1.0], 2.0);
        second.branches = Some(Branches {
            cond: plane(&[1.0, 1.0]),
            uncond: Some(plane(&[0.0, 0.0])),
        });
        let found = numbers(&[step(0, &[8.0, 6.0], &[0.0, 0.0], 4.0), second]);
        assert_eq!(found[0].noise, 50.0_f64.sqrt() / 4.0);
        assert_eq!(
            (found[0].snr, found[0].guidance, found[0].change),
            (1.0 / 16.0, None, None)
        );
        assert_eq!(found[1].noise, 2.0_f64.sqrt() / 2.0);
        assert_eq!((found[1].guidance, found[1].change), (Some(1.0), Some(1.0)));
    }

    #[test]
    fn a_step_after_a_gap_should_not_tell_a_change() {
        let found = numbers(&[step(0, &[1.0], &[0.0], 1.0), step(5, &[1.0], &[9.0], 1.0)]);
        assert_eq!(found[1].change, None);
    }

    #[test]
    fn points_of_a_plane_should_keep_their_distances() {
        let all = [[0.0_f32, 0.0], [4.0, 1.0], [8.0, 0.0], [4.0, 3.0]];
        // The plane lies askew in four dimensions, along (½, ½, ½, ½) and (½, −½, ½, −½).
        let askew = all.map(|[a, b]| plane(&[(a + b) / 2.0, (a - b) / 2.0, (a + b) / 2.0, (a - b) / 2.0]));
        let runs = [vec![&askew[0], &askew[1], &askew[2]], vec![&askew[0], &askew[3]]];
        let found = paths(&runs);
        let found = [found[0][0], found[0][1], found[0][2], found[1][1]];
        for i in 0..4 {
            for j in 0..4 {
                let expected = f64::from(all[i][0] - all[j][0]).hypot(f64::from(all[i][1] - all[j][1])) / 2.0;
                let distance = (found[i][0] - found[j][0]).hypot(found[i][1] - found[j][1]);
                assert!(
                    (distance - expected).abs() < 1e-6,
                    "{i} {j}: {distance}, expected {expected}"
                );
            }
        }
        assert!(found[0][0] < found[2][0] && found[1][1] > found[0][1]);
    }

    #[test]
    fn runs_that_do_not_fit_or_do_not_move_should_do_no_harm() {
        let (small, large) = (plane(&[1.0, 2.0]), plane(&[1.0; 6]));
        let found = paths(&[vec![&small, &small], vec![&large], Vec::new()]);
        assert_eq!(found, [vec![[0.0; 2]; 2], Vec::new(), Vec::new()]);
        assert_eq!(paths(&[]), Vec::<Vec<[f64; 2]>>::new());
        let broken = plane(&[f32::NAN, 1.0]);
        assert!(
            paths(&[vec![&small, &broken]])[0]
                .iter()
                .flatten()
                .all(|at| at.is_finite())
        );
    }
}
