//! A model's `scheduler_config.json`: how it was trained, and the timesteps it likes best.

use serde::Deserialize;

use super::PipelineError;
use crate::diffusion::prediction::Prediction;
use crate::diffusion::schedule::{BetaSchedule, FinalSigma, Plan, Timetable, TrainingSchedule, schedule_by_id};
use crate::diffusion::{ScheduleError, samplers::Sampler};
use crate::job::TimestepSpacing;

/// What a diffusers scheduler's configuration says, whatever its class.
#[derive(Debug, Clone, Deserialize)]
#[serde(default)]
pub struct SchedulerConfig {
    /// Name of the β schedule.
    pub beta_schedule: String,
    /// β at the first timestep.
    pub beta_start: f64,
    /// β at the last timestep.
    pub beta_end: f64,
    /// Length of the forward process.
    pub num_train_timesteps: usize,
    /// `epsilon`, `v_prediction` or `sample`.
    pub prediction_type: String,
    /// Where timesteps lie unless the request says otherwise.
    pub timestep_spacing: TimestepSpacing,
    /// Added to the timesteps of leading spacing.
    pub steps_offset: usize,
    /// DDIM: whether the last step removes all noise, or leaves that of the first timestep.
    pub set_alpha_to_one: bool,
    /// Solvers: `zero` or `sigma_min`.
    pub final_sigmas_type: String,
    /// Whether estimates of the clean picture are held to a range: diffusers' default depends on the class.
    pub clip_sample: Option<bool>,
    /// That range, −r..r.
    pub clip_sample_range: f64,
    /// Lets the last timestep be pure noise.
    pub rescale_betas_zero_snr: bool,
}

impl Default for SchedulerConfig {
    fn default() -> Self {
        Self {
            beta_schedule: "scaled_linear".to_owned(),
            beta_start: 0.00085,
            beta_end: 0.012,
            num_train_timesteps: 1000,
            prediction_type: "epsilon".to_owned(),
            timestep_spacing: TimestepSpacing::Leading,
            steps_offset: 0,
            set_alpha_to_one: true,
            final_sigmas_type: "zero".to_owned(),
            clip_sample: None,
            clip_sample_range: 1.0,
            rescale_betas_zero_snr: false,
        }
    }
}

/// A scheduler's configuration, checked.
#[derive(Debug, Clone)]
pub struct Scheduler {
    /// The noise levels of training.
    pub training: TrainingSchedule,
    /// What the network predicts.
    pub prediction: Prediction,
    config: SchedulerConfig,
}

impl Scheduler {
    /// Checks a configuration.
    ///
    /// # Errors
    /// [`PipelineError::Schedule`] if it names something unknown or has impossible numbers.
    pub fn new(config: SchedulerConfig) -> Result<Self, PipelineError> {
        let bad = |expected, found: &str| ScheduleError::BadTraining {
            expected,
            found: format!("{found:?}"),
        };
        let beta = BetaSchedule::from_name(&config.beta_schedule).ok_or_else(|| {
            bad(
                "beta_schedule linear, scaled_linear or squaredcos_cap_v2",
                &config.beta_schedule,
            )
        })?;
        let prediction = Prediction::from_name(&config.prediction_type).ok_or_else(|| {
            bad(
                "prediction_type epsilon, v_prediction or sample",
                &config.prediction_type,
            )
        })?;
        if config.rescale_betas_zero_snr {
            return Err(bad("rescale_betas_zero_snr false in this version", "true").into());
        }
        let training = TrainingSchedule::new(beta, config.beta_start, config.beta_end, config.num_train_timesteps)?;
        Ok(Self {
            training,
            prediction,
            config,
        })
    }

    /// The range −r..r that estimates of the clean picture are held to, unless they are held to none.
    pub fn clip(&self) -> Option<f64> {
        let is_clipped = self.config.clip_sample.unwrap_or(true);
        is_clipped.then_some(self.config.clip_sample_range)
    }

    /// The noise levels of a run.
    ///
    /// * `spacing`: `None` takes the model's own.
    ///
    /// # Errors
    /// [`ScheduleError`] if there is no such schedule or the steps do not fit.
    pub fn timetable(
        &self,
        sampler: &dyn Sampler,
        schedule: &str,
        spacing: Option<TimestepSpacing>,
        steps: usize,
    ) -> Result<Timetable, ScheduleError> {
        use crate::diffusion::schedule::Grid;
        let ends_at_min = match sampler.grid() {
            Grid::Stride => !self.config.set_alpha_to_one,
            Grid::Sigmas | Grid::Solver => self.config.final_sigmas_type == "sigma_min",
            Grid::Distilled => false,
        };
        Timetable::new(&Plan {
            training: &self.training,
            schedule: schedule_by_id(schedule)?,
            grid: sampler.grid(),
            spacing: spacing.unwrap_or(self.config.timestep_spacing),
            offset: self.config.steps_offset,
            steps,
            end: if ends_at_min {
                FinalSigma::TrainingMin
            } else {
                FinalSigma::Zero
            },
        })
    }
}
