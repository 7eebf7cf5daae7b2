//! Playing a run back.

use std::time::Duration;

use super::steer;
use crate::ui::app::Studio;
use crate::ui::model::playhead::Playback;
use crate::ui::model::state::{AppState, View};

/// Lets the run at work wait or go on; plays a run that is over, or stops playing it.
pub(super) fn play_or_pause(studio: &mut Studio) {
    if studio.state.is_live_steerable() {
        return steer::pause_or_resume(studio);
    }
    let state = &mut studio.state;
    let num_steps = state.timeline.as_ref().map_or(0, |timeline| timeline.steps.len());
    state.playback.is_on = !state.playback.is_on && num_steps > 0;
    let is_at_end = !matches!(state.view, View::Step(place) if place + 1 < num_steps);
    if state.playback.is_on && is_at_end {
        state.show_step(0);
    }
}

/// Plays at the next of the speeds.
pub(super) fn next_speed(studio: &mut Studio) {
    let speed = &mut studio.state.playback.speed;
    let faster = Playback::SPEEDS.into_iter().find(|offered| *offered > *speed);
    *speed = faster.unwrap_or(Playback::SPEEDS[0]);
}

/// Moves the playhead while a run is played, and asks for the next frame then only.
pub(in crate::ui) fn tick(studio: &mut Studio, ctx: &egui::Context) {
    if !studio.state.playback.is_on {
        studio.played_until = None;
        return;
    }
    let now = ctx.input(|input| input.time);
    let step_secs = studio.state.playback.step_secs();
    let since = *studio.played_until.get_or_insert(now);
    let num_due = ((now - since) / step_secs).floor().max(0.0);
    if num_due > 0.0 {
        advance(&mut studio.state, num_due as usize);
    }
    let until = since + num_due * step_secs;
    studio.played_until = Some(until);
    if studio.state.playback.is_on {
        let left = (until + step_secs - now).clamp(0.001, step_secs);
        ctx.request_repaint_after(Duration::from_secs_f64(left));
    }
}

fn advance(state: &mut AppState, by: usize) {
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
