//! The inference thread.

use std::sync::Arc;

use crossbeam_channel::Receiver;

use super::events::EventSender;
use super::handle::{Command, EngineOptions};
use crate::job::{Event, JobError, JobErrorKind, JobId};

/// Works off commands until the handle is dropped.
pub(super) fn run(
    _options: &EngineOptions,
    commands: &Receiver<Command>,
    events: &EventSender,
    on_end: impl Fn(JobId),
) {
    for command in commands {
        let error = Arc::new(JobError {
            kind: JobErrorKind::Internal,
            message: "not built yet".to_owned(),
        });
        match command {
            Command::Generate {
                job,
                request,
                options,
                control,
            } => {
                drop((request, options, control));
                on_end(job);
                if events.lifecycle(Event::Failed { job, error }).is_err() {
                    return;
                }
            }
            Command::Describe(model) => {
                if events.lifecycle(Event::ModelRefused { model, error }).is_err() {
                    return;
                }
            }
        }
    }
}
