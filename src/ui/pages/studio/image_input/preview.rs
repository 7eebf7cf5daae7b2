//! What the form would make of the picture to start from, in a few steps, while a slider moves: the newest wins. Such
//! pictures are neither saved nor queued.

use std::sync::Arc;

use crate::job::{Event, GenerateRequest, JobId, JobOptions, RgbImage};
use crate::ui::model::notifications::Level;
use crate::ui::model::state::{View, job_error_text};
use crate::ui::page::PageContext;
use crate::ui::pages::studio::StudioPage;
use crate::ui::pages::studio::form::draft::Draft;

/// Steps that a preview takes, whatever its depth.
pub const STEPS_TAKEN: u32 = 6;

/// What is known of previews.
#[derive(Debug, Default)]
pub struct Preview {
    /// Whether one is wanted as soon as the engine is idle.
    pub is_wanted: bool,
    /// The jobs that have not ended, the newest last; the others were told to stop.
    pub jobs: Vec<JobId>,
    /// What the newest was asked for.
    pub request: Option<Arc<GenerateRequest>>,
    /// What it looks like so far.
    pub picture: Option<Arc<RgbImage>>,
    /// What the canvas showed when a preview was asked for; it gives way when that is no longer so.
    pub over: Option<(View, Option<JobId>)>,
}

impl Preview {
    /// Whether the preview is still being made.
    pub fn is_at_work(&self) -> bool {
        self.is_wanted || !self.jobs.is_empty()
    }
}

/// The same request in few steps; `None` if nothing is started from.
pub(super) fn preview_request(draft: &Draft) -> Option<GenerateRequest> {
    let request = draft.to_request().ok()?;
    let strength = request.init.as_ref()?.strength;
    let steps = (f64::from(STEPS_TAKEN) / strength.max(0.01)).ceil() as u32;
    Some(GenerateRequest {
        steps: steps.clamp(1, request.steps.max(1)),
        batch_count: 1,
        hires: None,
        changes: Vec::new(),
        prompt_switches: Vec::new(),
        refiner: None,
        ..request
    })
}

/// Wants a preview of what the form says now, on the canvas.
pub(super) fn want(page: &mut StudioPage, ctx: &PageContext<'_>) {
    if page.state.image_input.mask.is_open || ctx.state.shown_sweep().is_some() {
        return; // they stand where the preview would
    }
    let over = page.state.beneath(ctx.state);
    let preview = &mut page.state.image_input.preview;
    preview.is_wanted = true;
    if preview.over.as_ref() != Some(&over) {
        preview.picture = None;
        preview.over = Some(over);
    }
}

/// Shows no preview any more.
pub(super) fn close(page: &mut StudioPage, ctx: &PageContext<'_>) {
    stop(page, ctx);
    let preview = &mut page.state.image_input.preview;
    preview.over = None;
    preview.is_wanted = false;
    preview.picture = None;
    preview.request = None;
}

fn stop(page: &StudioPage, ctx: &PageContext<'_>) {
    if let Some(engine) = &ctx.services.engine {
        for job in &page.state.image_input.preview.jobs {
            engine.cancel(*job);
        }
    }
}

/// Hands the newest wish to the engine where nothing else is to be done, and stops previews where something is.
pub(super) fn tick(page: &mut StudioPage, ctx: &mut PageContext<'_>) {
    let is_shown = page.state.is_preview_shown(ctx.state);
    let is_busy = !ctx.state.jobs.is_engine_idle();
    let preview = &mut page.state.image_input.preview;
    if ctx.services.engine.is_none() {
        preview.jobs.clear();
    }
    if !preview.jobs.is_empty() && (is_busy || !is_shown) && preview.request.take().is_some() {
        stop(page, ctx);
        return;
    }
    if !preview.is_wanted || is_busy || !is_shown {
        preview.is_wanted &= is_shown;
        return;
    }
    preview.is_wanted = false;
    let Some(request) = preview_request(&page.draft) else {
        return;
    };
    if !ctx.state.strangers_in(&request).is_empty() || preview.request.as_deref() == Some(&request) {
        return;
    }
    stop(page, ctx);
    let options = JobOptions {
        preview: page.draft.preview,
        precision: ctx.state.precision,
        keep_every_step: false,
        keep_branches: false,
        keep_attention: false,
        ..JobOptions::default()
    };
    let submitted = ctx
        .services
        .engine
        .as_mut()
        .map(|engine| engine.submit(request.clone(), options));
    match submitted {
        Some(Ok(job)) => {
            page.state.image_input.preview.jobs.push(job);
            page.state.image_input.preview.request = Some(Arc::new(request));
        }
        Some(Err(error)) => tracing::debug!("no preview: {error}"),
        None => {}
    }
}

/// Takes in what the engine says of previews; whether it was about one.
pub(super) fn take_event(page: &mut StudioPage, ctx: &mut PageContext<'_>, event: &Event) -> bool {
    let Some(job) = event
        .job()
        .filter(|job| page.state.image_input.preview.jobs.contains(job))
    else {
        return false;
    };
    let preview = &mut page.state.image_input.preview;
    let is_newest = preview.jobs.last() == Some(&job) && preview.request.is_some();
    match event {
        Event::Step(step) if is_newest => {
            if let Some(picture) = &step.preview {
                preview.picture = Some(Arc::clone(picture));
            }
        }
        Event::Image { image, .. } if is_newest => preview.picture = Some(Arc::clone(&image.pixels)),
        Event::Finished { .. } | Event::Cancelled { .. } => preview.jobs.retain(|known| *known != job),
        Event::Failed { error, .. } => {
            preview.jobs.retain(|known| *known != job);
            if is_newest {
                preview.request = None;
                ctx.state.notices.notify(Level::Error, job_error_text(error));
            }
        }
        _ => {}
    }
    true
}
