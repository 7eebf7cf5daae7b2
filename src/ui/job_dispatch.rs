//! Hands jobs of the queue to the engine, and takes them back.

use std::sync::Arc;

use super::model::notifications::Level;
use super::model::state::{AppState, QueuedJob};
use super::pages::studio::form::draft_error::request_text;
use super::services::Services;
use crate::engine::SubmitError;
use crate::job::{JobError, JobId};

/// Cancels jobs that the engine has.
pub(super) fn cancel_all(state: &mut AppState, services: &Services, names: &[JobId]) {
    for name in names {
        if let Some(engine) = &services.engine {
            engine.cancel(*name);
        }
        state.stopping(*name);
    }
}

/// Has the engine hold the first jobs of the queue and no others.
pub(super) fn advance(state: &mut AppState, services: &mut Services) {
    let taken = state.jobs.take_back();
    cancel_all(state, services, &taken);
    while let (Some(next), Some(engine)) = (state.jobs.next(), &mut services.engine) {
        let (id, order) = (next.id, next.order.clone());
        let request = (*order.request).clone();
        let (submitted, parent) = match order.branch_point {
            Some(point) => {
                let after = (point.kept, point.step);
                (engine.submit_after(request, after, order.options), point.parent)
            }
            None => (engine.submit(request, order.options), None),
        };
        match submitted {
            Ok(name) => {
                state.jobs.handed(id, name);
                state.queue.push(QueuedJob {
                    job: name,
                    request: order.request,
                    has_started: false,
                    is_stopping: false,
                    parent,
                });
            }
            Err(SubmitError::Request(error)) => {
                state.notices.notify(Level::Error, request_text(&error));
                let error = Arc::new(JobError::from(&error));
                state.jobs.refused(id, error);
            }
            Err(SubmitError::QueueFull) => return, // it is asked again before the next frame
            Err(SubmitError::EngineStopped) => return state.engine_stopped(None),
        }
    }
}
