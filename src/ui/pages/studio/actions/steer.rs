//! What is asked of a run while it is on its way.

use std::sync::Arc;

use crate::job::{Change, JobControl};
use crate::ui::model::state::Pause;
use crate::ui::page::PageContext;
use crate::ui::pages::studio::StudioPage;
use crate::ui::pages::studio::form::changes::pending_change;

/// Whoever may be asked for something: the run at work.
fn control(ctx: &PageContext<'_>) -> Option<Arc<JobControl>> {
    let job = ctx.state.steerable_run()?.job;
    ctx.services.engine.as_ref()?.control(job)
}

/// Lets the run wait, or go on.
pub(super) fn pause_or_resume(ctx: &mut PageContext<'_>) {
    let Some(control) = control(ctx) else { return };
    let is_paused = control.is_paused();
    if is_paused {
        control.resume();
    } else {
        control.pause();
    }
    if let Some(run) = &mut ctx.state.run {
        run.pause = if is_paused { Pause::No } else { Pause::Asked };
    }
}

/// Has the run take one step and wait; a run that is over shows its next step.
pub(super) fn single_step(page: &mut StudioPage, ctx: &mut PageContext<'_>) {
    if !page.state.is_live_steerable(ctx.state) {
        return page.state.move_step(1);
    }
    let Some(control) = control(ctx) else { return };
    control.single_step();
    wait_for_pause(ctx);
    page.state.show_live();
}

/// Has the run take its newest step again, and wait before it; a run that is over shows its step before.
pub(super) fn step_back(page: &mut StudioPage, ctx: &mut PageContext<'_>) {
    if !page.state.is_live_steerable(ctx.state) {
        return page.state.move_step(-1);
    }
    let newest = page
        .state
        .live_timeline()
        .and_then(|live| live.next_index().checked_sub(1));
    let (Some(control), Some(newest)) = (control(ctx), newest) else {
        return;
    };
    control.pause();
    control.back_to(newest as u32);
    wait_for_pause(ctx);
    page.state.show_live();
}

/// Ends the run after the step at work: the estimate it has then is the picture.
pub(super) fn end_here(ctx: &PageContext<'_>) {
    if let Some(control) = control(ctx) {
        control.end_early();
    }
}

/// Has the run go by what the form says from its next step on.
pub(super) fn apply_changes(page: &StudioPage, ctx: &mut PageContext<'_>) {
    let change = pending_change(&page.state, ctx.state, &page.draft);
    let (Some(control), Some(change)) = (control(ctx), change) else {
        return;
    };
    control.change(Change::clone(&change));
    if let Some(run) = &mut ctx.state.run {
        run.asked.push(change);
    }
}

fn wait_for_pause(ctx: &mut PageContext<'_>) {
    if let Some(run) = &mut ctx.state.run {
        run.pause = Pause::Asked;
    }
}
