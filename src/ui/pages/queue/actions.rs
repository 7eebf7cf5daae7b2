//! What each command of the page does, and what it tells the desktop.

use std::path::Path;

use egui::{UserAttentionType, ViewportCommand};

use super::QueuePage;
use crate::engine::{QueueContent, QueueEvent, QueueKeeper, QueueTrouble};
use crate::ui::commands::{PageId, QueueCommand, UiCommand};
use crate::ui::job_dispatch::{advance, cancel_all};
use crate::ui::model::jobs::{Ended, JobQueue, QueueId};
use crate::ui::model::notifications::{Level, Text};
use crate::ui::model::state::AppState;
use crate::ui::page::PageContext;

/// What the desktop calls the window when nothing is at work.
const TITLE: &str = "Hareru";

impl QueuePage {
    /// Does what the page was asked for. Returns at once.
    pub(super) fn carry_out(&mut self, command: QueueCommand, ctx: &mut PageContext<'_>) {
        let jobs = &mut ctx.state.jobs;
        let selected = self.selected;
        match command {
            QueueCommand::TogglePause => jobs.set_paused(!jobs.is_paused()),
            QueueCommand::ClearHeld => jobs.clear_held(),
            QueueCommand::Clear => {
                let names = jobs.clear();
                cancel_all(ctx.state, ctx.services, names);
            }
            QueueCommand::ClearDone => jobs.clear_done(),
            QueueCommand::SelectPrevious => self.select(jobs, -1),
            QueueCommand::SelectNext => self.select(jobs, 1),
            QueueCommand::MoveUp => move_by(jobs, selected, -1),
            QueueCommand::MoveDown => move_by(jobs, selected, 1),
            QueueCommand::MoveFirst => move_by(jobs, selected, isize::MIN),
            QueueCommand::MoveLast => move_by(jobs, selected, isize::MAX),
            QueueCommand::CancelSelected => {
                if let Some(id) = selected {
                    self.cancel(id, ctx);
                }
            }
            QueueCommand::DuplicateSelected => {
                if let Some(id) = selected {
                    jobs.duplicate(id);
                }
            }
            QueueCommand::Select(id) => self.selected = Some(id),
            QueueCommand::MoveTo(id, place) => jobs.move_to(id, place),
            QueueCommand::Cancel(id) => self.cancel(id, ctx),
            QueueCommand::Duplicate(id) => {
                jobs.duplicate(id);
            }
            QueueCommand::Retry(id) => {
                jobs.retry(id);
            }
            QueueCommand::Show(id) => {
                let done = jobs.done().find(|done| done.id == id);
                if let Some(path) = done.and_then(|done| done.path().map(Path::to_owned)) {
                    ctx.services.send(UiCommand::ShowPage(PageId::Studio));
                    ctx.services.send(UiCommand::ShowPicture(path));
                }
            }
        }
        advance(ctx.state, ctx.services);
    }

    /// Takes a job away, or stops it; what stood below it is selected.
    fn cancel(&mut self, id: QueueId, ctx: &mut PageContext<'_>) {
        let jobs = &mut ctx.state.jobs;
        let place = jobs.jobs().iter().position(|job| job.id == id);
        let name = jobs.cancel(id);
        if self.selected == Some(id)
            && jobs.jobs().iter().all(|job| job.id != id)
            && let Some(place) = place
        {
            let jobs = jobs.jobs();
            self.selected = jobs.get(place).or_else(|| jobs.last()).map(|job| job.id);
        }
        cancel_all(ctx.state, ctx.services, name);
    }

    /// Selects the job so many rows below.
    fn select(&mut self, jobs: &JobQueue, by: isize) {
        let jobs = jobs.jobs();
        let place = jobs.iter().position(|job| Some(job.id) == self.selected);
        let next = match place {
            Some(place) => place.saturating_add_signed(by).min(jobs.len().saturating_sub(1)),
            None if by < 0 => jobs.len().saturating_sub(1),
            None => 0,
        };
        self.selected = jobs.get(next).map(|job| job.id);
    }

    /// Takes in what the thread that keeps the jobs has to tell, has the engine go on, and keeps the desktop informed.
    pub(super) fn drain_keeper(&mut self, ctx: &mut PageContext<'_>) {
        while let Some(event) = ctx.services.queue_keeper.as_ref().and_then(QueueKeeper::poll) {
            match event {
                QueueEvent::Loaded { content, trouble } => {
                    self.is_loaded = true;
                    take_kept(ctx.state, content, trouble);
                }
                QueueEvent::NotKept { message } => {
                    let text = Text::new("queue-not-kept", [("reason", message)]);
                    ctx.state.notices.notify(Level::Error, text);
                }
            }
        }
        advance(ctx.state, ctx.services);
        self.update_desktop(ctx.state, ctx.egui);
        if let Some(keeper) = &ctx.services.queue_keeper
            && self.is_loaded
            && self.kept != ctx.state.jobs.revision()
        {
            self.kept = ctx.state.jobs.revision();
            keeper.keep(ctx.state.jobs.content());
        }
    }

    /// Keeps the window's title true, and says what happened while nobody looked.
    fn update_desktop(&mut self, state: &mut AppState, ctx: &egui::Context) {
        let is_focused = ctx.input(|input| input.focused);
        // Telling it costs a frame. Where the processor draws, it is told to those only who do not see the window itself.
        let title = if state.is_still && is_focused {
            TITLE.to_owned()
        } else {
            title(state)
        };
        if self.title != title {
            ctx.send_viewport_cmd(ViewportCommand::Title(title.clone()));
            self.title = title;
        }
        let ended = state.jobs.take_ended();
        if !is_focused {
            self.away.pictures += ended.pictures;
            self.away.failed += ended.failed;
            if ended != Ended::default() && (state.jobs.num_running() == 0 || ended.failed > 0) {
                ctx.send_viewport_cmd(ViewportCommand::RequestUserAttention(UserAttentionType::Informational));
            }
            return;
        }
        let away = std::mem::take(&mut self.away);
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
}

fn move_by(jobs: &mut JobQueue, id: Option<QueueId>, by: isize) {
    if let Some(id) = id {
        jobs.move_by(id, by);
    }
}

/// Takes in the jobs of the last time.
fn take_kept(state: &mut AppState, content: QueueContent, trouble: Option<QueueTrouble>) {
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
    state.jobs.restore(content);
}

/// The steps of the run at work, then the program.
fn title(state: &AppState) -> String {
    let run = state.run.as_ref().filter(|run| !run.status.has_ended());
    match run.and_then(|run| Some((run.step?, run.total))) {
        Some((step, total)) => format!("{step}/{total} · {TITLE}"),
        None => TITLE.to_owned(),
    }
}
