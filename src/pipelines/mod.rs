//! Composition: text → conditioning → denoise → pixels.

mod adapters;
mod bench;
pub mod controls;
pub mod denoise;
mod error;
mod extras;
pub mod families;
mod generate;
mod inversion;
mod latents;
mod memory;
mod pictures;
mod precision;
pub mod predictor;
mod prepare;
pub mod preprocess;
pub mod preview;
pub mod prompt;
pub mod references;
mod relay;
mod replay;
mod scheduler;
mod tiles;

use include_dir::{Dir, include_dir};

pub use adapters::Adapters;
pub use bench::{BenchItem, BenchRequest, BenchResult, BenchShape, BenchTrace, bench};
pub use candle_core::Device;
pub use error::PipelineError;
pub use extras::Extras;
pub use generate::{ShownStep, Watcher};
pub use inversion::{Inverted, invert};
pub use latents::{MaskEdge, hard, latent_mask, latent_shape, picture_tensor};
pub use precision::{describe_device, resolve_precision};
pub use prepare::{Job, Prepared};
pub use replay::replay;
pub use scheduler::{Scheduler, SchedulerConfig};

use crate::diffusion::names::{sampler_and_schedule_by_name, schedule_by_name};
use crate::diffusion::samplers::SAMPLERS;
use crate::diffusion::schedule::{SCHEDULES, Schedule};
use crate::job::{Choice, ModelInfo, ModelRef, Precision};
use crate::weights::ModelFiles;
use families::{StableDiffusion, family_of};

/// The model that is there at once, in the layout of any other.
static STARTER: Dir<'static> = include_dir!("$CARGO_MANIFEST_DIR/assets/starter/model");

/// Every sampler, in the order a list shows them.
pub fn samplers() -> Vec<Choice> {
    SAMPLERS
        .iter()
        .map(|sampler| Choice {
            id: sampler.id(),
            label: sampler.label(),
            aliases: sampler.aliases(),
        })
        .collect()
}

/// Every schedule, in the order a list shows them.
pub fn schedules() -> Vec<Choice> {
    SCHEDULES
        .iter()
        .map(|schedule| Choice {
            id: schedule.id(),
            label: schedule.label(),
            aliases: schedule.aliases(),
        })
        .collect()
}

/// The ids of the sampler that goes by a name, and of the schedule that the name may end with.
pub fn sampler_id(name: &str) -> Option<(&'static str, Option<&'static str>)> {
    let (sampler, schedule) = sampler_and_schedule_by_name(name)?;
    Some((sampler.id(), schedule.map(Schedule::id)))
}

/// The id of the schedule that goes by a name.
pub fn schedule_id(name: &str) -> Option<&'static str> {
    Some(schedule_by_name(name).ok()?.id())
}

/// What can be said of a model without reading its weights.
///
/// # Errors
/// [`PipelineError`] if a configuration is missing or broken, or no family knows the model.
pub fn describe(model: &ModelRef) -> Result<ModelInfo, PipelineError> {
    let files = open(model)?;
    family_of(&files)?.describe(model, &files)
}

/// Reads a model and builds its networks.
///
/// * `precision`: what the networks shall compute in.
/// * `progress`: called with the fraction that is done, 0 to 1.
///
/// # Errors
/// [`PipelineError`] if the device cannot compute in that precision, a file is missing or broken, no family knows the
/// model, or the device is out of memory.
pub fn load(
    model: &ModelRef,
    device: &Device,
    precision: Precision,
    progress: &mut dyn FnMut(f32),
) -> Result<StableDiffusion, PipelineError> {
    load_files(model, &open(model)?, device, precision, progress)
}

/// As [`load`], from files that are open already.
fn load_files(
    model: &ModelRef,
    files: &ModelFiles,
    device: &Device,
    precision: Precision,
    progress: &mut dyn FnMut(f32),
) -> Result<StableDiffusion, PipelineError> {
    let dtype = precision::resolve_dtype(precision, device)?;
    let loaded = family_of(files)?.load(model, files, device, dtype, progress);
    // What reading left behind is not what a run needs.
    crate::ALLOCATOR.trim();
    loaded
}

fn open(model: &ModelRef) -> Result<ModelFiles, PipelineError> {
    Ok(match model {
        ModelRef::Starter => ModelFiles::Embedded(&STARTER),
        ModelRef::Path(path) => ModelFiles::open(path)?,
    })
}
