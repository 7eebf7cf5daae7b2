//! What happens by itself: playing, blinking, measuring, decoding where the playhead rests.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use super::{ComparePage, CompareState};
use crate::gallery::IndexRequest;
use crate::ui::commands::{CompareMode, PageId};
use crate::ui::model::playhead::Playback;
use crate::ui::model::step_pictures::Quality;
use crate::ui::page::PageContext;
use crate::ui::services::Services;
use crate::ui::step_decoding;

/// How long the playhead rests before its steps are decoded quickly, in seconds.
const QUICK_AFTER: f64 = 0.12;
/// The same before they are decoded by the whole autoencoder.
const EXACT_AFTER: f64 = 0.8;

impl ComparePage {
    /// Takes in what was measured and, while the page is shown, moves what moves by itself.
    pub(super) fn advance(&mut self, ctx: &mut PageContext<'_>) {
        let page = &mut self.state;
        page.measuring.poll();
        if ctx.state.page != PageId::Compare {
            page.is_playing = false;
            return;
        }
        seek(page, ctx.services);
        let is_still = ctx.state.is_still || ctx.services.settings.reduce_motion;
        let now = ctx.egui.input(|input| input.time);
        if page.is_playing {
            let step_secs = Playback::default().step_secs();
            if due(page, ctx.egui, now, step_secs) {
                page.move_step(1);
                page.is_playing = page.playhead.is_some();
            }
        } else if page.mode == CompareMode::Blink && page.blinks_itself(is_still) && page.pair().is_some() {
            let blink_secs = page.blink_secs;
            if due(page, ctx.egui, now, blink_secs) {
                page.is_second_shown ^= true;
            }
        } else {
            page.moved_at = None;
        }
        if let Some(question) = page.measuring.is_idle().then(|| page.next_question()).flatten() {
            let repaint = Arc::clone(&ctx.services.repaint);
            if let Err(error) = page.measuring.ask(question, move || repaint()) {
                tracing::warn!("could not start a thread: {error}");
            }
        }
        decode_resting(page, ctx, now);
    }
}

/// Asks the index service what it knows of the pictures, once for each.
fn seek(page: &mut CompareState, services: &Services) {
    let Some(index) = &services.index else { return };
    let unsought = page.pictures.iter_mut().filter_map(|picture| {
        let was_sought = std::mem::replace(&mut picture.is_sought, true);
        (!was_sought).then(|| picture.path.clone())
    });
    let paths: Vec<PathBuf> = unsought.collect();
    if !paths.is_empty() {
        index.request(IndexRequest::Find(paths));
    }
}

/// Whether something that moves is due, and a frame when it next is.
fn due(page: &mut CompareState, ctx: &egui::Context, now: f64, every_secs: f64) -> bool {
    let since = *page.moved_at.get_or_insert(now);
    let is_due = now - since >= every_secs;
    if is_due {
        page.moved_at = Some(now);
    }
    let left = if is_due { every_secs } else { every_secs - (now - since) };
    ctx.request_repaint_after(Duration::from_secs_f64(left.max(0.001)));
    is_due
}

/// Has the steps under a playhead that rests decoded, first quickly, then by the whole autoencoder one after the other.
fn decode_resting(page: &mut CompareState, ctx: &mut PageContext<'_>, now: f64) {
    let Some(at) = page.playhead.filter(|_| !page.is_playing) else {
        page.rest.at = None;
        return;
    };
    let since = match page.rest.at {
        Some((known, since)) if known == at => since,
        _ => {
            page.rest.at = Some((at, now));
            page.rest.tried.clear();
            now
        }
    };
    let (quick_left, exact_left) = (QUICK_AFTER - (now - since), EXACT_AFTER - (now - since));
    let wish = if quick_left > 0.0 {
        ctx.egui.request_repaint_after(Duration::from_secs_f64(quick_left));
        return;
    } else if exact_left > 0.0 {
        ctx.egui.request_repaint_after(Duration::from_secs_f64(exact_left));
        Quality::Quick
    } else {
        Quality::Exact
    };
    let (is_busy, is_idle) = (ctx.state.active_run().is_some(), ctx.state.decodes.is_idle());
    if wish == Quality::Exact && (is_busy || !is_idle) {
        return;
    }
    let mut wanted = Vec::new();
    for picture in &page.pictures {
        let (Some(step), Some(timeline)) = (picture.step_at(at), &picture.timeline) else {
            continue;
        };
        let is_tried = page.rest.tried.contains(&(picture.path.clone(), wish));
        if timeline.pictures.quality(step.index).is_some_and(|kept| kept >= wish) || is_tried {
            continue;
        }
        wanted.push((picture.path.clone(), Arc::clone(step), Arc::clone(&timeline.request)));
        if wish == Quality::Exact {
            break;
        }
    }
    for (path, step, request) in wanted {
        page.rest.tried.push((path, wish));
        step_decoding::ask(ctx.state, ctx.services, &request, step, wish);
    }
}
