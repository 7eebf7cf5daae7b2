//! Which noise levels a run passes through, and in which order: the timetable.

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
mod spacing;
mod timetable;
mod training;

pub use karras::karras_sigmas;
pub use spacing::Grid;
pub use timetable::{FinalSigma, Plan, Timetable};
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

/// One way of spreading noise levels. Unit structs, registered in [`SCHEDULES`].
pub trait Schedule: Sync {
    /// Stable name in records and on the command line, e.g. `karras`.
    fn id(&self) -> &'static str;
    /// What people call it.
    fn label(&self) -> &'static str;
    /// What other programs call it, as [`Sampler::aliases`](super::samplers::Sampler::aliases).
    fn aliases(&self) -> &'static [&'static str] {
        &[]
    }
    /// `span.steps()` falling noise levels.
    ///
    /// # Errors
    /// [`ScheduleError::BadSigmaRange`] if the range is empty or not finite.
    fn sigmas(&self, span: &Span<'_>) -> Result<Vec<f64>, ScheduleError>;
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
    &polyexponential::Polyexponential,
    &sampled::SGM_UNIFORM,
    &sampled::SIMPLE,
    &sampled::DDIM_UNIFORM,
    &beta::Beta,
    &lu::Lu,
    &kl_optimal::KlOptimal,
    &linear_quadratic::LinearQuadratic,
    &align_your_steps::AlignYourSteps,
];

/// The schedule called `id`. [`schedule_by_name`](super::names::schedule_by_name) knows more names.
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

impl std::fmt::Debug for dyn Schedule {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.id())
    }
}
