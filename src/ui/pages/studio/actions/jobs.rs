//! Making pictures.

use std::sync::Arc;

use super::form;
use crate::job::{GenerateRequest, JobOptions, ModelRef, Precision};
use crate::ui::app::Studio;
use crate::ui::job_dispatch::{advance, cancel_all};
use crate::ui::model::jobs::{BranchPoint, Order};
use crate::ui::model::notifications::{Level, Text};
use crate::ui::pages::studio::form::changes::{Plan, planned};
use crate::ui::pages::studio::form::draft_error::request_text;

/// Jobs that may wait.
const MAX_JOBS: usize = 1000;

/// How the next pictures are made and what is kept of them.
pub(super) fn options(studio: &Studio) -> JobOptions {
    JobOptions {
        keep_branches: studio.services.settings.keep_branches,
        keep_attention: studio.services.settings.keep_attention,
        precision: studio.state.precision,
        preview: studio.draft.preview,
        ..JobOptions::default()
    }
}

/// Puts what the form says at the end of the queue.
pub(super) fn generate(studio: &mut Studio) {
    if studio.state.refusal(&studio.draft.request.model).is_some() {
        return;
    }
    if let Some(problem) = studio.draft.first_problem() {
        studio.state.notices.notify(Level::Error, problem.text());
        return;
    }
    let plan = planned(&studio.state, &studio.draft);
    let (request, branch_point) = if let Some((kept, step, Plan::Branch(request, inexact))) = plan {
        let branch_point = BranchPoint {
            kept,
            step,
            parent: studio
                .state
                .branching
                .as_ref()
                .map(|branching| branching.parent.clone()),
            is_exact: inexact.is_none(),
        };
        (*request, Some(branch_point))
    } else {
        if !studio.draft.is_seed_locked {
            studio.draft.roll_seed();
        }
        let Ok(request) = studio.draft.to_request() else {
            return;
        };
        (request, None)
    };
    if put_in(studio, request, branch_point) {
        studio.state.branching = None; // it is made now, or what cannot change at a step makes a run of its own
    }
}

/// Has a request carried out as it is, whatever the form says.
pub(super) fn submit(studio: &mut Studio, request: GenerateRequest) {
    put_in(studio, request, None);
}

/// Puts a request at the end of the queue; whether it could be.
fn put_in(studio: &mut Studio, request: GenerateRequest, branch_point: Option<BranchPoint>) -> bool {
    let problem = if studio.services.engine.is_none() {
        Some(Text::key("notice-engine-stopped"))
    } else if studio.state.jobs.jobs().len() >= MAX_JOBS {
        Some(Text::key("notice-queue-full"))
    } else {
        request.validate().err().map(|error| request_text(&error))
    };
    if let Some(problem) = problem {
        studio.state.notices.notify(Level::Error, problem);
        return false;
    }
    let options = options(studio);
    studio.state.jobs.push(Order {
        request: Arc::new(request),
        options,
        branch_point,
    });
    studio.state.show_live();
    advance(&mut studio.state, &mut studio.services);
    true
}

/// Asks the job at work to stop.
pub(super) fn stop(studio: &mut Studio) {
    let name = studio.state.jobs.stop_current();
    cancel_all(&mut studio.state, &studio.services, name);
}

/// Has the next pictures computed in another precision, and remembers it.
pub(super) fn set_precision(studio: &mut Studio, precision: Precision) {
    studio.state.precision = precision;
    let precision = (precision != Precision::Auto).then(|| precision.to_string());
    studio
        .services
        .change_settings(|settings| settings.precision = precision);
}

/// Chooses a model; what is known of it comes as an event.
pub(super) fn use_model(studio: &mut Studio, model: ModelRef) {
    studio.draft.choose_model(model);
    form::adopt_model(studio);
}
