//! What is being made and what waits.

mod actions;
mod done;
mod panel;
mod row;

use crate::ui::commands::{Availability, UiCommand};
use crate::ui::model::state::AppState;
use crate::ui::page::{Handled, Page, PageContext};
use egui::Ui;

use crate::ui::model::jobs::{Ended, QueueId};
use crate::ui::panel::PanelContext;

/// The page and what it knows.
#[derive(Default)]
pub(in crate::ui) struct QueuePage {
    /// The job that keys are about.
    selected: Option<QueueId>,
    /// The job that hangs on the pointer.
    dragged: Option<QueueId>,
    /// Whether the jobs of the last time are here, so that the file may be written.
    is_loaded: bool,
    /// The [revision](crate::ui::model::jobs::JobQueue::revision) that was kept last.
    kept: u64,
    /// What ended while the window was behind others.
    away: Ended,
    /// The title of the window, as the desktop was told it last.
    title: String,
}

impl Page for QueuePage {
    fn ui(&mut self, ui: &mut Ui, ctx: &mut PanelContext<'_>) {
        self.show(ui, ctx);
    }

    fn command(&mut self, command: UiCommand, ctx: &mut PageContext<'_>) -> Handled {
        match command {
            UiCommand::Queue(command) => self.carry_out(command, ctx),
            other => return Handled::No(other),
        }
        Handled::Yes
    }

    fn fill_availability(&self, now: &mut Availability, state: &AppState) {
        now.has_listed_jobs = !state.jobs.jobs().is_empty();
        now.is_job_selected = state.jobs.jobs().iter().any(|job| Some(job.id) == self.selected);
        now.has_ended_jobs = state.jobs.done().len() > 0;
        now.has_held_jobs = state.jobs.num_held() > 0;
    }

    fn tick(&mut self, ctx: &mut PageContext<'_>) {
        self.drain_keeper(ctx);
    }
}
