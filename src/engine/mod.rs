//! Threads: the handle that the window and the command line hold, and the inference thread behind it.

mod events;
mod handle;
mod inference;

use std::path::Path;

pub use handle::{DeviceChoice, EngineHandle, EngineOptions, EngineStartError, Poll, SubmitError};

pub use crate::kernels::{ThreadsError, max_threads, physical_cores, set_threads};
pub use crate::pipelines::{BenchItem, BenchRequest, BenchResult, BenchShape, BenchTrace};

use crate::job::{Choice, GenerateRequest, JobError, Precision, RequestError};
use crate::pipelines;

/// Every sampler, in the order a list shows them.
pub fn samplers() -> Vec<Choice> {
    pipelines::samplers()
}

/// Every schedule, in the order a list shows them.
pub fn schedules() -> Vec<Choice> {
    pipelines::schedules()
}

/// Times a network on this thread.
///
/// # Errors
/// [`JobError`] if the request does not fit or the device gives up.
pub fn bench(request: &BenchRequest) -> Result<BenchResult, JobError> {
    pipelines::bench(request).map_err(|error| JobError::from(&error))
}

/// Runs a reference case on this thread and writes what it computed.
///
/// # Errors
/// [`JobError`] if the case cannot be read or asks for something this version does not have, or the CPU cannot compute
/// in that precision.
pub fn replay(case: &Path, out: &Path, precision: Precision) -> Result<(), JobError> {
    pipelines::replay(case, out, precision).map_err(|error| JobError::from(&error))
}

/// Whether the request's sampler and schedule exist.
fn check_names(request: &GenerateRequest) -> Result<(), RequestError> {
    for (kind, found, known) in [
        ("sampler", &request.sampler, samplers()),
        ("schedule", &request.schedule, schedules()),
    ] {
        if !known.iter().any(|choice| choice.id == found) {
            let known: Vec<_> = known.iter().map(|choice| choice.id).collect();
            return Err(RequestError::Unknown {
                kind,
                found: found.clone(),
                known: known.join(", "),
            });
        }
    }
    Ok(())
}
