//! Which noise levels a run passes through, and in which order: the timetable.

mod beta;
mod exponential;
mod karras;
mod lu;
mod normal;
mod spacing;
mod training;

pub use karras::karras_sigmas;
pub use spacing::Grid;
pub use training::{BetaSchedule, TrainingSchedule};

use super::{ScheduleError, prediction::vp_scale};
use crate::job::TimestepSpacing;

/// One way of spreading noise levels. Unit structs, registered in [`SCHEDULES`].
pub trait Schedule: Sync {
    /// Stable name in records and on the command line, e.g. `karras`.
    fn id(&self) -> &'static str;
    /// What people call it.
    fn label(&self) -> &'static str;
    /// `planned.len()` falling noise levels.
    ///
    /// * `planned`: the levels of the timesteps that the spacing chose, falling.
    /// * `sigma_min`, `sigma_max`: the range to spread over.
    ///
    /// # Errors
    /// [`ScheduleError::BadSigmaRange`] if the range is empty or not finite.
    fn sigmas(&self, planned: &[f64], sigma_min: f64, sigma_max: f64) -> Result<Vec<f64>, ScheduleError>;
    /// Whether diffusers' solvers round this schedule's timesteps to the nearest integer (else they cut them off).
    fn rounds_to_nearest(&self) -> bool {
        false
    }
    /// Whether the levels are those of the spacing's timesteps, unchanged.
    fn keeps_timesteps(&self) -> bool {
        false
    }
}

/// Every schedule, in the order lists show them.
pub static SCHEDULES: &[&dyn Schedule] = &[
    &normal::Normal,
    &karras::Karras,
    &exponential::Exponential,
    &beta::Beta,
    &lu::Lu,
];

/// The schedule called `id`.
///
/// # Errors
/// [`ScheduleError::UnknownSchedule`] if there is none.
pub fn schedule_by_id(id: &str) -> Result<&'static dyn Schedule, ScheduleError> {
    SCHEDULES
        .iter()
        .find(|schedule| schedule.id() == id)
        .copied()
        .ok_or_else(|| ScheduleError::UnknownSchedule { found: id.to_owned() })
}

/// diffusers computes the timestep of the highest noise level a few ulps too low, so that cutting off its fraction
/// gives one timestep less; this is how much lower is enough.
const CUT_OFF: f64 = 1e-6;

/// Where a run ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FinalSigma {
    /// No noise at all.
    Zero,
    /// The least noise the model was trained with.
    TrainingMin,
}

/// What a timetable is made from.
#[derive(Debug, Clone, Copy)]
pub struct Plan<'a> {
    /// The noise levels the model knows.
    pub training: &'a TrainingSchedule,
    /// How they are spread.
    pub schedule: &'static dyn Schedule,
    /// The habits of the sampler's class.
    pub grid: Grid,
    /// Which timesteps are visited.
    pub spacing: TimestepSpacing,
    /// Added to every timestep of leading spacing (`steps_offset`).
    pub offset: usize,
    /// Sampler steps, at least 1.
    pub steps: usize,
    /// Where the run ends.
    pub end: FinalSigma,
}

impl std::fmt::Debug for dyn Schedule {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.id())
    }
}

/// The noise levels of one run and the timesteps the network is given there.
#[derive(Debug, Clone, PartialEq)]
pub struct Timetable {
    sigmas: Vec<f64>,
    timesteps: Vec<f64>,
    targets: Vec<f64>,
    initial_scale: f64,
}

impl Timetable {
    /// Lays out a run.
    ///
    /// # Errors
    /// [`ScheduleError`] if there are no steps, more than can be told apart, or no range to place them in.
    pub fn new(plan: &Plan<'_>) -> Result<Self, ScheduleError> {
        let Plan {
            training,
            schedule,
            grid,
            spacing,
            offset,
            steps,
            end,
        } = *plan;
        let most = grid.most_steps(training);
        if steps == 0 {
            return Err(ScheduleError::NoSteps);
        }
        if steps > most {
            return Err(ScheduleError::TooManySteps { most, found: steps });
        }
        let mut timesteps = grid.timesteps(training, spacing, steps, offset);
        let planned: Vec<f64> = timesteps.iter().map(|t| training.sigma_at(*t)).collect();
        let (sigma_min, sigma_max) = match grid {
            Grid::Solver => (training.sigma_min(), training.sigma_max()),
            Grid::Stride | Grid::Sigmas | Grid::Distilled => (planned[steps - 1], planned[0]),
        };
        let mut sigmas = schedule.sigmas(&planned, sigma_min, sigma_max)?;
        if !schedule.keeps_timesteps() {
            timesteps = sigmas.iter().map(|sigma| training.timestep_of(*sigma)).collect();
            if grid == Grid::Solver {
                let nearest = schedule.rounds_to_nearest();
                for t in &mut timesteps {
                    *t = if nearest {
                        t.round_ties_even()
                    } else {
                        (*t - CUT_OFF).floor().max(0.0)
                    };
                }
            }
        }
        if sigmas.windows(2).any(|pair| pair[1] >= pair[0]) {
            return Err(ScheduleError::TooManySteps {
                most: steps - 1,
                found: steps,
            });
        }

        let last = match end {
            FinalSigma::Zero => 0.0,
            FinalSigma::TrainingMin => training.sigma_min(),
        };
        sigmas.push(last);
        let mut targets = sigmas[1..].to_vec();
        if grid == Grid::Stride && schedule.keeps_timesteps() {
            let stride = (training.timesteps() / steps) as f64;
            for (target, t) in targets.iter_mut().zip(&timesteps) {
                *target = if *t >= stride {
                    training.sigma_at(t - stride)
                } else {
                    last
                };
            }
        }
        let initial_scale = match (grid, spacing) {
            (Grid::Sigmas, TimestepSpacing::Trailing | TimestepSpacing::Linspace) => sigmas[0],
            _ => vp_scale(sigmas[0]),
        };
        Ok(Self {
            sigmas,
            timesteps,
            targets,
            initial_scale,
        })
    }

    /// A run through given noise levels, each step landing where the next one starts.
    ///
    /// * `sigmas`: strictly falling, one more than there are timesteps; the last may be 0.
    pub fn from_levels(sigmas: Vec<f64>, timesteps: Vec<f64>) -> Self {
        let targets = sigmas.get(1..).unwrap_or_default().to_vec();
        Self {
            initial_scale: sigmas.first().copied().unwrap_or(0.0),
            sigmas,
            timesteps,
            targets,
        }
    }

    /// Number of sampler steps.
    pub fn steps(&self) -> usize {
        self.targets.len()
    }

    /// Noise level that each step starts from, and as one more the level the run ends at.
    pub fn sigmas(&self) -> &[f64] {
        &self.sigmas
    }

    /// Training timestep of each step.
    pub fn timesteps(&self) -> &[f64] {
        &self.timesteps
    }

    /// Noise level that step `index` leads to. The next step starts there, but for [`Grid::Stride`] spacings whose
    /// stride does not divide the training length.
    pub fn target(&self, index: usize) -> f64 {
        self.targets[index]
    }

    /// Standard deviation of the latents a run starts from.
    pub fn initial_scale(&self) -> f64 {
        self.initial_scale
    }
}
