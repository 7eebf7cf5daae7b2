//! A model's `scheduler_config.json`: how it was trained, and the timesteps it likes best.

use serde::Deserialize;

use super::PipelineError;
use crate::diffusion::ScheduleError;
use crate::diffusion::forward_process::{ForwardProcess, Mixing, Prediction};
use crate::diffusion::names::schedule_by_name;
use crate::diffusion::samplers::{Sampler, sampler_by_id};
use crate::diffusion::schedule::{
    BetaSchedule, FinalSigma, PURE_NOISE, SigmaTable, Span, TableSpec, TimestepStyle, TrainingSchedule, karras_sigmas,
};
use crate::job::{GenerateRequest, TimestepSpacing};

/// What a diffusers scheduler's configuration says, whatever its class.
#[derive(Debug, Clone, Deserialize)]
#[serde(default)]
pub struct SchedulerConfig {
    /// Name of the class.
    #[serde(rename = "_class_name")]
    pub class_name: String,
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
    /// Standard deviation of the data, where the network is preconditioned as in EDM
    /// (<https://arxiv.org/abs/2206.00364>).
    pub sigma_data: Option<f64>,
    /// EDM: the least noise.
    pub sigma_min: Option<f64>,
    /// EDM: the most noise.
    pub sigma_max: Option<f64>,
    /// EDM: ρ of the levels of Karras.
    pub rho: f64,
    /// EDM: `karras` or `exponential`.
    pub sigma_schedule: String,
}

impl Default for SchedulerConfig {
    fn default() -> Self {
        Self {
            class_name: String::new(),
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
            sigma_data: None,
            sigma_min: None,
            sigma_max: None,
            rho: 7.0,
            sigma_schedule: "karras".to_owned(),
        }
    }
}

/// A scheduler's configuration, checked.
#[derive(Debug, Clone)]
pub struct Scheduler {
    /// The process it was trained on.
    pub process: ForwardProcess,
    /// Whether the model is of SDXL's kind: schedules that were optimised for one kind follow it.
    pub is_xl: bool,
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
        let mut training = TrainingSchedule::new(beta, config.beta_start, config.beta_end, config.num_train_timesteps)?;
        if config.rescale_betas_zero_snr {
            training = training.with_zero_terminal_snr();
        }
        let (mixing, prediction) = match config.sigma_data {
            Some(sigma_data) => (edm(&config, sigma_data)?, prediction),
            // It takes the network's output for v, whatever it was trained to predict.
            None if config.class_name == "IPNDMScheduler" => (Mixing::Angle, Prediction::Velocity),
            None if config.class_name == "FlowMatchEulerDiscreteScheduler" => (Mixing::Flow, Prediction::Flow),
            None => (Mixing::VariancePreserving, prediction),
        };
        Ok(Self {
            process: ForwardProcess {
                mixing,
                prediction,
                training,
            },
            is_xl: false,
            config,
        })
    }

    /// The same process with noise levels of another β schedule.
    ///
    /// # Errors
    /// As [`Self::new`].
    pub fn with_betas(&self, beta_schedule: &str) -> Result<Self, PipelineError> {
        let changed = Self::new(SchedulerConfig {
            beta_schedule: beta_schedule.to_owned(),
            ..self.config.clone()
        })?;
        Ok(Self {
            is_xl: self.is_xl,
            ..changed
        })
    }

    /// The sampler that a request names, and the noise levels of so many of its steps.
    ///
    /// # Errors
    /// [`ScheduleError`] if there is no such sampler or schedule, or the steps do not fit.
    pub(super) fn for_request(
        &self,
        request: &GenerateRequest,
        steps: usize,
    ) -> Result<(&'static dyn Sampler, SigmaTable), ScheduleError> {
        let sampler = sampler_by_id(&request.sampler)?;
        let table = self.sigma_table(sampler, &request.schedule, request.timestep_spacing, steps)?;
        Ok((sampler, table))
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
    pub fn sigma_table(
        &self,
        sampler: &dyn Sampler,
        schedule: &str,
        spacing: Option<TimestepSpacing>,
        steps: usize,
    ) -> Result<SigmaTable, ScheduleError> {
        let schedule = schedule_by_name(schedule)?;
        let has_final_noise = self.config.final_sigmas_type == "sigma_min";
        let (mut levels, timesteps) = match self.process.mixing {
            Mixing::VariancePreserving => {
                let ends_at_min = match sampler.spec().timestep_style {
                    TimestepStyle::Stride => !self.config.set_alpha_to_one,
                    TimestepStyle::Integers | TimestepStyle::Distilled => false,
                    TimestepStyle::Sigmas
                    | TimestepStyle::Midpoints
                    | TimestepStyle::Solver
                    | TimestepStyle::Singlestep => has_final_noise,
                };
                return SigmaTable::new(&TableSpec {
                    process: &self.process,
                    schedule,
                    style: sampler.spec().timestep_style,
                    spacing: spacing.unwrap_or(self.config.timestep_spacing),
                    offset: self.config.steps_offset,
                    steps,
                    end: if ends_at_min || sampler.spec().leaves_noise {
                        FinalSigma::TrainingMin
                    } else {
                        FinalSigma::Zero
                    },
                    is_xl: self.is_xl,
                });
            }
            Mixing::Edm {
                sigma_min, sigma_max, ..
            } => {
                let planned = karras_sigmas(steps, sigma_min, sigma_max, self.config.rho)?;
                let wanted = if schedule.keeps_timesteps {
                    schedule_by_name(&self.config.sigma_schedule)?
                } else {
                    schedule
                };
                let levels = if wanted.id == "karras" {
                    planned
                } else {
                    (wanted.sigmas)(&Span {
                        planned: &planned,
                        sigma_min,
                        sigma_max,
                        training: &self.process.training,
                        is_xl: self.is_xl,
                    })?
                };
                let timesteps = levels.iter().map(|sigma| self.process.timestep_of(*sigma)).collect();
                (levels, timesteps)
            }
            Mixing::Angle => angle_levels(steps)?,
            Mixing::Flow => flow_levels(steps)?,
        };
        let least = levels[steps - 1];
        levels.push(if has_final_noise || sampler.spec().leaves_noise {
            least
        } else {
            0.0
        });
        let scale = self.process.initial_scale(levels[0]);
        Ok(SigmaTable::from_levels(levels, timesteps).with_initial_scale(scale))
    }
}

/// The preconditioning of EDM, checked.
fn edm(config: &SchedulerConfig, sigma_data: f64) -> Result<Mixing, ScheduleError> {
    let (sigma_min, sigma_max) = (config.sigma_min.unwrap_or(0.002), config.sigma_max.unwrap_or(80.0));
    if !(0.0 < sigma_min && sigma_min < sigma_max && sigma_max.is_finite()) {
        return Err(ScheduleError::BadSigmaRange { sigma_min, sigma_max });
    }
    if !(0.0 < sigma_data && sigma_data.is_finite() && 0.0 < config.rho && config.rho.is_finite()) {
        return Err(ScheduleError::BadTraining {
            expected: "sigma_data and rho above 0",
            found: format!("{sigma_data} and {}", config.rho),
        });
    }
    Ok(Mixing::Edm {
        sigma_min,
        sigma_max,
        sigma_data,
    })
}

/// Falling levels, pure noise first, and the angles there: noise is the square of a sine of the time left, in f32 as
/// `IPNDMScheduler` computes it (Crowson 2021, v-diffusion).
fn angle_levels(steps: usize) -> Result<(Vec<f64>, Vec<f64>), ScheduleError> {
    use std::f32::consts::{FRAC_PI_2, PI};
    if steps == 0 {
        return Err(ScheduleError::NoSteps);
    }
    let level = |i: usize| {
        let left = 1.0 - i as f32 / steps as f32;
        let noise = (left * FRAC_PI_2).sin().powi(2);
        let picture = (1.0 - noise * noise).sqrt();
        let sigma = (f64::from(noise) / f64::from(picture)).min(PURE_NOISE);
        (sigma, f64::from(noise.atan2(picture) / PI * 2.0))
    };
    Ok((0..steps).map(level).unzip())
}

/// Falling levels of a flow, pure noise first, and the timesteps there: t in equal steps from 1.
fn flow_levels(steps: usize) -> Result<(Vec<f64>, Vec<f64>), ScheduleError> {
    if steps == 0 {
        return Err(ScheduleError::NoSteps);
    }
    let level = |i: usize| {
        let t = 1.0 - i as f64 / steps as f64;
        ((t / (1.0 - t)).min(PURE_NOISE), 1000.0 * t)
    };
    Ok((0..steps).map(level).unzip())
}
