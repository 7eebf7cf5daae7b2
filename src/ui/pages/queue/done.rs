//! The jobs that have ended since the program was started.

use egui::{Id, RichText, Ui};

use super::row::{self, Row};
use crate::ui::commands::{QueueCommand, UiCommand};
use crate::ui::model::jobs::{Job, JobStatus};
use crate::ui::model::state::job_error_text;
use crate::ui::panel::PanelContext;
use crate::ui::widgets::icon::Icon;

/// Lists them, the newest first.
pub(super) fn show(ui: &mut Ui, ctx: &mut PanelContext<'_>) {
    let state = ctx.state;
    for done in state.jobs.done() {
        let title = row::title(ctx, &done.order);
        let row = Row {
            about: about(ctx, done),
            status: status(ctx, done),
            picture: done.thumbnail().cloned(),
            is_selected: false,
            has_handle: false,
            fraction: None,
            title: title.clone(),
        };
        let shown = row.show(ui, ctx, Id::unique(("done", done.id.0)), |ui, ctx| {
            if row::button(ui, ctx, Icon::Loop, "queue-retry", &title) {
                ctx.commands.send(UiCommand::Queue(QueueCommand::Retry(done.id)));
            }
        });
        if shown.is_clicked {
            ctx.commands.send(UiCommand::Queue(QueueCommand::Show(done.id)));
        }
    }
}

/// Its settings; why, where it could not be done.
fn about(ctx: &PanelContext<'_>, done: &Job) -> String {
    match &done.status {
        JobStatus::Failed(error) => job_error_text(error).localise(ctx.language),
        _ => row::about(ctx, &done.order),
    }
}

fn status(ctx: &PanelContext<'_>, done: &Job) -> RichText {
    match &done.status {
        JobStatus::Finished => {
            let words = ctx.language.tr_count("queue-made", done.num_pictures as usize);
            RichText::new(words).color(*ctx.palette.text_weak)
        }
        JobStatus::Failed(_) => RichText::new(ctx.tr("queue-failed")).color(*ctx.palette.error),
        _ => RichText::new(ctx.tr("queue-cancelled")).color(*ctx.palette.text_weak),
    }
}
