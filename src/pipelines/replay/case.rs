//! What a case asks for.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use candle_core::{DType, Device, Tensor};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::job::{LoraSpec, ModelRef, Precision};
use crate::pipelines::controls::ControlSchedule;
use crate::pipelines::families::StableDiffusion;
use crate::pipelines::precision::resolve_dtype;
use crate::pipelines::{Model as _, PipelineError, Scheduler, SchedulerConfig, load_files};
use crate::weights::{self, ModelFiles};

/// The fields of a case that are understood; a task or sampler beyond them is refused, not guessed.
#[derive(Debug, Deserialize)]
#[serde(default)]
#[derive(Default)]
pub(super) struct Case {
    pub(super) task: String,
    pub(super) model: String,
    pub(super) config_from: Option<String>,
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
    pub(super) loras: Vec<CaseLora>,
    pub(super) embeddings: Vec<CaseEmbedding>,
    pub(super) controlnet: Option<CaseControl>,
    pub(super) controlnets: Vec<CaseControl>,
    pub(super) ip_adapter: Option<CaseReference>,
    pub(super) texts: Vec<String>,
    pub(super) strength: Option<f64>,
    pub(super) inpaint: Option<Inpaint>,
    pub(super) image_cfg_scale: f64,
    pub(super) prompt_switch: Option<PromptSwitch>,
    pub(super) original_size: Option<[f64; 2]>,
    pub(super) crop_top_left: Option<[f64; 2]>,
    pub(super) target_size: Option<[f64; 2]>,
    pub(super) negative_original_size: Option<[f64; 2]>,
    pub(super) negative_crop_top_left: Option<[f64; 2]>,
    pub(super) negative_target_size: Option<[f64; 2]>,
    pub(super) aesthetic_score: Option<f64>,
    pub(super) negative_aesthetic_score: Option<f64>,
    pub(super) class_label: Option<u32>,
    pub(super) noise_level: u32,
    pub(super) prior_steps: usize,
    pub(super) decoder_steps: usize,
    pub(super) super_res_steps: usize,
    pub(super) prior_cfg_scale: f64,
    pub(super) motion_adapter: String,
}

/// How a part of a picture is painted anew.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Inpaint {
    /// The known part is put back after each step.
    Blend4,
    /// The U-Net sees mask and picture beside the latents.
    Concat9,
}

/// Another prompt from a step on.
#[derive(Debug, Deserialize)]
pub(super) struct PromptSwitch {
    pub(super) step: usize,
    pub(super) prompt: String,
}

/// A ControlNet at work; its picture is also given as a tensor of the same name.
#[derive(Debug, Deserialize)]
pub(super) struct CaseControl {
    pub(super) model: String,
    pub(super) config_from: Option<String>,
    image: PathBuf,
    scale: f64,
    start: f64,
    end: f64,
    guess_mode: bool,
}

impl CaseControl {
    /// Name of the tensor with its picture.
    pub(super) fn picture(&self) -> String {
        self.image.with_extension("").display().to_string()
    }

    pub(super) fn schedule(&self) -> ControlSchedule {
        ControlSchedule {
            weight: self.scale,
            start: self.start,
            end: self.end,
            is_guess: self.guess_mode,
        }
    }
}

/// An IP-Adapter at work; its picture is also given as a tensor in the file beside.
#[derive(Debug, Deserialize)]
pub(super) struct CaseReference {
    pub(super) model: String,
    pub(super) scale: f64,
    pub(super) tensors: PathBuf,
}

/// The file tells rank and α itself.
#[derive(Debug, Deserialize)]
pub(super) struct CaseLora {
    file: PathBuf,
    scale: f64,
}

#[derive(Debug, Deserialize)]
pub(super) struct CaseEmbedding {
    file: PathBuf,
}

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
        Ok(Self {
            request: read_json(&file)?,
            precision,
            root: folder.join("../.."),
            inputs: match folder.join("inputs.safetensors") {
                inputs if inputs.exists() => read_tensors(&inputs)?,
                _ => HashMap::new(), // what only splits text is given none
            },
            file,
        })
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

    /// The request's model; what it lacks if it is one file is in the folder that the case names.
    pub(super) fn files(&self) -> Result<ModelFiles, PipelineError> {
        self.files_of(&self.request.model, self.request.config_from.as_deref())
    }

    /// A model that the request names.
    pub(super) fn files_of(&self, model: &str, config_from: Option<&str>) -> Result<ModelFiles, PipelineError> {
        let model = self.path(model);
        Ok(match config_from {
            Some(configs) => ModelFiles::open_with_configs(model, &self.path(configs))?,
            None => ModelFiles::open(model)?,
        })
    }

    /// The tensors of a file beside the request.
    pub(super) fn tensors_beside(&self, file: &Path) -> Result<HashMap<String, Tensor>, PipelineError> {
        read_tensors(&self.file.with_file_name(file))
    }

    /// The request's model with the case's scheduler.
    pub(super) fn model(&self) -> Result<StableDiffusion, PipelineError> {
        let path = ModelRef::Path(self.path(&self.request.model));
        let mut model = load_files(&path, &self.files()?, &Device::Cpu, self.precision, &mut |_| ())?;
        model.set_scheduler(self.scheduler(&self.sampler()?.config())?);
        let beside = |file: &Path| self.file.with_file_name("").join(file);
        let loras = self.request.loras.iter();
        let loras: Vec<_> = loras
            .map(|lora| LoraSpec::new(beside(&lora.file), lora.scale))
            .collect();
        let embeddings = self.request.embeddings.iter();
        let embeddings: Vec<_> = embeddings.map(|embedding| beside(&embedding.file)).collect();
        model.set_adapters(&loras, &embeddings)?;
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
