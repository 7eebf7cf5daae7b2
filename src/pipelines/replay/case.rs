//! What a case asks for.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};

use candle_core::{DType, Device, Tensor};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::job::{ModelRef, Precision};
use crate::pipelines::families::StableDiffusion;
use crate::pipelines::precision::resolve_dtype;
use crate::pipelines::{PipelineError, Scheduler, SchedulerConfig, load};
use crate::weights;

/// The fields of a case that are understood; a task or sampler beyond them is refused, not guessed.
#[derive(Debug, Deserialize)]
#[serde(default)]
#[derive(Default)]
pub(super) struct Case {
    pub(super) task: String,
    pub(super) model: String,
    pub(super) vae: Option<String>,
    pub(super) vae_kind: Option<String>,
    pub(super) prompt: String,
    pub(super) negative_prompt: Option<String>,
    pub(super) uses_negative: bool,
    pub(super) steps: usize,
    pub(super) cfg_scale: f64,
    pub(super) guidance_rescale: f64,
    pub(super) clip_skip: usize,
    pub(super) sampler: Option<CaseSampler>,
    pub(super) texts: Vec<String>,
    pub(super) class_label: Option<u32>,
    pub(super) noise_level: u32,
    pub(super) prior_steps: usize,
    pub(super) decoder_steps: usize,
    pub(super) super_res_steps: usize,
    pub(super) prior_cfg_scale: f64,
    pub(super) motion_adapter: String,
    #[serde(flatten)]
    pub(super) rest: BTreeMap<String, serde_json::Value>,
}

/// Fields that change the result and that nothing here carries out yet.
const BEYOND: &[&str] = &[
    "loras",
    "embeddings",
    "controlnet",
    "controlnets",
    "ip_adapter",
    "prompt_switch",
    "inpaint",
    "original_size",
];

#[derive(Debug, Deserialize)]
pub(super) struct CaseSampler {
    pub(super) name: String,
    #[serde(default)]
    pub(super) eta: f64,
    pub(super) sigma_schedule: String,
    #[serde(default)]
    pub(super) diffusers_class: String,
    #[serde(default)]
    pub(super) diffusers_config: serde_json::Value,
}

/// A case, read.
pub(super) struct Opened {
    pub(super) request: Case,
    /// What the networks compute in.
    pub(super) precision: Precision,
    /// Where the paths in the request begin.
    root: PathBuf,
    file: PathBuf,
    inputs: HashMap<String, Tensor>,
}

impl Opened {
    pub(super) fn new(folder: &Path, precision: Precision) -> Result<Self, PipelineError> {
        let file = folder.join("request.json");
        let opened = Self {
            request: read_json(&file)?,
            precision,
            root: folder.join("../.."),
            inputs: match folder.join("inputs.safetensors") {
                inputs if inputs.exists() => read_tensors(&inputs)?,
                _ => HashMap::new(), // what only splits text is given none
            },
            file,
        };
        match BEYOND.iter().find(|field| opened.request.rest.contains_key(**field)) {
            Some(field) => Err(opened.bad(format!(
                "expected a plain run, found {field:?}, which this version does not replay"
            ))),
            None => Ok(opened),
        }
    }

    /// An error about the request.
    pub(super) fn bad(&self, what: String) -> PipelineError {
        PipelineError::Case {
            what,
            path: self.file.display().to_string(),
        }
    }

    /// An error about a sampler or schedule that is not here.
    pub(super) fn unknown_sampler(&self, wanted: &CaseSampler) -> PipelineError {
        self.bad(format!(
            "expected a known sampler and schedule, found {:?} with {:?}",
            wanted.name, wanted.sigma_schedule
        ))
    }

    /// A path that the request names.
    pub(super) fn path(&self, inside: &str) -> PathBuf {
        self.root.join(inside)
    }

    /// What tensors are computed in where nothing else is said.
    pub(super) fn dtype(&self) -> Result<DType, PipelineError> {
        resolve_dtype(self.precision, &Device::Cpu)
    }

    /// A tensor that the case gives.
    pub(super) fn input(&self, name: &str) -> Result<Tensor, PipelineError> {
        let found = self.inputs.get(name).cloned();
        found.ok_or_else(|| self.bad(format!("expected tensor {name} beside the request, found none")))
    }

    /// The tensors `NAME.000`, `NAME.001` …
    pub(super) fn inputs(&self, name: &str) -> Vec<Tensor> {
        (0..)
            .map_while(|index| self.inputs.get(&format!("{name}.{index:03}")).cloned())
            .collect()
    }

    pub(super) fn sampler(&self) -> Result<&CaseSampler, PipelineError> {
        let sampler = self.request.sampler.as_ref();
        sampler.ok_or_else(|| self.bad("expected a sampler, found none".to_owned()))
    }

    /// The scheduler as diffusers had configured it.
    pub(super) fn scheduler(&self, config: &serde_json::Value) -> Result<Scheduler, PipelineError> {
        let config: SchedulerConfig = serde_json::from_value(config.clone())
            .map_err(|source| self.bad(format!("expected a scheduler configuration, found {source}")))?;
        Scheduler::new(config)
    }

    /// The request's model with the case's scheduler.
    pub(super) fn model(&self) -> Result<StableDiffusion, PipelineError> {
        let path = self.path(&self.request.model);
        let mut model = load(&ModelRef::Path(path), &Device::Cpu, self.precision, &mut |_| ())?;
        model.set_scheduler(self.scheduler(&self.sampler()?.diffusers_config)?);
        Ok(model)
    }
}

fn read_tensors(path: &Path) -> Result<HashMap<String, Tensor>, PipelineError> {
    candle_core::safetensors::load(path, &Device::Cpu).map_err(|source| PipelineError::Case {
        what: format!("expected tensors, found {source}"),
        path: path.display().to_string(),
    })
}

fn read_json<T: DeserializeOwned>(path: &Path) -> Result<T, PipelineError> {
    let bad = |what: String| PipelineError::Case {
        what,
        path: path.display().to_string(),
    };
    let text = std::fs::read(path).map_err(|source| bad(format!("cannot be read: {source}")))?;
    weights::from_python_json(&text).map_err(|source| bad(format!("expected a request, found {source}")))
}
