//! The page as it is seen.

use egui::{Align, Button, Frame, Id, Layout, Margin, Rect, RichText, Stroke, Ui};

use super::QueuePage;
use super::done;
use super::row::{self, Row};
use crate::ui::commands::{PageId, QueueCommand, UiCommand};
use crate::ui::model::jobs::{Job, JobStatus, QueueId};
use crate::ui::model::run::Run;
use crate::ui::panel::PanelContext;
use crate::ui::widgets::icon::Icon;

/// Space at both sides of the lists.
const MARGIN: i8 = 20;
/// Near the edges of the list, a row that is dragged scrolls it.
const SCROLL_EDGE: f32 = 40.0;

impl QueuePage {
    /// Lays the page out.
    pub(super) fn show(&mut self, ui: &mut Ui, ctx: &mut PanelContext<'_>) {
        ui.spacing_mut().item_spacing.y = 0.0;
        Frame::new()
            .fill(*ctx.palette.panel)
            .inner_margin(Margin::symmetric(MARGIN, 8))
            .show(ui, |ui| head(ui, ctx));
        let jobs = &ctx.state.jobs;
        if jobs.jobs().is_empty() && jobs.done().len() == 0 && ctx.state.sweeping.is_none() {
            let key = UiCommand::Generate.keys_text(ui.ctx());
            let words = ctx.language.tr_with("queue-none", &[("key", &key)]);
            ui.centered_and_justified(|ui| ui.label(RichText::new(words).color(*ctx.palette.text_weak)));
            return;
        }
        egui::ScrollArea::vertical().auto_shrink(false).show(ui, |ui| {
            Frame::new()
                .inner_margin(Margin::symmetric(MARGIN, 4))
                .show(ui, |ui| self.lists(ui, ctx));
        });
    }

    fn lists(&mut self, ui: &mut Ui, ctx: &mut PanelContext<'_>) {
        let state = ctx.state;
        let jobs = &state.jobs;
        let first = jobs.num_running();
        sweep(ui, ctx);
        if first > 0 {
            heading(ui, ctx, "queue-at-work", |_, _| ());
        }
        let mut places = Vec::new();
        for (index, job) in jobs.jobs().iter().enumerate() {
            if index == first {
                heading(ui, ctx, "queue-next", |ui, ctx| {
                    text_button(ui, ctx, QueueCommand::Clear);
                });
            }
            let shown = job_row(ui, ctx, job, self.selected == Some(job.id));
            if shown.is_clicked {
                ctx.commands.send(UiCommand::Queue(QueueCommand::Select(job.id)));
            }
            if shown.is_grabbed {
                self.dragged = Some(job.id);
            }
            if index >= first {
                places.push((job.id, shown.rect));
            }
        }
        self.drop_dragged(ui, ctx, &places);
        if jobs.done().len() > 0 {
            heading(ui, ctx, "queue-done", |ui, ctx| {
                text_button(ui, ctx, QueueCommand::ClearDone);
            });
            done::show(ui, ctx);
        }
    }

    /// Shows where the dragged job would come to stand, and puts it there when it is let go.
    fn drop_dragged(&mut self, ui: &Ui, ctx: &PanelContext<'_>, places: &[(QueueId, Rect)]) {
        let Some(dragged) = self.dragged else {
            return;
        };
        let Some(pointer) = ui.input(|input| input.pointer.interact_pos()) else {
            self.dragged = None;
            return;
        };
        let others: Vec<Rect> = places
            .iter()
            .filter(|(id, _)| *id != dragged)
            .map(|(_, rect)| *rect)
            .collect();
        let place = others.iter().filter(|rect| rect.center().y < pointer.y).count();
        if ui.input(|input| input.pointer.any_released()) {
            self.dragged = None;
            let command = QueueCommand::MoveTo(dragged, place);
            ctx.commands.send(UiCommand::Queue(command));
            return;
        }
        let above = place.checked_sub(1).and_then(|above| others.get(above));
        let y = match (above, others.get(place)) {
            (_, Some(below)) => below.top() - 2.0,
            (Some(above), None) => above.bottom() + 2.0,
            (None, None) => return,
        };
        let line = Stroke::new(2.0, *ctx.palette.accent);
        ui.painter().hline(ui.max_rect().x_range(), y, line);
        let sight = ui.clip_rect();
        if pointer.y < sight.top() + SCROLL_EDGE || pointer.y > sight.bottom() - SCROLL_EDGE {
            let sign = if pointer.y < sight.center().y { 8.0 } else { -8.0 };
            ui.scroll_with_delta(egui::vec2(0.0, sign));
            ui.ctx().request_repaint();
        }
    }
}

/// How much there is to do, and the switch.
fn head(ui: &mut Ui, ctx: &PanelContext<'_>) {
    let jobs = &ctx.state.jobs;
    ui.horizontal(|ui| {
        ui.set_min_height(30.0);
        ui.heading(ctx.tr("page-queue"));
        ui.add_space(12.0);
        let is_held = jobs.is_paused();
        let (words, colour) = if is_held {
            (ctx.tr("queue-is-paused"), *ctx.palette.warning)
        } else {
            (summary(ctx), *ctx.palette.text_weak)
        };
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            let pause = UiCommand::Queue(QueueCommand::TogglePause);
            let key = if is_held { "queue-go-on" } else { "queue-pause" };
            let button = ui.add(Button::new(ctx.tr(key)));
            if button.on_hover_text(pause.tooltip(ctx.language, ui.ctx())).clicked() {
                ctx.commands.send(pause);
            }
            ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                ui.add(egui::Label::new(RichText::new(words).color(colour)).truncate());
            });
        });
    });
}

fn summary(ctx: &PanelContext<'_>) -> String {
    let jobs = &ctx.state.jobs;
    let count = jobs.jobs().len();
    if count == 0 {
        return ctx.tr("queue-empty");
    }
    let mut words = ctx.language.tr_count("queue-count", count);
    let left = ctx.state.queue_time_left();
    if left.secs > 0.0 {
        let key = if left.num_unknown == 0 {
            "queue-left"
        } else {
            "queue-left-more"
        };
        words.push_str(" · ");
        let time = row::duration(ctx, left.secs);
        words.push_str(&ctx.language.tr_with(key, &[("time", &time)]));
    }
    words
}

fn heading(ui: &mut Ui, ctx: &PanelContext<'_>, key: &str, add_right: impl FnOnce(&mut Ui, &PanelContext<'_>)) {
    ui.add_space(8.0);
    ui.horizontal(|ui| {
        ui.set_min_height(26.0);
        ui.label(RichText::new(ctx.tr(key)).color(*ctx.palette.text_weak));
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| add_right(ui, ctx));
    });
    ui.add_space(4.0);
}

fn text_button(ui: &mut Ui, ctx: &PanelContext<'_>, command: QueueCommand) {
    ctx.button_with(ui, command, |button| button.frame_when_inactive(false));
}

fn job_row(ui: &mut Ui, ctx: &mut PanelContext<'_>, job: &Job, is_selected: bool) -> row::RowResponse {
    let title = row::title(ctx, &job.order);
    let (id, is_running) = (job.id, job.status.is_at_work());
    let run = ctx.state.run.as_ref().filter(|run| run.id == id);
    let taken = run.and_then(|run| run.step);
    let row = Row {
        about: row::about(ctx, &job.order),
        status: status(ctx, job, taken),
        picture: run.and_then(|run| run.newest().cloned()),
        is_selected,
        has_handle: !is_running,
        fraction: taken.and(run).map(Run::fraction_done),
        title: title.clone(),
    };
    row.show(ui, ctx, Id::unique(("job", id.0)), |ui, ctx| {
        let send = |command| ctx.commands.send(UiCommand::Queue(command));
        let moves = [(Icon::Up, "queue-move-up", -1), (Icon::Down, "queue-move-down", 1)];
        for (icon, key, by) in moves.into_iter().filter(|_| !is_running) {
            if row::button(ui, ctx, icon, key, &title) {
                let jobs = &ctx.state.jobs;
                let place = jobs.jobs().iter().position(|job| job.id == id).unwrap_or_default();
                let place = place.saturating_sub(jobs.num_running()).saturating_add_signed(by);
                send(QueueCommand::MoveTo(id, place));
            }
        }
        if row::button(ui, ctx, Icon::Copy, "queue-duplicate", &title) {
            send(QueueCommand::Duplicate(id));
        }
        let cancel = if is_running { "queue-stop" } else { "queue-cancel" };
        if row::button(ui, ctx, Icon::Close, cancel, &title) {
            send(QueueCommand::Cancel(id));
        }
    })
}

fn status(ctx: &PanelContext<'_>, job: &Job, taken: Option<u32>) -> RichText {
    let left = ctx.state.job_secs_left(job).map(|secs| row::duration(ctx, secs));
    let words = match (taken, left) {
        _ if job.status == JobStatus::Stopping => ctx.tr("status-stopping"),
        (Some(step), Some(time)) => {
            let (step, total) = (step.to_string(), job.order.request.steps.to_string());
            let values = [("step", step.as_str()), ("total", &total), ("time", &time)];
            ctx.language.tr_with("queue-step", &values)
        }
        (_, Some(time)) => ctx.language.tr_with("queue-takes", &[("time", &time)]),
        (_, None) if job.status.is_at_work() => ctx.tr("queue-begins"),
        (_, None) => String::new(),
    };
    RichText::new(words).color(*ctx.palette.text_weak)
}

/// A sweep that is on its way stands above the jobs.
fn sweep(ui: &mut Ui, ctx: &PanelContext<'_>) {
    let Some(sweeping) = ctx.state.sweeping.as_ref().filter(|_| ctx.state.is_sweep_open()) else {
        return;
    };
    let num_finished = ctx.state.jobs.sweep_progress().finished;
    let (made, all) = (num_finished.to_string(), sweeping.cells.len().to_string());
    let words = ctx.language.tr_with("queue-sweep", &[("made", &made), ("all", &all)]);
    heading(ui, ctx, "queue-sweep-title", |_, _| ());
    ui.horizontal(|ui| {
        ui.label(words);
        if let Some(secs) = sweeping.secs_left(&ctx.state.jobs) {
            let time = row::duration(ctx, secs);
            let words = ctx.language.tr_with("queue-left", &[("time", &time)]);
            ui.label(RichText::new(words).color(*ctx.palette.text_weak));
        }
        let show = UiCommand::ShowSweep;
        let button = ui.button(show.name(ctx.language));
        if button.on_hover_text(show.tooltip(ctx.language, ui.ctx())).clicked() {
            ctx.commands.send(UiCommand::ShowPage(PageId::Studio));
            ctx.commands.send(show);
        }
    });
}
