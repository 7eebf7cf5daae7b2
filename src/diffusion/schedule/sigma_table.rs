//! The noise levels of one run and the timesteps that go with them.

use std::borrow::Cow;

use super::{Schedule, Span, TimestepStyle, TrainingSchedule};
use crate::diffusion::ScheduleError;
use crate::diffusion::forward_process::ForwardProcess;
use crate::job::TimestepSpacing;

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

/// What a table of noise levels is made from.
#[derive(Debug, Clone, Copy)]
pub struct TableSpec<'a> {
    /// The forward process, by whose timesteps of training the levels are chosen.
    pub process: &'a ForwardProcess,
    /// How they are spread.
    pub schedule: &'static Schedule,
    /// The habits of the sampler's class.
    pub style: TimestepStyle,
    /// Which timesteps are visited.
    pub spacing: TimestepSpacing,
    /// Added to every timestep of leading spacing (`steps_offset`).
    pub offset: usize,
    /// Sampler steps, at least 1.
    pub steps: usize,
    /// Where the run ends.
    pub end: FinalSigma,
    /// Whether the model is of SDXL's kind, see [`Span::is_xl`].
    pub is_xl: bool,
}

/// The noise levels of one run and the timesteps the network is given there.
#[derive(Debug, Clone, PartialEq)]
pub struct SigmaTable {
    sigmas: Vec<f64>,
    timesteps: Vec<f64>,
    targets: Vec<f64>,
    initial_scale: f64,
    /// What the levels between were trained as, where it matters: integer timesteps.
    training: Option<TrainingSchedule>,
    /// Whether only the step's own level has a timestep of the table, as for [`TimestepStyle::Midpoints`].
    is_rounded: bool,
}

impl SigmaTable {
    /// Lays out a run.
    ///
    /// # Errors
    /// [`ScheduleError`] if there are no steps, more than can be told apart, or no range to place them in.
    pub fn new(spec: &TableSpec<'_>) -> Result<Self, ScheduleError> {
        let TableSpec {
            schedule,
            style,
            spacing,
            offset,
            steps,
            end,
            is_xl,
            ..
        } = *spec;
        let training = if style.stands_pure_noise() {
            spec.process.training.to_pure_noise()
        } else {
            Cow::Borrowed(&spec.process.training)
        };
        let training = training.as_ref();
        let most = style.most_steps(training);
        if steps == 0 {
            return Err(ScheduleError::NoSteps);
        }
        if steps > most {
            return Err(ScheduleError::TooManySteps { most, found: steps });
        }
        let mut timesteps = style.timesteps(training, spacing, steps, offset);
        let planned: Vec<f64> = timesteps.iter().map(|t| training.sigma_at(*t)).collect();
        let (sigma_min, sigma_max) = if style.is_solver() {
            (training.sigma_min(), training.sigma_max())
        } else {
            (planned[steps - 1], planned[0])
        };
        let mut sigmas = (schedule.sigmas)(&Span {
            planned: &planned,
            sigma_min,
            sigma_max,
            training,
            is_xl,
        })?;
        if !schedule.keeps_timesteps {
            timesteps = sigmas.iter().map(|sigma| training.timestep_of(*sigma)).collect();
            round(&mut timesteps, style, schedule.rounds_to_nearest);
        }
        // diffusers' tables are f32: at levels of thousands their last bit is seen in the picture.
        if style.is_free() || style.is_solver() {
            for sigma in &mut sigmas {
                *sigma = f64::from(*sigma as f32);
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
            FinalSigma::TrainingMin => training.sigma_min().min(sigmas[steps - 1]),
        };
        sigmas.push(last);
        let mut targets = sigmas[1..].to_vec();
        if style == TimestepStyle::Stride && schedule.keeps_timesteps {
            let stride = (training.timesteps() / steps) as f64;
            for (target, t) in targets.iter_mut().zip(&timesteps) {
                *target = if *t >= stride {
                    training.sigma_at(t - stride)
                } else {
                    last
                };
            }
        }
        let initial_scale = match spacing {
            TimestepSpacing::Trailing | TimestepSpacing::Linspace if style.is_free() => sigmas[0],
            _ => spec.process.initial_scale(sigmas[0]),
        };
        Ok(Self {
            sigmas,
            timesteps,
            targets,
            initial_scale,
            training: style.stands_pure_noise().then(|| training.clone()),
            is_rounded: style == TimestepStyle::Midpoints,
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
            training: None,
            is_rounded: false,
        }
    }

    /// The way back up to the level that step `first` starts from: the steps from there on in reverse, each from the level
    /// it leads to, at the timestep it starts from.
    #[must_use]
    pub fn reversed(&self, first: usize) -> Self {
        let steps = first.min(self.steps())..self.steps();
        let targets: Vec<f64> = steps.clone().rev().map(|step| self.sigmas[step]).collect();
        let mut sigmas: Vec<f64> = steps.clone().rev().map(|step| self.targets[step]).collect();
        sigmas.push(self.sigmas[steps.start]);
        Self {
            initial_scale: sigmas[0],
            sigmas,
            timesteps: steps.rev().map(|step| self.timesteps[step]).collect(),
            targets,
            training: None,
            is_rounded: true,
        }
    }

    /// The same run, started from latents of standard deviation `scale`.
    #[must_use]
    pub fn with_initial_scale(self, scale: f64) -> Self {
        Self {
            initial_scale: scale,
            ..self
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

    /// The table's own timestep for a noise level that comes up in step `step`; `None` if it lies between.
    pub fn timestep_at(&self, step: usize, sigma: f64) -> Option<f64> {
        if self.sigmas.get(step) == Some(&sigma) {
            return self.timesteps.get(step).copied();
        }
        if self.is_rounded {
            return None;
        }
        let index = self.sigmas.iter().position(|planned| *planned == sigma)?;
        self.timesteps.get(index).copied()
    }

    /// Noise level that step `index` leads to. The next step starts there, but for [`TimestepStyle::Stride`] spacings whose
    /// stride does not divide the training length.
    pub fn target(&self, index: usize) -> f64 {
        self.targets[index]
    }

    /// Two noise levels halfway through step `index`: half a stride below its start, and half a stride above the start
    /// of the next. They are the same if the stride is even.
    pub fn middle(&self, index: usize) -> (f64, f64) {
        let (Some(training), Some(next)) = (&self.training, self.timesteps.get(index + 1)) else {
            let middle = (self.sigmas[index] * self.targets[index]).sqrt();
            return (middle, middle);
        };
        let half = (training.timesteps() / self.steps() / 2) as f64;
        (
            training.sigma_at(self.timesteps[index] - half),
            training.sigma_at(next + half),
        )
    }

    /// Noise level at `fraction` of the timestep that step `index` leads to, cut off to an integer.
    pub fn below(&self, index: usize, fraction: f64) -> f64 {
        match (&self.training, self.timesteps.get(index + 1)) {
            (Some(training), Some(next)) => training.sigma_at((fraction * next).floor()),
            _ => self.targets[index] * fraction,
        }
    }

    /// Standard deviation of the latents a run starts from.
    pub fn initial_scale(&self) -> f64 {
        self.initial_scale
    }
}

/// Rounds the timesteps of freely chosen levels as diffusers' class does.
fn round(timesteps: &mut [f64], style: TimestepStyle, nearest: bool) {
    for t in timesteps {
        if nearest && (style.is_solver() || style == TimestepStyle::Midpoints) {
            *t = t.round_ties_even();
        } else if style.is_solver() {
            *t = (*t - CUT_OFF).floor().max(0.0);
        }
    }
}
