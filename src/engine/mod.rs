//! Threads: the handle that the window and the command line hold, and the inference thread behind it.

mod events;
mod handle;
mod inference;

pub use handle::{DeviceChoice, EngineHandle, EngineOptions, EngineStartError, Poll, SubmitError};

use crate::job::Choice;

/// Every sampler, in the order a list shows them.
pub fn samplers() -> Vec<Choice> {
    vec![
        Choice {
            id: "ddim",
            label: "DDIM",
        },
        Choice {
            id: "euler",
            label: "Euler",
        },
    ]
}

/// Every schedule, in the order a list shows them.
pub fn schedules() -> Vec<Choice> {
    vec![
        Choice {
            id: "normal",
            label: "Normal",
        },
        Choice {
            id: "karras",
            label: "Karras",
        },
    ]
}

/// Whether the request's sampler and schedule exist.
fn check_names(request: &crate::job::GenerateRequest) -> Result<(), crate::job::RequestError> {
    for (kind, found, known) in [
        ("sampler", &request.sampler, samplers()),
        ("schedule", &request.schedule, schedules()),
    ] {
        if !known.iter().any(|choice| choice.id == found) {
            let known: Vec<_> = known.iter().map(|choice| choice.id).collect();
            return Err(crate::job::RequestError::Unknown {
                kind,
                found: found.clone(),
                known: known.join(", "),
            });
        }
    }
    Ok(())
}
