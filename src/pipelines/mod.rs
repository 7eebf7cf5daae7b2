//! Composition: text → conditioning → denoise → pixels.
//!
//! # The way of a request
//!
//! | step | what happens |
//! |---|---|
//! | [`JobContext`] | the engine puts the request together with the loaded [`Model`] and whatever else carries it out |
//! | [`JobContext::prepare`] → [`Prepared`] | what all pictures of the request share: prompts encoded, pictures read, controls made |
//! | [`Prepared::pictures`] | the [passes](pass::Passes) of one picture, the decoder, the record |
//! | [`denoise::Run`] | one pass, described as data; the only loop |
//!
//! Families differ in their [`Model`] and in the [parts of a request](model::Family::supports) that they take; all else is
//! the same for all.
//!
//! # What is held to what
//!
//! Every cell names the reference cases (by `diffusers`, `tests/reference_cases`; those marked ● lie in the tree) or the
//! test that hold it. A name ending in `*` stands for all that begin with it.
//!
//! | family | text → image | image → image | inpainting | other tasks |
//! |---|---|---|---|---|
//! | Stable Diffusion 1 | `sampler_*` ●, `cfg_*`, `guidance_rescale_eps` ●, `clip_skip_*` ●, `long_prompt`, `unicode_prompt` | `img2img_*` ● | `inpaint4_*` ●, `tests/tasks.rs` | `prompt_switch` ●, `ddim_inversion` ●, `controlnet*` ●, `ip_adapter` ●, `lora_*` ●, `textual_inversion_*`; outpainting, restyling, second pass, refiner, variation, others' noise: `tests/tasks.rs` |
//! | … with 9 channels | `tests/tasks.rs` | | `inpaint9_*` | |
//! | … with 8 channels | | `instruct_pix2pix` | | |
//! | Stable Diffusion 2 | `sd2_ddim`, `vpred_*` | | | |
//! | SDXL | `sdxl_*` | `sdxl_img2img` | `sdxl_inpaint4` | `sdxl_controlnet`, `sdxl_micro_conditioning`, `lora_sdxl_*` |
//! | SDXL refiner | | `sdxl_refiner` | | |
//! | SDXL Turbo | `sdxl_turbo_*` ● | | | |
//! | LCM | `lcm_guidance_embedding*` | | | |
//! | pixel U-Nets | `pixel_*` ● | | | with classes: `pixel_class_*` ● |
//! | ×4 upscaler | | `x4_upscaler` | | |
//! | latent super-resolution | | `ldm_super_resolution` ● | | |
//! | unCLIP | `unclip` ● | | | |
//! | `AnimateDiff` | `animatediff` | | | |
//! | one file | `file_*` | | | `file_vae_original`, `file_controlnet_original` |
//!
//! Every sampler is held to `sampler_*` or `vpred_*` where diffusers has it, and all of them to `tests/sampler_contract.rs`:
//! order of convergence, spread, exact resumption at every step, closed forms for those that diffusers lacks.
//!
//! # Where the others differ from each other
//!
//! * **Timesteps**: each sampler places them as its diffusers class does
//!   ([`TimestepStyle`](crate::diffusion::schedule::TimestepStyle)); A1111 and k-diffusion give networks real timesteps where
//!   diffusers' solvers round.
//! * **Noise**: ours is a function of seed and step; `--rng torch-cpu` and `--rng a1111-gpu` give the others' noise to
//!   start from, not that of steps.
//! * **Clip skip** counts as in diffusers: 0 is all layers, which A1111 calls 1; it holds for the prompt alone.
//! * **Emphasis** in brackets is not understood; a prompt is read as it is written, cut at 77 tokens, as diffusers does.
//! * **No negative prompt**: XL models read it as zeros where their index says so, as in diffusers; `ComfyUI` encodes "".
//! * **Guidance of 1 and below** is carried out; diffusers switches it off.
//! * **Pictures to start from** are encoded to the mean of their distribution; diffusers draws from it.

mod adapters;
mod attention;
mod aux_models;
mod bench;
mod context;
pub mod controls;
pub mod denoise;
pub mod denoiser;
mod error;
pub mod families;
mod frames;
mod generate;
mod image_passes;
mod input_picture;
mod inversion;
mod job_error;
mod linear_map;
mod memory;
pub mod model;
mod model_hash;
mod observer;
pub mod pass;
mod precision;
mod prepare;
pub mod preprocess;
mod preview;
mod probe;
pub mod references;
mod request_parts;
mod run;
mod run_context;
pub mod run_plan;
mod scheduled_conditioning;
mod scheduler;
mod tiles;
mod upscale;

use include_dir::{Dir, include_dir};

pub use aux_models::AuxModels;
pub use bench::{BenchItem, BenchRequest, BenchResult, BenchShape, BenchTrace, bench};
pub use candle_core::Device;
pub use context::{JobContext, ResumeFrom, ShownStep, Watcher};
pub use error::PipelineError;
pub use generate::Prepared;
pub use input_picture::enlarged_size;
pub use inversion::invert;
pub use model::{ConcatCond, DenoiserInputs, Model, ModelBase};
pub use model_hash::keep_hashes_in;
pub use precision::{describe_device, resolve_precision};
pub use preview::decode_latents;
pub use probe::Probe;
pub use run_plan::Steered;
pub use scheduler::{Scheduler, SchedulerConfig};
pub use upscale::PictureUpscaler;

use crate::diffusion::names::{sampler_and_schedule_by_name, schedule_by_name};
use crate::diffusion::samplers::SAMPLERS;
use crate::diffusion::schedule::SCHEDULES;
use crate::job::{Choice, ModelInfo, ModelRef, Precision};
use crate::weights::ModelFiles;
use families::stable_diffusion::FAMILY as STABLE_DIFFUSION;
use families::{StableDiffusion, family_of};

/// The models that are there at once, in the layout of any other.
static STARTER: Dir<'static> = include_dir!("$CARGO_MANIFEST_DIR/assets/starter/model");
static FLOWERS: Dir<'static> = include_dir!("$CARGO_MANIFEST_DIR/assets/starter/flowers");

/// Every sampler, in the order a list shows them.
pub fn samplers() -> Vec<Choice> {
    SAMPLERS
        .iter()
        .map(|sampler| Choice {
            id: sampler.spec().id,
            label: sampler.spec().label,
            aliases: sampler.spec().aliases,
        })
        .collect()
}

/// Every schedule, in the order a list shows them.
pub fn schedules() -> Vec<Choice> {
    SCHEDULES
        .iter()
        .map(|schedule| Choice {
            id: schedule.id,
            label: schedule.label,
            aliases: schedule.aliases,
        })
        .collect()
}

/// The ids of the sampler that goes by a name, and of the schedule that the name may end with.
pub fn sampler_id(name: &str) -> Option<(&'static str, Option<&'static str>)> {
    let (sampler, schedule) = sampler_and_schedule_by_name(name)?;
    Some((sampler.spec().id, schedule.map(|schedule| schedule.id)))
}

/// The id of the schedule that goes by a name.
pub fn schedule_id(name: &str) -> Option<&'static str> {
    Some(schedule_by_name(name).ok()?.id)
}

/// Describes a model without reading its weights.
///
/// # Errors
/// [`PipelineError`] if a configuration is missing or broken, or no family knows the model.
pub fn describe(model: &ModelRef) -> Result<ModelInfo, PipelineError> {
    let files = open(model)?;
    family_of(&files)?.describe(model, &files)
}

/// Reads a model of any family and builds its networks.
///
/// * `precision`: what the networks shall compute in.
/// * `progress`: called with the fraction that is done, 0 to 1.
///
/// # Errors
/// [`PipelineError`] if the device cannot compute in that precision, a file is missing or broken, no family knows the
/// model, or the device is out of memory.
pub fn load_any(
    model: &ModelRef,
    device: &Device,
    precision: Precision,
    progress: &mut dyn FnMut(f32),
) -> Result<Box<dyn Model>, PipelineError> {
    load_any_files(model, &open(model)?, device, precision, progress)
}

/// As [`load_any`], from files that are open already.
///
/// # Errors
/// As [`load_any`].
pub fn load_any_files(
    model: &ModelRef,
    files: &ModelFiles,
    device: &Device,
    precision: Precision,
    progress: &mut dyn FnMut(f32),
) -> Result<Box<dyn Model>, PipelineError> {
    let dtype = precision::resolve_dtype(precision, device)?;
    let loaded = family_of(files)?.load(model, files, (device, dtype), progress);
    // What reading left behind is not what a run needs.
    crate::ALLOCATOR.trim();
    loaded
}

/// As [`load_any`], where nothing but Stable Diffusion will do.
///
/// # Errors
/// As [`load_any`], and [`PipelineError::Unsupported`] if the model is of another family.
pub fn load(
    model: &ModelRef,
    device: &Device,
    precision: Precision,
    progress: &mut dyn FnMut(f32),
) -> Result<StableDiffusion, PipelineError> {
    let files = &open(model)?;
    let dtype = precision::resolve_dtype(precision, device)?;
    let family = family_of(files)?;
    if family.id != STABLE_DIFFUSION.id {
        return Err(PipelineError::Unsupported {
            what: "model",
            expected: STABLE_DIFFUSION.label.to_owned(),
            found: family.label.to_owned(),
        });
    }
    StableDiffusion::load(family.source(model, files, (device, dtype))?, progress)
}

fn open(model: &ModelRef) -> Result<ModelFiles, PipelineError> {
    Ok(match model {
        ModelRef::Starter => ModelFiles::Embedded(&STARTER),
        ModelRef::Flowers => ModelFiles::Embedded(&FLOWERS),
        ModelRef::Path(path) => ModelFiles::open(path)?,
    })
}
