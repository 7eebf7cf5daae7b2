//! Which noise levels a run passes through, and in which order: the table of noise levels.

mod align_your_steps;
mod beta;
mod exponential;
mod karras;
mod kl_optimal;
mod linear_quadratic;
mod lu;
mod normal;
mod polyexponential;
mod sampled;
mod sigma_table;
mod spacing;
mod training;

pub use karras::karras_sigmas;
pub use sigma_table::{FinalSigma, SigmaTable, TableSpec};
pub use spacing::TimestepStyle;
pub use training::{BetaSchedule, PURE_NOISE, TrainingSchedule};

use super::ScheduleError;

/// What a schedule spreads its levels over.
#[derive(Debug, Clone, Copy)]
pub struct Span<'a> {
    /// The levels of the timesteps that the spacing chose, falling.
    pub planned: &'a [f64],
    /// Lower end of the range that diffusers' scheduler would use.
    pub sigma_min: f64,
    /// Upper end of it.
    pub sigma_max: f64,
    /// All levels the model knows, for schedules that never look at the spacing.
    pub training: &'a TrainingSchedule,
    /// Whether the model is of SDXL's kind, for schedules that were optimised for one kind.
    pub is_xl: bool,
}

impl Span<'_> {
    /// Levels wanted.
    pub fn steps(&self) -> usize {
        self.planned.len()
    }
}

/// One way of spreading noise levels, registered in [`SCHEDULES`].
pub struct Schedule {
    /// Stable name in records and on the command line, e.g. `karras`.
    pub id: &'static str,
    /// Name in lists.
    pub label: &'static str,
    /// Names in other programs, as [`SamplerSpec::aliases`](super::samplers::SamplerSpec::aliases).
    pub aliases: &'static [&'static str],
    /// Whether diffusers' solvers round this schedule's timesteps to the nearest integer (else they cut them off).
    pub rounds_to_nearest: bool,
    /// Whether the levels are those of the spacing's timesteps, unchanged.
    pub keeps_timesteps: bool,
    /// As many falling noise levels as the span has steps, or [`ScheduleError::BadSigmaRange`] if its range is empty or not
    /// finite.
    pub sigmas: fn(&Span<'_>) -> Result<Vec<f64>, ScheduleError>,
}

impl Schedule {
    /// The levels that the spacing chose, unchanged: what most schedules have in common with it, as a base for literals.
    const DEFAULT: Self = Self {
        id: "",
        label: "",
        aliases: &[],
        rounds_to_nearest: false,
        keeps_timesteps: false,
        sigmas: |span| Ok(span.planned.to_vec()),
    };
}

/// Every schedule, in the order lists show them.
pub static SCHEDULES: &[&Schedule] = &[
    &normal::NORMAL,
    &karras::KARRAS,
    &exponential::EXPONENTIAL,
    &polyexponential::POLYEXPONENTIAL,
    &sampled::SGM_UNIFORM,
    &sampled::SIMPLE,
    &sampled::DDIM_UNIFORM,
    &beta::BETA,
    &lu::LU,
    &kl_optimal::KL_OPTIMAL,
    &linear_quadratic::LINEAR_QUADRATIC,
    &align_your_steps::ALIGN_YOUR_STEPS,
];

impl std::fmt::Debug for Schedule {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sigmas(id: &str, steps: usize, is_xl: bool) -> (TrainingSchedule, Vec<f64>) {
        let training = TrainingSchedule::new(BetaSchedule::ScaledLinear, 0.00085, 0.012, 1000).unwrap();
        let planned: Vec<f64> = (0..steps)
            .map(|i| training.sigma_at(999.0 * (1.0 - i as f64 / steps as f64)))
            .collect();
        let span = Span {
            planned: &planned,
            sigma_min: training.sigma_min(),
            sigma_max: training.sigma_max(),
            training: &training,
            is_xl,
        };
        let schedule = SCHEDULES.iter().find(|schedule| schedule.id == id).unwrap();
        let sigmas = (schedule.sigmas)(&span).unwrap();
        (training, sigmas)
    }

    #[test]
    fn every_schedule_should_fall_from_the_most_noise() {
        for schedule in SCHEDULES {
            for steps in [1, 2, 3, 10, 37, 200] {
                let (training, sigmas) = sigmas(schedule.id, steps, false);
                assert_eq!(sigmas.len(), steps, "{schedule:?}");
                assert!(
                    sigmas.windows(2).all(|pair| pair[1] < pair[0]),
                    "{schedule:?} {sigmas:?}"
                );
                assert!(sigmas[steps - 1] > 0.0, "{schedule:?} {sigmas:?}");
                let start = sigmas[0] / training.sigma_max();
                let is_leading = schedule.id == "ddim_uniform"; // leaves out the stride before the end
                assert!((start - 1.0).abs() < 1e-3 || is_leading, "{schedule:?} {start}");
            }
        }
    }

    #[test]
    fn picked_timesteps_should_be_comfyuis() {
        let at = |id, expected: [f64; 4]| {
            let (training, sigmas) = sigmas(id, 4, false);
            for (found, t) in sigmas.iter().zip(expected) {
                assert!((found - training.sigma_at(t)).abs() < 1e-9, "{id}: {found} at {t}");
            }
        };
        at("sgm_uniform", [999.0, 749.25, 499.5, 249.75]);
        at("simple", [999.0, 749.0, 499.0, 249.0]);
        at("ddim_uniform", [751.0, 501.0, 251.0, 1.0]);
    }

    #[test]
    fn formulas_should_be_those_of_their_sources() {
        let near = |found: f64, expected: f64| assert!((found - expected).abs() < 1e-9, "{found}, expected {expected}");
        let (training, kl) = sigmas("kl_optimal", 3, false);
        near(
            kl[1],
            (0.5 * (training.sigma_min().atan() + training.sigma_max().atan())).tan(),
        );
        // Half of eight steps take 2.5 % of the noise, the parabola the rest.
        let (training, quadratic) = sigmas("linear_quadratic", 8, false);
        let left: Vec<f64> = quadratic.iter().map(|sigma| sigma / training.sigma_max()).collect();
        near(left[2], 1.0 - 0.0125);
        near(left[4], 1.0 - 0.025);
        near(left[6], 1.0 - 0.275);
    }

    #[test]
    fn aligned_steps_should_follow_the_model() {
        let (_, sd) = sigmas("align_your_steps", 10, false);
        let (_, xl) = sigmas("align_your_steps", 10, true);
        assert!((sd[1] - 6.475).abs() < 1e-9 && (xl[1] - 6.315).abs() < 1e-9);
        let (_, finer) = sigmas("align_your_steps", 20, false);
        assert!((finer[1] - (14.615f64 * 6.475).sqrt()).abs() < 1e-9, "{finer:?}");
    }
}
