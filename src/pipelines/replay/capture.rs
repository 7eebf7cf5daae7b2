//! What a run computes, call by call, under the reference's names and in its scale.

use candle_core::{Device, Tensor};

use super::Got;
use super::case::CaseSampler;
use crate::diffusion::SampleError;
use crate::diffusion::prediction::network_input;
use crate::diffusion::samplers::{Sampler, sampler_by_id};
use crate::diffusion::schedule::Timetable;
use crate::pipelines::denoise::{Call, Observed, Observer};
use crate::pipelines::predictor::Predicted;

/// In which scale diffusers' scheduler keeps its latents.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Scale {
    /// x₀ + σ·ε, as here.
    Exploding,
    /// (x₀ + σ·ε) / √(1 + σ²), as the network sees them.
    Preserving,
}

impl Scale {
    pub(super) fn of(diffusers_class: &str) -> Self {
        if diffusers_class.starts_with("Euler") {
            Self::Exploding
        } else {
            Self::Preserving
        }
    }

    pub(super) fn latents(self, x: &Tensor, sigma: f64) -> candle_core::Result<Tensor> {
        if self == Self::Exploding {
            Ok(x.clone())
        } else {
            network_input(x, sigma)
        }
    }
}

/// Keeps every call of a run.
pub(super) struct Capture {
    pub(super) got: Got,
    /// What the network sees beside the latents.
    pub(super) beside: Option<Tensor>,
    /// Whether to keep the latents of each step before the known part is put back.
    pub(super) keeps_landings: bool,
    scale: Scale,
    timesteps: Vec<f32>,
}

impl Capture {
    pub(super) fn new(got: Got, scale: Scale) -> Self {
        Self {
            got,
            beside: None,
            keeps_landings: false,
            scale,
            timesteps: Vec::new(),
        }
    }

    /// What the network was given at its first call.
    pub(super) fn first_timestep(&self) -> Option<f64> {
        self.timesteps.first().map(|t| f64::from(*t))
    }

    /// How often the network was called.
    pub(super) fn num_calls(&self) -> usize {
        self.timesteps.len()
    }

    /// What the network said of the first latents. In editing, the reference keeps the whole batch, and calls its last
    /// part, for neither text nor picture, the conditional one.
    fn first_opinions(&mut self, predicted: &Predicted) -> candle_core::Result<()> {
        let Predicted {
            uncond, cond, picture, ..
        } = predicted;
        if let (Some(picture), Some(uncond)) = (picture, uncond) {
            let batch = Tensor::cat(&[cond, picture, uncond], 0)?;
            self.got.insert("unet_batch.000".to_owned(), batch);
            self.got.insert("unet_cond.000".to_owned(), uncond.clone());
            return Ok(());
        }
        self.got.insert("unet_cond.000".to_owned(), cond.clone());
        if let Some(uncond) = uncond {
            self.got.insert("unet_uncond.000".to_owned(), uncond.clone());
        }
        Ok(())
    }

    /// The end of the run: its result as the scheduler keeps it, at noise level `sigma`.
    pub(super) fn finish(mut self, x: &Tensor, sigma: f64) -> candle_core::Result<Got> {
        let last = self.scale.latents(x, sigma)?;
        let num_calls = self.timesteps.len();
        self.got
            .insert(format!("latents.{:03}", num_calls.saturating_sub(1)), last.clone());
        self.got.insert("latents_final".to_owned(), last);
        let timesteps = Tensor::from_vec(self.timesteps, num_calls, &Device::Cpu)?;
        self.got.insert("timesteps".to_owned(), timesteps);
        Ok(self.got)
    }
}

impl Observer for Capture {
    fn called(&mut self, call: &Call<'_>) -> Result<(), SampleError> {
        let index = call.index;
        let latents = self.scale.latents(call.x, call.sigma)?;
        if index == 0 {
            self.got.insert("initial_latents".to_owned(), latents);
            let mut input = network_input(call.x, call.sigma)?;
            if let Some(beside) = &self.beside {
                input = Tensor::cat(&[&input, beside], 1)?;
            }
            self.got.insert("unet_in.000".to_owned(), input);
            self.first_opinions(call.predicted)?;
        } else {
            self.got.insert(format!("latents.{:03}", index - 1), latents);
        }
        self.got
            .insert(format!("model_out.{index:03}"), call.predicted.guided.clone());
        self.got.insert(format!("x0.{index:03}"), call.x0.clone());
        self.timesteps.push(call.timestep as f32);
        Ok(())
    }

    fn stepped(&mut self, _observed: &Observed<'_>) -> Result<(), SampleError> {
        Ok(())
    }

    fn landed(&mut self, x: &Tensor, sigma: f64) -> Result<(), SampleError> {
        if self.keeps_landings {
            let call = self.timesteps.len().saturating_sub(1);
            let latents = self.scale.latents(x, sigma)?;
            self.got.insert(format!("step_latents.{call:03}"), latents);
        }
        Ok(())
    }
}

/// Our sampler and schedule for a case's, by the names the cases use.
pub(super) fn known_sampler(wanted: &CaseSampler) -> Option<(&'static dyn Sampler, &str)> {
    let config = |field: &str| wanted.diffusers_config.get(field);
    let is_set = |field: &str| config(field).and_then(serde_json::Value::as_bool).unwrap_or(false);
    let id = match wanted.name.as_str() {
        "dpmpp_2m" if config("solver_type").is_some_and(|kind| kind == "heun") => "dpmpp_2m_heun",
        other => other,
    };
    let schedule = match wanted.sigma_schedule.as_str() {
        "default" if is_set("use_lu_lambdas") => "lu",
        "default" => "normal",
        other => other,
    };
    Some((sampler_by_id(id)?, schedule))
}

/// The scheduler's noise levels.
pub(super) fn insert_table(got: &mut Got, table: &Timetable, scale: Scale) -> candle_core::Result<()> {
    let row = |values: &[f64]| Tensor::from_iter(values.iter().map(|value| *value as f32), &Device::Cpu);
    got.insert("sigmas".to_owned(), row(table.sigmas())?);
    let initial = if scale == Scale::Exploding {
        table.initial_scale()
    } else {
        1.0
    };
    got.insert("init_noise_sigma".to_owned(), row(&[initial])?);
    Ok(())
}
