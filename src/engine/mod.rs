//! Threads: the handle that the window and the command line hold, and the inference thread behind it; the one that keeps
//! the jobs not yet run.

mod decodes;
mod events;
mod handle;
mod inference;
mod queue_file;
mod queue_keeper;

use std::path::Path;

pub use handle::{DeviceChoice, EngineHandle, EngineOptions, EngineStartError, Poll, SubmitError};
pub use queue_file::{KeptJob, QueueContent, QueueTrouble};
pub use queue_keeper::{QueueEvent, QueueKeeper};

pub use crate::kernels::{ThreadsError, max_threads, physical_cores, set_threads};
pub use crate::pipelines::{BenchItem, BenchRequest, BenchResult, BenchShape, BenchTrace};

use crate::job::{Choice, GenerateRequest, JobError, ModelInfo, Precision, RequestError};
use crate::pipelines;

/// Every sampler, in the order a list shows them.
pub fn samplers() -> Vec<Choice> {
    pipelines::samplers()
}

/// Every schedule, in the order a list shows them.
pub fn schedules() -> Vec<Choice> {
    pipelines::schedules()
}

/// Id and label of every preprocessor of pictures to follow, in the order a list shows them.
pub fn preprocessors() -> Vec<(&'static str, &'static str)> {
    let all = pipelines::preprocess::PREPROCESSORS.iter();
    all.map(|preprocessor| (preprocessor.id(), preprocessor.label()))
        .collect()
}

/// Times a network on this thread.
///
/// # Errors
/// [`JobError`] if the request does not fit or the device gives up.
pub fn bench(request: &BenchRequest) -> Result<BenchResult, JobError> {
    pipelines::bench(request).map_err(|error| JobError::from(&error))
}

/// The size in pixels that a picture has when this model has made it larger, as requests name sizes.
///
/// # Errors
/// [`JobError`] if the file is no picture that can be read.
pub fn enlarged_size(info: &ModelInfo, picture: &Path) -> Result<(u32, u32), JobError> {
    pipelines::enlarged_size(info, picture).map_err(|error| JobError::from(&error))
}

/// Runs a reference case on this thread and writes what it computed.
///
/// # Errors
/// [`JobError`] if the case cannot be read or asks for something this version does not have, or the CPU cannot compute
/// in that precision.
pub fn replay(case: &Path, out: &Path, precision: Precision) -> Result<(), JobError> {
    pipelines::replay(case, out, precision).map_err(|error| JobError::from(&error))
}

/// The request with the ids of its sampler and its schedule, whatever names it has for them. A schedule at the end of the
/// sampler's name, as in `DPM++ 2M Karras`, is the one that counts.
fn with_ids(mut request: GenerateRequest) -> Result<GenerateRequest, RequestError> {
    let unknown = |kind, found: &str, known: Vec<Choice>| RequestError::Unknown {
        kind,
        found: found.to_owned(),
        known: known.iter().map(|choice| choice.id).collect::<Vec<_>>().join(", "),
    };
    let (sampler, schedule) =
        pipelines::sampler_id(&request.sampler).ok_or_else(|| unknown("sampler", &request.sampler, samplers()))?;
    let schedule = schedule.or_else(|| pipelines::schedule_id(&request.schedule));
    request.schedule = schedule
        .ok_or_else(|| unknown("schedule", &request.schedule, schedules()))?
        .to_owned();
    request.sampler = sampler.to_owned();
    Ok(request)
}
