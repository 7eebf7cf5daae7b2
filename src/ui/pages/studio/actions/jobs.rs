//! Making pictures.

use std::sync::Arc;

use super::{form, named_files};
use crate::job::{GenerateRequest, JobOptions, ModelRef};
use crate::ui::job_dispatch::{advance, cancel_all};
use crate::ui::model::jobs::{BranchPoint, Order};
use crate::ui::model::notifications::{Level, Text};
use crate::ui::page::PageContext;
use crate::ui::pages::studio::StudioPage;
use crate::ui::pages::studio::form::changes::{Plan, planned};
use crate::ui::pages::studio::form::draft_error::request_text;

/// Jobs that may wait.
const MAX_JOBS: usize = 1000;

/// How the next pictures are made and what is kept of them.
pub(super) fn options(page: &StudioPage, ctx: &PageContext<'_>) -> JobOptions {
    JobOptions {
        keep_branches: ctx.services.settings.keep_branches,
        keep_attention: ctx.services.settings.keep_attention,
        precision: ctx.state.precision,
        preview: page.draft.preview,
        ..JobOptions::default()
    }
}

/// Puts what the form says at the end of the queue.
pub(super) fn generate(page: &mut StudioPage, ctx: &mut PageContext<'_>) {
    if ctx.state.refusal(&page.draft.request.model).is_some() {
        return;
    }
    if let Some(problem) = page.draft.first_problem() {
        ctx.state.notices.notify(Level::Error, problem.text());
        return;
    }
    let plan = planned(&page.state, ctx.state, &page.draft);
    let (request, branch_point) = if let Some((kept, step, Plan::Branch(request, inexact))) = plan {
        let branch_point = BranchPoint {
            kept,
            step,
            parent: page.state.branching.as_ref().map(|branching| branching.parent.clone()),
            is_exact: inexact.is_none(),
        };
        (*request, Some(branch_point))
    } else {
        if !page.draft.is_seed_locked {
            page.draft.roll_seed();
        }
        let Ok(request) = page.draft.to_request() else {
            return;
        };
        (request, None)
    };
    if put_in(page, ctx, request, branch_point) {
        page.state.branching = None; // it is made now, or what cannot change at a step makes a run of its own
    }
}

/// Has a request carried out as it is, whatever the form says.
pub(super) fn submit(page: &mut StudioPage, ctx: &mut PageContext<'_>, request: GenerateRequest) {
    put_in(page, ctx, request, None);
}

/// Puts a request at the end of the queue; whether it could be.
fn put_in(
    page: &mut StudioPage,
    ctx: &mut PageContext<'_>,
    request: GenerateRequest,
    branch_point: Option<BranchPoint>,
) -> bool {
    if named_files::is_held(ctx, &request) {
        return false;
    }
    let problem = if ctx.services.engine.is_none() {
        Some(Text::key("notice-engine-stopped"))
    } else if ctx.state.jobs.jobs().len() >= MAX_JOBS {
        Some(Text::key("notice-queue-full"))
    } else {
        request.validate().err().map(|error| request_text(&error))
    };
    if let Some(problem) = problem {
        ctx.state.notices.notify(Level::Error, problem);
        return false;
    }
    let options = options(page, ctx);
    ctx.state.jobs.push(Order {
        request: Arc::new(request),
        options,
        branch_point,
    });
    page.state.show_live();
    advance(ctx.state, ctx.services);
    true
}

/// Asks the job at work to stop.
pub(super) fn stop(ctx: &mut PageContext<'_>) {
    let name = ctx.state.jobs.stop_current();
    cancel_all(ctx.state, ctx.services, name);
}

/// Chooses a model; what is known of it comes as an event.
pub(super) fn use_model(page: &mut StudioPage, ctx: &mut PageContext<'_>, model: ModelRef) {
    if let ModelRef::Path(path) = &model {
        ctx.state.strangers.accept(path);
    }
    page.draft.choose_model(model);
    form::adopt_model(page, ctx);
}
