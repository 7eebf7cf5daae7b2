//! Playing a run back.

use std::time::Duration;

use super::steer;
use crate::ui::model::state::View;
use crate::ui::page::PageContext;
use crate::ui::pages::studio::StudioPage;
use crate::ui::pages::studio::state::StudioState;

/// Lets the run at work wait or go on; plays a run that is over, or stops playing it.
pub(super) fn play_or_pause(page: &mut StudioPage, ctx: &mut PageContext<'_>) {
    if page.state.is_live_steerable(ctx.state) {
        return steer::pause_or_resume(ctx);
    }
    let state = &mut page.state;
    let num_steps = state.timeline.as_ref().map_or(0, |timeline| timeline.steps.len());
    state.playback.is_on = !state.playback.is_on && num_steps > 0;
    let is_at_end = !matches!(state.view, View::Step(place) if place + 1 < num_steps);
    if state.playback.is_on && is_at_end {
        state.show_step(0);
    }
}

/// Moves the playhead while a run is played, and asks for the next frame then only.
pub(in crate::ui) fn tick(page: &mut StudioPage, ctx: &PageContext<'_>) {
    if !page.state.playback.is_on {
        page.played_until = None;
        return;
    }
    let now = ctx.egui.input(|input| input.time);
    let step_secs = page.state.playback.step_secs();
    let since = *page.played_until.get_or_insert(now);
    let num_due = ((now - since) / step_secs).floor().max(0.0);
    if num_due > 0.0 {
        advance(&mut page.state, num_due as usize);
    }
    let until = since + num_due * step_secs;
    page.played_until = Some(until);
    if page.state.playback.is_on {
        let left = (until + step_secs - now).clamp(0.001, step_secs);
        ctx.egui.request_repaint_after(Duration::from_secs_f64(left));
    }
}

fn advance(state: &mut StudioState, by: usize) {
    let num_steps = state.timeline.as_ref().map_or(0, |timeline| timeline.steps.len());
    let here = match state.view {
        View::Step(place) => place,
        View::Live | View::Picture(_) => num_steps,
    };
    let there = here + by;
    if there < num_steps {
        state.show_step(there);
    } else if state.playback.is_looping && num_steps > 0 {
        state.show_step(there % num_steps);
    } else {
        state.playback.is_on = false;
        state.show_end();
    }
}
