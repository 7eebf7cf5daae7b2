//! What a run computes, call by call, under the reference's names and in its scale.

use candle_core::{Device, Tensor};

use super::Got;
use super::case::CaseSampler;
use crate::diffusion::SampleError;
use crate::diffusion::samplers::{Options, Sampler, Variance, sampler_by_id};
use crate::diffusion::schedule::SigmaTable;
use crate::pipelines::denoise::{Call, Observed, Observer};
use crate::pipelines::denoiser::DenoiseOutput;

/// How diffusers' scheduler keeps its latents and its noise levels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Scale {
    /// Latents x₀ + σ·ε, as here; else (x₀ + σ·ε) / √(1 + σ²), as the network sees them.
    is_exploding: bool,
    table: Table,
}

/// How often a level stands in the scheduler's list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Table {
    /// Once.
    Plain,
    /// Once for each call of a second-order method.
    Doubled,
    /// The same, and the end twice more.
    DoubledEnd,
}

/// Beginnings of the names of classes whose latents are x₀ + σ·ε, and how their levels are listed.
const EXPLODING: &[(&str, Table)] = &[
    ("Euler", Table::Plain),
    ("EDM", Table::Plain),
    ("LMS", Table::Plain),
    ("Heun", Table::Doubled),
    ("DPMSolverSDE", Table::Doubled),
    ("KDPM2", Table::DoubledEnd),
];

impl Scale {
    pub(super) fn of(diffusers_class: &str) -> Self {
        let found = EXPLODING.iter().find(|(start, _)| diffusers_class.starts_with(start));
        Self {
            is_exploding: found.is_some(),
            table: found.map_or(Table::Plain, |(_, table)| *table),
        }
    }

    pub(super) fn latents(self, x: &Tensor, sigma: f64) -> candle_core::Result<Tensor> {
        if self.is_exploding {
            Ok(x.clone())
        } else {
            x / sigma.hypot(1.0)
        }
    }

    /// Noise levels as the scheduler lists them.
    fn listed(self, sigmas: &[f64]) -> Vec<f64> {
        let ([first, between @ .., last], true) = (sigmas, self.table != Table::Plain) else {
            return sigmas.to_vec();
        };
        let num_last = if self.table == Table::Doubled { 1 } else { 3 };
        let mut listed = vec![*first];
        listed.extend(between.iter().flat_map(|sigma| [*sigma; 2]));
        listed.extend(vec![*last; num_last]);
        listed
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
    fn first_opinions(&mut self, predicted: &DenoiseOutput) -> candle_core::Result<()> {
        let DenoiseOutput {
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
            let mut input = call.input.clone();
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
    let name = wanted.name.strip_prefix("edm_").unwrap_or(&wanted.name);
    let id = match (name, wanted.word("solver_type")) {
        ("pndm", _) if !wanted.is_set("skip_prk_steps") => "pndm_prk",
        ("dpmpp_2m", "heun") => "dpmpp_2m_heun",
        ("dpmpp_2m_sde", "heun") => "dpmpp_2m_sde_heun",
        ("unipc", "bh1") => "unipc_bh1",
        (other, _) => other,
    };
    let schedule = match wanted.sigma_schedule.as_str() {
        "default" if wanted.is_set("use_lu_lambdas") => "lu",
        "default" => "normal",
        other => other,
    };
    Some((sampler_by_id(id).ok()?, schedule))
}

/// The sampler's parameters in a case.
pub(super) fn sampler_options(wanted: &CaseSampler) -> Options {
    let order = ["solver_order", "predictor_order"]
        .iter()
        .find_map(|field| wanted.diffusers_config.get(field)?.as_u64());
    Options {
        eta: wanted.eta,
        order: order.map(|order| order as usize),
        variance: if wanted.word("variance_type") == "fixed_large" {
            Variance::Large
        } else {
            Variance::Small
        },
    }
}

impl CaseSampler {
    /// The scheduler's configuration with the name of its class, as files have it.
    pub(super) fn config(&self) -> serde_json::Value {
        let mut config = self.diffusers_config.clone();
        if let Some(fields) = config.as_object_mut() {
            fields.insert("_class_name".to_owned(), self.diffusers_class.clone().into());
        }
        config
    }

    fn word(&self, field: &str) -> &str {
        let value = self.diffusers_config.get(field);
        value.and_then(serde_json::Value::as_str).unwrap_or_default()
    }

    fn is_set(&self, field: &str) -> bool {
        let value = self.diffusers_config.get(field);
        value.and_then(serde_json::Value::as_bool).unwrap_or(false)
    }
}

/// The scheduler's noise levels.
pub(super) fn insert_table(got: &mut Got, table: &SigmaTable, scale: Scale) -> candle_core::Result<()> {
    let row = |values: &[f64]| Tensor::from_iter(values.iter().map(|value| *value as f32), &Device::Cpu);
    got.insert("sigmas".to_owned(), row(&scale.listed(table.sigmas()))?);
    let initial = if scale.is_exploding { table.initial_scale() } else { 1.0 };
    got.insert("init_noise_sigma".to_owned(), row(&[initial])?);
    Ok(())
}
