//! Pictures of steps that nobody has decoded yet: asked for while the playhead rests, or to be kept.

use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::job::{GeneratedImage, KeptRun, Origin, RgbImage, StepRecord};
use crate::ui::model::decodes::AskedStep;
use crate::ui::model::state::View;
use crate::ui::model::step_pictures::Quality;
use crate::ui::page::PageContext;
use crate::ui::pages::studio::StudioPage;
use crate::ui::step_decoding;

/// How long the playhead rests on a step before it is decoded quickly, in seconds.
const QUICK_AFTER: f64 = 0.03;
/// The same while other steps are being decoded, so that a slow decoder is not asked for every step that is passed.
const BUSY_AFTER: f64 = 0.12;
/// The same before it is decoded by the whole autoencoder.
const EXACT_AFTER: f64 = 0.6;

/// What was asked of the engine and where the playhead rests.
#[derive(Default)]
pub(in crate::ui) struct Decoding {
    /// The step the playhead rests on, and since when by the clock of the window, in seconds.
    rest: Option<(Arc<StepRecord>, f64)>,
    /// What has been asked since it rests there.
    tried: Vec<Quality>,
    /// Runs up to a step that is to be saved as a picture once it is decoded, by the ticket of the answer.
    kept: Vec<(u64, KeptRun)>,
}

impl Decoding {
    /// Another engine knows nothing of what was asked of the one before.
    pub(in crate::ui) fn forget(&mut self) {
        self.kept.clear();
        self.tried.clear();
    }
}

/// Asks for the picture of the step the playhead rests on, and for a frame when that is due.
pub(in crate::ui) fn tick(page: &mut StudioPage, ctx: &mut PageContext<'_>) {
    let state = &page.state;
    let step = state
        .shown_step_record()
        .filter(|_| matches!(state.view, View::Step(_)));
    let (Some(step), Some(timeline)) = (step.cloned(), &state.timeline) else {
        page.decoding.rest = None;
        return;
    };
    let quality = timeline.pictures.quality(step.index);
    let (is_playing, is_busy, is_idle) = (
        state.playback.is_on,
        ctx.state.active_run().is_some(),
        ctx.state.decodes.is_idle(),
    );
    let now = ctx.egui.input(|input| input.time);
    let decoding = &mut page.decoding;
    let since = match &decoding.rest {
        Some((at, since)) if Arc::ptr_eq(at, &step) => *since,
        _ => {
            decoding.tried.clear();
            decoding.rest = Some((Arc::clone(&step), now));
            now
        }
    };
    let is_free = !is_playing || is_idle; // played steps are decoded as quickly as it goes
    let quick_after = match (is_playing, is_idle) {
        (true, _) => 0.0,
        (false, true) => QUICK_AFTER,
        (false, false) => BUSY_AFTER,
    };
    let wishes = [
        (Quality::Quick, quick_after, quality.is_none() && is_free),
        (
            Quality::Exact,
            EXACT_AFTER,
            quality != Some(Quality::Exact) && !is_playing && !is_busy,
        ),
    ];
    let rested = now - since;
    for (quality, after, is_wanted) in wishes {
        if !is_wanted || page.decoding.tried.contains(&quality) {
            continue;
        }
        if rested >= after {
            page.decoding.tried.push(quality);
            ask_shown(page, ctx, Arc::clone(&step), quality, None);
        } else {
            ctx.egui
                .request_repaint_after(Duration::from_secs_f64((after - rested).max(0.001)));
        }
    }
}

/// Saves the step on the canvas as a picture, once it is decoded.
pub(super) fn keep_step(page: &mut StudioPage, ctx: &mut PageContext<'_>) {
    let state = &page.state;
    let (Some(step), Some(timeline)) = (state.shown_step_record().cloned(), &state.timeline) else {
        return;
    };
    let Some(kept) = timeline.kept_run(step.index) else {
        return;
    };
    let decoded = timeline.pictures.get(step.index);
    let is_exact = timeline.pictures.quality(step.index) == Some(Quality::Exact);
    match decoded.filter(|_| is_exact).cloned() {
        Some(picture) => save(ctx, kept, &step, &picture),
        None => ask_shown(page, ctx, step, Quality::Exact, Some(kept)),
    }
}

/// Takes in what the engine made of latents. An answer that comes late is still the picture of its own step.
///
/// * `picture`: `None` if the step could not be decoded.
pub(in crate::ui) fn take_answer(
    page: &mut StudioPage,
    ctx: &PageContext<'_>,
    asked: &AskedStep,
    picture: Option<&Arc<RgbImage>>,
) {
    let place = page.decoding.kept.iter().position(|(kept, _)| *kept == asked.ticket);
    let kept = place.map(|place| page.decoding.kept.remove(place).1);
    let Some(picture) = picture else { return };
    let timelines = [page.state.timeline.as_mut(), page.state.parked.as_mut()];
    for timeline in timelines.into_iter().flatten() {
        timeline.take_decoded(&asked.step, asked.quality, picture);
    }
    if let Some(kept) = kept {
        save(ctx, kept, &asked.step, picture);
    }
}

/// Asks for the picture of a step of the run that is shown, and has it saved if `keep` holds the run up to it.
fn ask_shown(
    page: &mut StudioPage,
    ctx: &mut PageContext<'_>,
    step: Arc<StepRecord>,
    quality: Quality,
    keep: Option<KeptRun>,
) {
    let Some(request) = page
        .state
        .timeline
        .as_ref()
        .map(|timeline| Arc::clone(&timeline.request))
    else {
        return;
    };
    let ticket = step_decoding::ask(ctx.state, ctx.services, &request, step, quality);
    if let Some((ticket, keep)) = ticket.zip(keep) {
        page.decoding.kept.retain(|(known, _)| *known != ticket);
        page.decoding.kept.push((ticket, keep));
    }
}

/// Hands a step over to the gallery as the picture of a run that ended with it.
fn save(ctx: &PageContext<'_>, kept: KeptRun, step: &StepRecord, picture: &Arc<RgbImage>) {
    let KeptRun { mut record, trajectory } = kept;
    let own = step.index as u32 + 1;
    record.request.stop_after = Some(own);
    if !record.run_id.is_empty() {
        record.origin = Some(Origin {
            run_id: record.run_id.clone(),
            step: own,
        });
        record.run_id = format!("{}.{own}", record.run_id);
    }
    if let Some(info) = ctx
        .state
        .model(&record.request.model)
        .filter(|_| record.family.is_empty())
    {
        record.model_name.clone_from(&info.name);
        info.family.clone_into(&mut record.family);
    }
    "vae".clone_into(&mut record.decoder);
    record.elapsed_secs = trajectory.steps.iter().map(|step| step.secs).sum();
    record.created_unix_secs = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_secs());
    if let Some(pictures) = &ctx.services.pictures {
        pictures.save(Arc::new(GeneratedImage {
            pixels: Arc::clone(picture),
            record,
            trajectory,
        }));
    }
}
