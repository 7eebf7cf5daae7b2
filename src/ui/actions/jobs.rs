//! Making pictures.

use std::sync::Arc;

use crate::config::Settings;
use crate::engine::SubmitError;
use crate::job::{GenerateRequest, JobOptions, ModelRef, Precision};
use crate::ui::app::Studio;
use crate::ui::changes::{Plan, planned};
use crate::ui::draft::request_text;
use crate::ui::notifications::{Level, Text};

/// How the next pictures are made and what is kept of them.
pub(super) fn options(studio: &Studio) -> JobOptions {
    JobOptions {
        keep_branches: studio.settings.keep_branches,
        keep_attention: studio.settings.keep_attention,
        ..studio.draft.options()
    }
}

/// Hands the form to the engine.
pub(super) fn generate(studio: &mut Studio) {
    if studio.state.refusal(&studio.draft.model).is_some() {
        return;
    }
    if let Some(problem) = studio.draft.first_problem() {
        studio.state.notices.tell(Level::Error, problem.text());
        return;
    }
    let plan = planned(&studio.state, &studio.draft);
    let options = options(studio);
    let Some(engine) = &mut studio.engine else {
        studio
            .state
            .notices
            .tell(Level::Error, Text::key("notice-engine-stopped"));
        return;
    };
    let (request, submitted) = if let Some((kept, step, Plan::Branch(request, _))) = plan {
        let request = *request;
        (request.clone(), engine.submit_after(request, (kept, step), options))
    } else {
        if !studio.draft.is_seed_locked {
            studio.draft.roll_seed();
        }
        studio.state.branching = None; // what cannot change at a step makes a run of its own
        let Ok(request) = studio.draft.to_request() else {
            return;
        };
        (request.clone(), engine.submit(request, options))
    };
    match submitted {
        Ok(job) => {
            let trunk = studio.state.branching.take().map(|branching| branching.trunk);
            studio.state.queue_job(job, Arc::new(request), trunk);
        }
        Err(SubmitError::Request(error)) => studio.state.notices.tell(Level::Error, request_text(&error)),
        Err(SubmitError::QueueFull) => studio.state.notices.tell(Level::Error, Text::key("notice-queue-full")),
        Err(SubmitError::EngineStopped) => studio.state.engine_stopped(None),
    }
}

/// Has a request carried out as it is, whatever the form says.
pub(super) fn submit(studio: &mut Studio, request: GenerateRequest) {
    let options = options(studio);
    let Some(engine) = &mut studio.engine else {
        let text = Text::key("notice-engine-stopped");
        studio.state.notices.tell(Level::Error, text);
        return;
    };
    match engine.submit(request.clone(), options) {
        Ok(job) => studio.state.queue_job(job, Arc::new(request), None),
        Err(SubmitError::Request(error)) => studio.state.notices.tell(Level::Error, request_text(&error)),
        Err(SubmitError::QueueFull) => studio.state.notices.tell(Level::Error, Text::key("notice-queue-full")),
        Err(SubmitError::EngineStopped) => studio.state.engine_stopped(None),
    }
}

/// Asks the job at work to stop.
pub(super) fn stop(studio: &mut Studio) {
    let Some(job) = studio.state.current_job().map(|queued| queued.job) else {
        return;
    };
    if let Some(engine) = &studio.engine {
        engine.cancel(job);
        studio.state.stopping(job);
    }
}

/// Has the next pictures computed in another precision, and remembers it.
pub(super) fn set_precision(studio: &mut Studio, precision: Precision) {
    studio.draft.precision = precision;
    studio.settings.precision = (precision != Precision::Auto).then(|| precision.to_string());
    (studio.services.keep_settings)(studio.settings.clone());
}

/// Changes what is kept of runs, and remembers it.
pub(super) fn keep(studio: &mut Studio, change: impl FnOnce(&mut Settings)) {
    change(&mut studio.settings);
    (studio.services.keep_settings)(studio.settings.clone());
}

/// Keeps runs up to so many MiB from now on.
pub(super) fn set_trajectory_budget(studio: &mut Studio, mib: u64) {
    keep(studio, |settings| settings.trajectory_budget_mib = mib);
    if let Some(pictures) = &studio.pictures {
        pictures.set_trajectory_budget(studio.settings.trajectory_budget_bytes());
    }
}

/// Chooses a model; what is known of it comes as an event.
pub(super) fn use_model(studio: &mut Studio, model: ModelRef) {
    studio.draft.choose_model(model.clone());
    if let Some(info) = studio.state.model(&model).cloned() {
        studio.draft.adopt(&info);
    } else {
        studio.describe(model);
    }
}
