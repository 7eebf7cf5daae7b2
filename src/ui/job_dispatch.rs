//! Hands jobs of the queue to the engine, and takes them back.

use std::path::Path;
use std::sync::Arc;

use super::model::notifications::Level;
use super::model::state::AppState;
use super::pages::studio::form::draft_error::request_text;
use super::services::Services;
use crate::engine::SubmitError;
use crate::job::{ErrorCode, JobError, JobErrorKind, JobId};

/// Has the engine let go of jobs that were taken away.
pub(super) fn cancel_all(state: &mut AppState, services: &Services, names: impl IntoIterator<Item = JobId>) {
    if let Some(engine) = &services.engine {
        names.into_iter().for_each(|name| engine.cancel(name));
    }
    state.update_run_status();
}

/// Has the engine hold the first jobs of the queue, one run of the sweep, and no others.
pub(super) fn advance(state: &mut AppState, services: &mut Services) {
    let taken = state.jobs.take_back();
    cancel_all(state, services, taken);
    while let (Some((id, order)), Some(_)) = (state.next_job(), &services.engine) {
        if let Some(file) = state.strangers_in(&order.request).into_iter().next() {
            state.jobs.refused(id, Arc::new(not_opened(&file.path)));
            continue;
        }
        let Some(engine) = &mut services.engine else { return };
        let request = (*order.request).clone();
        let submitted = match &order.branch_point {
            Some(point) => engine.submit_after(request, (Arc::clone(&point.kept), point.step), order.options),
            None => engine.submit(request, order.options),
        };
        match submitted {
            Ok(name) => state.handed(id, name, order),
            Err(SubmitError::Request(error)) => {
                // What is wrong with a run of a sweep stands in its cell.
                if state.jobs.jobs().iter().any(|job| job.id == id) {
                    state.notices.notify(Level::Error, request_text(&error));
                }
                let error = Arc::new(JobError::from(&error));
                state.jobs.refused(id, error);
            }
            Err(SubmitError::QueueFull) => return, // it is asked again before the next frame
            Err(SubmitError::EngineStopped) => return state.engine_stopped(None),
        }
    }
}

/// Why a job is not done that names a file which nobody has agreed to open.
fn not_opened(path: &Path) -> JobError {
    let path = path.display().to_string();
    let words = format!("expected files that the user agreed to open, found one that a picture's record names: {path}");
    JobError::new(JobErrorKind::Request, words).with_code(ErrorCode::new("problem-named-file").with("path", path))
}
