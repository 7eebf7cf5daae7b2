//! What happens by itself: playing, blinking, measuring, decoding where the playhead rests.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use super::{CompareMode, ComparePage};
use crate::gallery::IndexRequest;
use crate::ui::app::Studio;
use crate::ui::model::playhead::Playback;
use crate::ui::model::step_pictures::Quality;
use crate::ui::pages::PageId;
use crate::ui::pages::studio::actions::decode;

/// How long the playhead rests before its steps are decoded quickly, in seconds.
const QUICK_AFTER: f64 = 0.12;
/// The same before they are decoded by the whole autoencoder.
const EXACT_AFTER: f64 = 0.8;

/// Takes in what other threads have to tell; called before every frame, whichever page is shown.
pub(in crate::ui) fn tick(studio: &mut Studio, ctx: &egui::Context) {
    studio.state.compare.measuring.poll();
    if studio.state.page != PageId::Compare {
        studio.state.compare.is_playing = false;
        return;
    }
    seek(studio);
    let is_still = studio.state.is_still || studio.services.settings.reduce_motion;
    let page = &mut studio.state.compare;
    let now = ctx.input(|input| input.time);
    if page.is_playing {
        let step_secs = Playback::default().step_secs();
        if due(page, ctx, now, step_secs) {
            page.move_step(1);
            page.is_playing = page.playhead.is_some();
        }
    } else if page.mode == CompareMode::Blink && page.blinks_itself(is_still) && page.pair().is_some() {
        let blink_secs = page.blink_secs;
        if due(page, ctx, now, blink_secs) {
            page.is_second_shown ^= true;
        }
    } else {
        page.moved_at = None;
    }
    if let Some(question) = page.measuring.is_idle().then(|| page.next_question()).flatten() {
        let repaint = Arc::clone(&studio.services.repaint);
        if let Err(error) = studio.state.compare.measuring.ask(question, move || repaint()) {
            tracing::warn!("could not start a thread: {error}");
        }
    }
    decode_resting(studio, ctx, now);
}

/// Asks the index service what it knows of the pictures, once for each.
fn seek(studio: &mut Studio) {
    let Some(library) = &studio.services.index else {
        return;
    };
    let pictures = studio.state.compare.pictures.iter_mut();
    let unsought = pictures.filter_map(|picture| {
        let was_sought = std::mem::replace(&mut picture.is_sought, true);
        (!was_sought).then(|| picture.path.clone())
    });
    let paths: Vec<PathBuf> = unsought.collect();
    if !paths.is_empty() {
        library.request(IndexRequest::Find(paths));
    }
}

/// Whether something that moves is due, and a frame when it next is.
fn due(page: &mut ComparePage, ctx: &egui::Context, now: f64, every_secs: f64) -> bool {
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
fn decode_resting(studio: &mut Studio, ctx: &egui::Context, now: f64) {
    let page = &mut studio.state.compare;
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
        ctx.request_repaint_after(Duration::from_secs_f64(quick_left));
        return;
    } else if exact_left > 0.0 {
        ctx.request_repaint_after(Duration::from_secs_f64(exact_left));
        Quality::Quick
    } else {
        Quality::Exact
    };
    let (is_busy, is_idle) = (studio.state.active_run().is_some(), studio.decoding.is_idle());
    if wish == Quality::Exact && (is_busy || !is_idle) {
        return;
    }
    let page = &mut studio.state.compare;
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
        studio.state.compare.rest.tried.push((path, wish));
        decode::ask_of(studio, &request, step, wish);
    }
}
