//! Numbers of a run: one row for each step, for plots and tables.

use crate::job::{Branches, LatentPlane, StepRecord};

/// What can be said of a step in numbers. Norms are roots of the mean square over all values of the latents, so that
/// they do not depend on the picture's size: pure noise has 1.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize)]
pub struct StepNumbers {
    /// Place in the run, from 0.
    pub index: usize,
    /// Noise level σ.
    pub sigma: f64,
    /// Training timestep.
    pub timestep: f64,
    /// Signal to noise ratio 1 / σ².
    pub snr: f64,
    /// ‖ε‖ with ε = (x − x₀) / σ, after guidance; `None` at noise level 0.
    pub noise: Option<f64>,
    /// ‖cond − uncond‖ in ε, if both were kept.
    pub guidance: Option<f64>,
    /// ‖x₀ − x₀ of the step before‖, if that one was kept.
    pub moved: Option<f64>,
    /// Wall time in seconds.
    pub secs: f64,
}

/// The numbers of each step, in order.
pub fn numbers<'a>(steps: impl IntoIterator<Item = &'a StepRecord>) -> Vec<StepNumbers> {
    let mut before: Option<&StepRecord> = None;
    let of_step = |step: &'a StepRecord| {
        let sigma = step.sigma;
        let both = |branches: &Branches| rms_between(&branches.cond, branches.uncond.as_ref()?);
        let numbers = StepNumbers {
            index: step.index,
            sigma,
            timestep: step.timestep,
            snr: sigma.powi(-2),
            noise: rms_between(&step.x, &step.x0)
                .filter(|_| sigma > 0.0)
                .map(|distance| distance / sigma),
            guidance: step.branches.as_ref().and_then(both),
            moved: before
                .filter(|before| before.index + 1 == step.index)
                .and_then(|before| rms_between(&step.x0, &before.x0)),
            secs: step.secs,
        };
        before = Some(step);
        numbers
    };
    steps.into_iter().map(of_step).collect()
}

/// Root of the mean squared difference; `None` if the shapes differ.
fn rms_between(a: &LatentPlane, b: &LatentPlane) -> Option<f64> {
    if a.values.len() != b.values.len() || a.values.is_empty() {
        return None;
    }
    let pairs = a.values.iter().zip(&b.values);
    let sum: f64 = pairs.map(|(a, b)| (f64::from(*a) - f64::from(*b)).powi(2)).sum();
    Some((sum / a.values.len() as f64).sqrt())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plane(values: [f32; 4]) -> LatentPlane {
        LatentPlane {
            channels: 1,
            height: 2,
            width: 2,
            values: values.to_vec(),
        }
    }

    fn step(index: usize, sigma: f64, x: [f32; 4], x0: [f32; 4]) -> StepRecord {
        StepRecord {
            index,
            sigma,
            timestep: 10.0,
            x: plane(x),
            x0: plane(x0),
            branches: None,
            attention: Vec::new(),
            secs: 0.5,
        }
    }

    #[test]
    fn numbers_should_be_their_formulas_and_say_nothing_of_gaps() {
        let mut second = step(3, 0.5, [1.0; 4], [1.0, 1.0, 1.0, 3.0]);
        second.branches = Some(Branches {
            cond: plane([1.0; 4]),
            uncond: Some(plane([1.0, 1.0, 4.0, 1.0])),
        });
        let steps = [
            step(2, 2.0, [2.0, -2.0, 2.0, 2.0], [0.0; 4]),
            second,
            step(5, 0.0, [0.0; 4], [0.0; 4]),
        ];
        let rows = numbers(&steps);
        assert_eq!(
            rows[0],
            StepNumbers {
                index: 2,
                sigma: 2.0,
                timestep: 10.0,
                snr: 0.25,
                noise: Some(1.0),
                guidance: None,
                moved: None,
                secs: 0.5,
            }
        );
        assert_eq!((rows[1].noise, rows[1].guidance), (Some(2.0), Some(1.5)));
        assert_eq!(rows[1].moved, Some(3.0_f64.sqrt()));
        assert_eq!((rows[2].noise, rows[2].moved), (None, None));
        assert!(rows[2].snr.is_infinite());
    }
}
