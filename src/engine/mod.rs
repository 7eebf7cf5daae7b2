//! Threads: the handle that the window and the command line hold, and the inference thread behind it; the one that keeps
//! the jobs not yet run.

mod command;
mod decode_queue;
mod events;
mod handle;
mod inference;
mod prompt_names;
mod queue_file;
mod queue_keeper;

use std::path::Path;

pub use command::{DeviceChoice, EngineOptions};
pub use handle::{EngineHandle, EngineStartError, Poll, SubmitError};
pub use queue_file::{KeptJob, QueueContent, QueueTrouble};
pub use queue_keeper::{QueueEvent, QueueKeeper};

pub use crate::kernels::{ThreadsError, max_threads, physical_cores, set_threads};
pub use crate::pipelines::{BenchItem, BenchRequest, BenchResult, BenchShape, BenchTrace};

use crate::job::{Choice, JobError, ModelInfo};
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
    all.map(|preprocessor| (preprocessor.id, preprocessor.label)).collect()
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
