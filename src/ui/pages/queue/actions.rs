//! What each command of the page does.

use std::path::Path;
use std::sync::Arc;

use egui::{UserAttentionType, ViewportCommand};

use super::{Ended, QueueCommand, QueueId, QueuePage};
use crate::engine::{QueueContent, QueueEvent, QueueKeeper, QueueTrouble, SubmitError};
use crate::job::{JobError, JobErrorKind, JobId};
use crate::ui::app::Studio;
use crate::ui::commands::UiCommand;
use crate::ui::model::notifications::{Level, Text};
use crate::ui::model::state::{AppState, QueuedJob};
use crate::ui::pages::Page;
use crate::ui::pages::studio::form::draft::request_text;

/// What the desktop calls the window when nothing is at work.
const TITLE: &str = "Hareru";

/// Does what the page was asked for. Returns at once.
pub(in crate::ui) fn carry_out(studio: &mut Studio, _ctx: &egui::Context, command: QueueCommand) {
    let page = &mut studio.state.queue_page;
    let selected = page.selected;
    let moved = |page: &mut QueuePage, by: isize| {
        if let Some(id) = selected {
            page.jobs.move_by(id, by);
        }
    };
    match command {
        QueueCommand::TogglePause => page.jobs.set_paused(!page.jobs.is_paused()),
        QueueCommand::Clear => {
            let names = page.jobs.clear();
            cancel_all(studio, &names);
        }
        QueueCommand::ClearDone => page.jobs.clear_done(),
        QueueCommand::SelectPrevious => select(page, -1),
        QueueCommand::SelectNext => select(page, 1),
        QueueCommand::MoveUp => moved(page, -1),
        QueueCommand::MoveDown => moved(page, 1),
        QueueCommand::MoveFirst => moved(page, isize::MIN),
        QueueCommand::MoveLast => moved(page, isize::MAX),
        QueueCommand::CancelSelected => {
            if let Some(id) = selected {
                cancel(studio, id);
            }
        }
        QueueCommand::DuplicateSelected => {
            if let Some(id) = selected {
                page.jobs.duplicate(id);
            }
        }
        QueueCommand::Select(id) => page.selected = Some(id),
        QueueCommand::MoveTo(id, place) => page.jobs.move_to(id, place),
        QueueCommand::Cancel(id) => cancel(studio, id),
        QueueCommand::Duplicate(id) => {
            page.jobs.duplicate(id);
        }
        QueueCommand::Retry(id) => {
            page.jobs.retry(id);
        }
        QueueCommand::Show(id) => {
            let path = page
                .jobs
                .done()
                .find(|done| done.id == id)
                .and_then(|done| done.path().map(Path::to_owned));
            if let Some(path) = path {
                studio.commands.send(UiCommand::ShowPage(Page::Studio));
                studio.commands.send(UiCommand::ShowPicture(path));
            }
        }
    }
    advance(studio);
}

/// Takes a job away, or stops it; what stood below it is selected.
fn cancel(studio: &mut Studio, id: QueueId) {
    let page = &mut studio.state.queue_page;
    let place = page.jobs.jobs().iter().position(|job| job.id == id);
    let name = page.jobs.cancel(id);
    if page.selected == Some(id)
        && page.jobs.job(id).is_none()
        && let Some(place) = place
    {
        let jobs = page.jobs.jobs();
        page.selected = jobs.get(place).or_else(|| jobs.last()).map(|job| job.id);
    }
    cancel_all(studio, name.as_slice());
}

fn cancel_all(studio: &mut Studio, names: &[JobId]) {
    for name in names {
        if let Some(engine) = &studio.engine {
            engine.cancel(*name);
        }
        studio.state.stopping(*name);
    }
}

/// Selects the job so many rows below.
fn select(page: &mut QueuePage, by: isize) {
    let jobs = page.jobs.jobs();
    let place = jobs.iter().position(|job| Some(job.id) == page.selected);
    let next = match place {
        Some(place) => place.saturating_add_signed(by).min(jobs.len().saturating_sub(1)),
        None if by < 0 => jobs.len().saturating_sub(1),
        None => 0,
    };
    page.selected = jobs.get(next).map(|job| job.id);
}

/// Has the engine hold the first jobs of the queue and no others.
pub(in crate::ui) fn advance(studio: &mut Studio) {
    let taken = studio.state.queue_page.jobs.take_back();
    cancel_all(studio, &taken);
    while let (Some(next), Some(engine)) = (studio.state.queue_page.jobs.next(), &mut studio.engine) {
        let (id, order) = (next.id, next.order.clone());
        let request = (*order.request).clone();
        let (submitted, trunk) = match order.leaves {
            Some(leaves) => {
                let after = (leaves.kept, leaves.step);
                (engine.submit_after(request, after, order.options), leaves.trunk)
            }
            None => (engine.submit(request, order.options), None),
        };
        match submitted {
            Ok(name) => {
                studio.state.queue_page.jobs.handed(id, name);
                studio.state.queue.push(QueuedJob {
                    job: name,
                    request: order.request,
                    has_started: false,
                    is_stopping: false,
                    trunk,
                });
            }
            Err(SubmitError::Request(error)) => {
                let text = request_text(&error);
                let message = text.localise(studio.language);
                let kind = JobErrorKind::Request;
                studio.state.notices.notify(Level::Error, text);
                let error = Arc::new(JobError { kind, message });
                studio.state.queue_page.jobs.refused(id, error);
            }
            Err(SubmitError::QueueFull) => return, // it is asked again before the next frame
            Err(SubmitError::EngineStopped) => return studio.state.engine_stopped(None),
        }
    }
}

/// Takes in what other threads have to tell; called before every frame, whichever page is shown.
pub(in crate::ui) fn tick(studio: &mut Studio, ctx: &egui::Context) {
    while let Some(event) = studio.queue_keeper.as_ref().and_then(QueueKeeper::poll) {
        match event {
            QueueEvent::Loaded { content, trouble } => take_kept(&mut studio.state, content, trouble),
            QueueEvent::NotKept { message } => {
                let text = Text::new("queue-not-kept", [("reason", message)]);
                studio.state.notices.notify(Level::Error, text);
            }
        }
    }
    advance(studio);
    tell_desktop(&mut studio.state, ctx);
    let page = &mut studio.state.queue_page;
    if let Some(keeper) = &studio.queue_keeper
        && page.is_loaded
        && page.kept != page.jobs.revision()
    {
        page.kept = page.jobs.revision();
        keeper.keep(page.jobs.content());
    }
}

/// Takes in the jobs of the last time.
fn take_kept(state: &mut AppState, content: QueueContent, trouble: Option<QueueTrouble>) {
    state.queue_page.is_loaded = true;
    match trouble {
        None => {}
        Some(QueueTrouble::Damaged { reason, aside }) => {
            let values = [("reason", reason), ("file", aside.display().to_string())];
            state.notices.notify(Level::Error, Text::new("queue-damaged", values));
        }
        Some(QueueTrouble::Unknown { count, aside }) => {
            let values = [("count", count.to_string()), ("file", aside.display().to_string())];
            state.notices.notify(Level::Error, Text::new("queue-unknown", values));
        }
        Some(QueueTrouble::Taken) => state.notices.notify(Level::Info, Text::key("queue-taken")),
    }
    if !content.jobs.is_empty() {
        let count = [("count", content.jobs.len().to_string())];
        let was_running = content.jobs.iter().any(|job| job.was_running);
        let key = if was_running { "queue-back-first" } else { "queue-back" };
        state.notices.notify(Level::Info, Text::new(key, count));
    }
    state.queue_page.jobs.restore(content);
}

/// Keeps the window's title true, and says what happened while nobody looked.
fn tell_desktop(state: &mut AppState, ctx: &egui::Context) {
    let is_focused = ctx.input(|input| input.focused);
    // Telling it costs a frame. Where the processor draws, it is told to those only who do not see the window itself.
    let title = if state.is_still && is_focused {
        TITLE.to_owned()
    } else {
        title(state)
    };
    let page = &mut state.queue_page;
    if page.title != title {
        ctx.send_viewport_cmd(ViewportCommand::Title(title.clone()));
        page.title = title;
    }
    let ended = page.jobs.take_ended();
    if !is_focused {
        page.away.pictures += ended.pictures;
        page.away.failed += ended.failed;
        if ended != Ended::default() && (page.jobs.num_running() == 0 || ended.failed > 0) {
            ctx.send_viewport_cmd(ViewportCommand::RequestUserAttention(UserAttentionType::Informational));
        }
        return;
    }
    let away = std::mem::take(&mut page.away);
    if away != Ended::default() {
        let values = [
            ("pictures", away.pictures.to_string()),
            ("failed", away.failed.to_string()),
        ];
        let key = if away.failed == 0 {
            "queue-away"
        } else {
            "queue-away-failed"
        };
        state.notices.notify(Level::Info, Text::new(key, values));
    }
}

/// The steps of the run at work, then the program.
fn title(state: &AppState) -> String {
    let run = state.run.as_ref().filter(|run| !run.status.has_ended());
    match run.and_then(|run| Some((run.steps.last()?.step, run.total))) {
        Some((step, total)) => format!("{step}/{total} · {TITLE}"),
        None => TITLE.to_owned(),
    }
}
