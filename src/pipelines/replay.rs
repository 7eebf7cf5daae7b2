//! Runs a reference case through the same pipeline as a user's request, and writes what it computed.
//!
//! A case is a folder with `request.json` and `inputs.safetensors`, made by diffusers; the tensors written here bear
//! the names of its `expected.safetensors`, so that the two files can be compared number by number.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};

use candle_core::{DType, Device, Tensor};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::denoise::{Noise, Observed, Run, STATE_DTYPE};
use super::families::vae_dtype;
use super::precision::resolve_dtype;
use super::scheduler::{Scheduler, SchedulerConfig};
use super::{PipelineError, load_files};
use crate::diffusion::guidance::Guidance;
use crate::diffusion::prediction::{network_input, vp_scale};
use crate::diffusion::samplers::{Options, Sampler, sampler_by_id};
use crate::diffusion::schedule::Timetable;
use crate::job::{JobControl, ModelRef, Precision};
use crate::models::taesd::{AutoencoderTiny, TinyConfig};
use crate::models::vae::{AutoencoderKL, VaeConfig};
use crate::pipelines::prompt::ClipTokenizer;
use crate::weights::{self, ModelFiles};

/// The fields of a case that are understood; a task or sampler beyond them is refused, not guessed.
#[derive(Debug, Deserialize)]
struct Case {
    task: String,
    model: String,
    #[serde(default)]
    config_from: Option<String>,
    #[serde(default)]
    vae: Option<String>,
    #[serde(default)]
    vae_kind: Option<String>,
    #[serde(default)]
    prompt: String,
    #[serde(default)]
    negative_prompt: Option<String>,
    #[serde(default)]
    uses_negative: bool,
    #[serde(default)]
    steps: usize,
    #[serde(default)]
    cfg_scale: f64,
    #[serde(default)]
    guidance_rescale: f64,
    #[serde(default)]
    clip_skip: usize,
    #[serde(default)]
    sampler: Option<CaseSampler>,
    #[serde(default)]
    texts: Vec<String>,
    #[serde(flatten)]
    rest: BTreeMap<String, serde_json::Value>,
}

/// Fields that change the result and that no sampler or family here carries out yet.
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
struct CaseSampler {
    name: String,
    #[serde(default)]
    eta: f64,
    sigma_schedule: String,
    #[serde(default)]
    diffusers_class: String,
    #[serde(default)]
    diffusers_config: serde_json::Value,
}

/// In which scale diffusers' scheduler keeps its latents.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Scale {
    /// x₀ + σ·ε, as here.
    Exploding,
    /// (x₀ + σ·ε) / √(1 + σ²), as the network sees them.
    Preserving,
}

impl Scale {
    fn of(diffusers_class: &str) -> Self {
        if diffusers_class.starts_with("Euler") {
            Self::Exploding
        } else {
            Self::Preserving
        }
    }

    fn latents(self, x: &Tensor, sigma: f64) -> candle_core::Result<Tensor> {
        if self == Self::Exploding {
            Ok(x.clone())
        } else {
            network_input(x, sigma)
        }
    }
}

/// The tensors computed, under the reference's names.
type Got = HashMap<String, Tensor>;

/// Runs the case in the folder `case` and writes the tensors it computed to `out`.
///
/// * `precision`: what the networks shall compute in, on the CPU.
///
/// # Errors
/// [`PipelineError`] if the case cannot be read, asks for something this version does not have, or fails.
pub fn replay(case: &Path, out: &Path, precision: Precision) -> Result<(), PipelineError> {
    let dtype = resolve_dtype(precision, &Device::Cpu)?;
    let path = case.join("request.json");
    let request: Case = read_json(&path)?;
    let bad = |what: String| PipelineError::Case {
        what,
        path: path.display().to_string(),
    };
    if let Some(field) = BEYOND.iter().find(|field| request.rest.contains_key(**field)) {
        return Err(bad(format!(
            "expected a plain run, found {field:?}, which this version does not replay"
        )));
    }
    let root = case.join("../..");
    let model = root.join(&request.model);
    let got = match request.task.as_str() {
        "txt2img" => text_to_image(case, (&root, &model), &request, precision)?,
        "tokenize" => tokenize(&model, &request.texts)?,
        "vae_roundtrip" => roundtrip(case, &model, &open(&root, &model, &request)?, &request, dtype)?,
        other => {
            return Err(bad(format!(
                "expected task txt2img, tokenize or vae_roundtrip, found {other:?}"
            )));
        }
    };
    let got: HashMap<String, Tensor> = got
        .into_iter()
        .map(|(name, tensor)| Ok((name, tensor.contiguous()?)))
        .collect::<candle_core::Result<_>>()?;
    candle_core::safetensors::save(&got, out)?;
    Ok(())
}

fn text_to_image(
    case: &Path,
    (root, model): (&Path, &Path),
    request: &Case,
    precision: Precision,
) -> Result<Got, PipelineError> {
    let path = case.join("request.json").display().to_string();
    let bad = |what: String| PipelineError::Case {
        what,
        path: path.clone(),
    };
    let wanted = request
        .sampler
        .as_ref()
        .ok_or_else(|| bad("expected a sampler, found none".to_owned()))?;
    let inputs = read_tensors(&case.join("inputs.safetensors"))?;
    let files = open(root, model, request)?;
    let model = ModelRef::Path(model.to_owned());
    let mut network = load_files(&model, &files, &Device::Cpu, precision, &mut |_| ())?;
    let config: SchedulerConfig = serde_json::from_value(wanted.diffusers_config.clone())
        .map_err(|source| bad(format!("expected a scheduler configuration, found {source}")))?;
    network.set_scheduler(Scheduler::new(config)?);

    let (sampler, schedule) = known_sampler(wanted).ok_or_else(|| {
        bad(format!(
            "expected a known sampler and schedule, found {:?} with {:?}",
            wanted.name, wanted.sigma_schedule
        ))
    })?;
    let table = network.scheduler().timetable(sampler, schedule, None, request.steps)?;
    let scale = Scale::of(&wanted.diffusers_class);
    let negative = request.negative_prompt.as_deref().unwrap_or("");
    let conditioning = network.encode_prompts(&request.prompt, negative, request.clip_skip)?;

    let mut got = Got::new();
    let ids = |ids: &[u32]| Tensor::from_iter(ids.iter().map(|id| i64::from(*id)), &Device::Cpu)?.unsqueeze(0);
    got.insert("tokens.prompt".to_owned(), ids(&conditioning.prompt_ids)?);
    got.insert("text.prompt".to_owned(), conditioning.cond.clone());
    if request.uses_negative {
        got.insert("tokens.negative".to_owned(), ids(&conditioning.negative_ids)?);
        got.insert("text.negative".to_owned(), conditioning.uncond.clone());
    }
    insert_table(&mut got, &table, scale)?;

    let initial = inputs
        .get("noise")
        .cloned()
        .ok_or_else(|| bad("expected tensor noise, found none".to_owned()))?;
    let shape: [usize; 4] = initial.dims4()?.into();
    let steps = (0..)
        .map_while(|index| inputs.get(&format!("step_noise.{index:03}")).cloned())
        .collect();
    // diffusers switches guidance off at scales of 1 and below.
    let is_distilled = network.is_guidance_distilled();
    let guided = request.uses_negative || is_distilled;
    let run = Run {
        model: &network,
        conditioning: &conditioning,
        guidance: Guidance {
            scale: if guided { request.cfg_scale } else { 1.0 },
            rescale: request.guidance_rescale,
        },
        sampler,
        options: Options { eta: wanted.eta },
        table: &table,
        noise: Noise::Given { initial, steps },
        control: &JobControl::default(),
    };
    let walked = run.walk(shape, &mut |observed: &Observed<'_>| {
        let index = observed.record.index;
        let latents = scale.latents(observed.x, observed.record.sigma)?;
        if index == 0 {
            got.insert("initial_latents".to_owned(), latents);
            got.insert(
                "unet_in.000".to_owned(),
                network_input(observed.x, observed.record.sigma)?,
            );
            got.insert("unet_cond.000".to_owned(), observed.predicted.cond.clone());
            if let Some(uncond) = &observed.predicted.uncond {
                got.insert("unet_uncond.000".to_owned(), uncond.clone());
            }
        } else {
            got.insert(format!("latents.{:03}", index - 1), latents);
        }
        got.insert(format!("model_out.{index:03}"), observed.predicted.guided.clone());
        got.insert(format!("x0.{index:03}"), observed.x0.clone());
        Ok(())
    })?;
    let last_sigma = table.sigmas()[table.steps()];
    let last = scale.latents(&walked.x, last_sigma)?;
    got.insert(format!("latents.{:03}", table.steps() - 1), last.clone());
    got.insert("latents_final".to_owned(), last);
    let latents = (walked.x / vp_scale(last_sigma))?;
    let picture = match &request.vae {
        Some(vae) => {
            let dtype = resolve_dtype(precision, &Device::Cpu)?;
            let picture = tiny(&root.join(vae), dtype)?.decode(&latents.to_dtype(dtype)?)?;
            picture.to_dtype(STATE_DTYPE)?
        }
        None => network.decode(&latents)?,
    };
    got.insert("image".to_owned(), unit_range(&picture)?);
    Ok(got)
}

/// Our sampler and schedule for a case's, by the names the cases use.
fn known_sampler(wanted: &CaseSampler) -> Option<(&'static dyn Sampler, &str)> {
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

fn insert_table(got: &mut Got, table: &Timetable, scale: Scale) -> candle_core::Result<()> {
    let row = |values: &[f64]| Tensor::from_iter(values.iter().map(|value| *value as f32), &Device::Cpu);
    got.insert("timesteps".to_owned(), row(table.timesteps())?);
    got.insert("sigmas".to_owned(), row(table.sigmas())?);
    let initial = if scale == Scale::Exploding {
        table.initial_scale()
    } else {
        1.0
    };
    got.insert("init_noise_sigma".to_owned(), row(&[initial])?);
    Ok(())
}

fn tokenize(model: &Path, texts: &[String]) -> Result<Got, PipelineError> {
    let tokenizer = ClipTokenizer::load(&ModelFiles::open(model)?, "tokenizer", 77)?;
    let mut got = Got::new();
    for (index, text) in texts.iter().enumerate() {
        let ids = tokenizer.encode(text)?.into_iter().map(i64::from);
        got.insert(format!("ids.{index:03}"), Tensor::from_iter(ids, &Device::Cpu)?);
    }
    Ok(got)
}

/// The case's model; what it lacks if it is one file is in the folder that the case names.
fn open(root: &Path, model: &Path, request: &Case) -> Result<ModelFiles, PipelineError> {
    Ok(match &request.config_from {
        Some(configs) => ModelFiles::open_with_configs(model, &root.join(configs))?,
        None => ModelFiles::open(model)?,
    })
}

fn roundtrip(
    case: &Path,
    model: &Path,
    files: &ModelFiles,
    request: &Case,
    dtype: DType,
) -> Result<Got, PipelineError> {
    let inputs = read_tensors(&case.join("inputs.safetensors"))?;
    let input = |name: &str| {
        inputs.get(name).cloned().ok_or_else(|| PipelineError::Case {
            what: format!("expected tensor {name}, found none"),
            path: case.join("inputs.safetensors").display().to_string(),
        })
    };
    let picture = input("init_image")?.affine(2.0, -1.0)?;
    let mut got = Got::new();
    if request.vae_kind.as_deref() == Some("tiny") {
        let vae = tiny(model, dtype)?;
        let latents = vae.encode(&picture.to_dtype(dtype)?)?;
        let picture = vae.decode(&latents)?.to_dtype(STATE_DTYPE)?;
        got.insert("image".to_owned(), unit_range(&picture)?);
        got.insert("latents".to_owned(), latents.to_dtype(STATE_DTYPE)?);
        return Ok(got);
    }
    let config: VaeConfig = files.json("vae/config.json")?;
    let dtype = vae_dtype(dtype, &config);
    let vae = weights::build(files, "vae", &Device::Cpu, dtype, |vb| AutoencoderKL::new(vb, &config))?;
    let moments = vae.encode(&picture.to_dtype(dtype)?)?;
    let (mean, logvar) = (
        moments.mean.to_dtype(STATE_DTYPE)?,
        moments.logvar.to_dtype(STATE_DTYPE)?,
    );
    let decode = |latents: &Tensor| vae.decode(&latents.to_dtype(dtype)?)?.to_dtype(STATE_DTYPE);
    let std = (logvar.clamp(-30f32, 20f32)? * 0.5)?.exp()?;
    let sample = (&mean + (&std * input("vae_noise")?)?)?;
    got.insert("latents".to_owned(), (&sample * config.scaling_factor)?);
    got.insert("image".to_owned(), unit_range(&decode(&sample)?)?);
    got.insert("image_from_mean".to_owned(), unit_range(&decode(&mean)?)?);
    got.insert("latents_unscaled".to_owned(), sample);
    got.insert("posterior.mean".to_owned(), mean);
    got.insert("posterior.logvar".to_owned(), logvar);
    got.insert("posterior.std".to_owned(), std);
    Ok(got)
}

fn tiny(folder: &Path, dtype: DType) -> Result<AutoencoderTiny, PipelineError> {
    let files = ModelFiles::open(folder)?;
    let config: TinyConfig = files.json("config.json")?;
    let build = |vb| AutoencoderTiny::new(vb, &config);
    Ok(weights::build(&files, "", &Device::Cpu, dtype, build)?)
}

/// `(1, 3, height, width)` in −1..1 → `(3, height, width)` in 0..1.
fn unit_range(picture: &Tensor) -> candle_core::Result<Tensor> {
    picture.squeeze(0)?.affine(0.5, 0.5)?.clamp(0f32, 1f32)
}

fn read_tensors(path: &Path) -> Result<HashMap<String, Tensor>, PipelineError> {
    candle_core::safetensors::load(path, &Device::Cpu).map_err(|source| PipelineError::Case {
        what: format!("expected tensors, found {source}"),
        path: path.display().to_string(),
    })
}

fn read_json<T: DeserializeOwned>(path: &PathBuf) -> Result<T, PipelineError> {
    let bad = |what: String| PipelineError::Case {
        what,
        path: path.display().to_string(),
    };
    let text = std::fs::read(path).map_err(|source| bad(format!("cannot be read: {source}")))?;
    weights::from_python_json(&text).map_err(|source| bad(format!("expected a request, found {source}")))
}
