//! The run in time: what the engine does, its numbers, and the strip of its steps.

use egui::{Align, Button, Color32, Layout, Rect, RichText, Role, ScrollArea, Sense, Stroke, StrokeKind, Ui, Vec2};
use egui::{WidgetInfo, pos2, vec2};

use super::{Panel, PanelContext, Slot};
use crate::job::Phase;
use crate::ui::command::UiCommand;
use crate::ui::state::{EngineStatus, JobStatus, Run, StepView, View};

/// Largest side of a step in the strip.
const MAX_CELL: f32 = 48.0;
/// Smallest side; with more steps than fit the strip scrolls.
const MIN_CELL: f32 = 28.0;
/// Room kept for the lamp.
const LAMP_ROOM: f32 = 84.0;
/// Room between steps.
const GAP: f32 = 3.0;

/// Shows the run in time.
pub(super) struct TimelinePanel;

impl Panel for TimelinePanel {
    fn id(&self) -> &'static str {
        "timeline"
    }

    fn slot(&self) -> Slot {
        Slot::Timeline
    }

    fn ui(&mut self, ui: &mut Ui, ctx: &mut PanelContext<'_>) {
        progress_line(ui, ctx);
        ui.horizontal(|ui| {
            ui.set_height(28.0);
            numbers(ui, ctx);
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| buttons(ui, ctx));
        });
        ui.add_space(2.0);
        strip(ui, ctx);
    }
}

/// A thin line along the upper edge: how far the run is.
fn progress_line(ui: &Ui, ctx: &PanelContext<'_>) {
    let Some(run) = ctx.state.run.as_ref().filter(|run| !run.status.has_ended()) else {
        return;
    };
    let done = run.steps.last().map_or(0, |step| step.step) as f32 / run.total.max(1) as f32;
    let panel = ui.max_rect().expand2(vec2(12.0, 6.0));
    let line = Rect::from_min_size(panel.min, vec2(panel.width() * done, 2.0));
    ui.painter().rect_filled(line, 0.0, *ctx.palette.accent);
}

/// What the engine does, and the numbers of the step on the canvas. Columns of fixed width, so that nothing moves.
fn numbers(ui: &mut Ui, ctx: &PanelContext<'_>) {
    let (words, is_error) = status(ctx);
    let mut words = RichText::new(words);
    if is_error {
        words = words.color(*ctx.palette.error);
    }
    cell(ui, 146.0, words);
    if let Some(reason) = failure(ctx) {
        let room = ui.available_width() - LAMP_ROOM;
        cell(ui, room, RichText::new(reason).weak());
        return;
    }
    let run = ctx.state.run.as_ref();
    let step = run.and_then(|run| run.steps.get(ctx.state.shown_step()?));
    let (Some(run), Some(step)) = (run, step) else {
        return;
    };
    let language = ctx.language;
    let (number, total) = (step.step.to_string(), run.total.to_string());
    cell(
        ui,
        112.0,
        language
            .tr_with("timeline-step", &[("step", &number), ("total", &total)])
            .into(),
    );
    cell(ui, 72.0, RichText::new(format!("σ {}", sigma_text(step.sigma))));
    let is_live = ctx.state.view == View::Live;
    let step_secs = if is_live {
        run.mean_step_secs()
    } else {
        Some(step.step_secs)
    };
    if let Some(secs) = step_secs {
        cell(
            ui,
            120.0,
            language.tr_with("timeline-pace", &[("secs", &secs_text(secs))]).into(),
        );
    }
    if let Some(secs) = run.secs_left().filter(|_| is_live && !run.status.has_ended()) {
        cell(
            ui,
            110.0,
            language.tr_with("timeline-left", &[("secs", &secs_text(secs))]).into(),
        );
    }
}

fn cell(ui: &mut Ui, width: f32, text: RichText) {
    if ui.available_width() < width + LAMP_ROOM {
        return;
    }
    ui.allocate_ui_with_layout(vec2(width, 28.0), Layout::left_to_right(Align::Center), |ui| {
        ui.set_min_width(width);
        ui.add(egui::Label::new(text).truncate());
    });
}

/// Three figures that matter.
fn sigma_text(sigma: f64) -> String {
    if sigma >= 10.0 {
        format!("{sigma:.1}")
    } else {
        format!("{sigma:.2}")
    }
}

fn secs_text(secs: f64) -> String {
    match secs {
        secs if secs < 1.0 => format!("{secs:.2}"),
        secs if secs < 100.0 => format!("{secs:.1}"),
        secs => format!("{secs:.0}"),
    }
}

/// Why the run that is shown could not be done.
fn failure(ctx: &PanelContext<'_>) -> Option<String> {
    let run = ctx.state.run.as_ref()?;
    match &run.status {
        JobStatus::Failed(error) if ctx.state.engine == EngineStatus::Running && ctx.state.view == View::Live => {
            Some(error.message.clone())
        }
        _ => None,
    }
}

/// What goes on, and whether it is bad.
fn status(ctx: &PanelContext<'_>) -> (String, bool) {
    if let EngineStatus::Stopped { .. } = ctx.state.engine {
        return (ctx.tr("status-engine-stopped"), true);
    }
    let Some(run) = &ctx.state.run else {
        let is_waiting = !ctx.state.queue.is_empty();
        let key = if is_waiting {
            ctx.tr("status-waiting")
        } else {
            ctx.tr("status-ready")
        };
        return (key, false);
    };
    match &run.status {
        JobStatus::Waiting => (ctx.tr("status-waiting"), false),
        JobStatus::Running => (phase_text(ctx, run), false),
        JobStatus::Stopping => (ctx.tr("status-stopping"), false),
        JobStatus::Finished => {
            let secs = run
                .elapsed_secs
                .or_else(|| Some(run.steps.last()?.elapsed_secs))
                .unwrap_or_default();
            (
                ctx.language.tr_with("status-done", &[("secs", &secs_text(secs))]),
                false,
            )
        }
        JobStatus::Cancelled => (ctx.tr("status-stopped"), false),
        JobStatus::Failed(_) => (ctx.tr("status-failed"), true),
    }
}

fn phase_text(ctx: &PanelContext<'_>, run: &Run) -> String {
    let words = match run.phase {
        None => ctx.tr("status-waiting"),
        Some(Phase::LoadingModel) => ctx.tr("status-loading"),
        Some(Phase::EncodingPrompt) => ctx.tr("status-encoding"),
        Some(Phase::Denoising) => ctx.tr("status-denoising"),
        Some(Phase::Decoding) => ctx.tr("status-decoding"),
    };
    match run.fraction.filter(|_| run.phase == Some(Phase::LoadingModel)) {
        Some(fraction) => format!("{words} {:.0} %", 100.0 * fraction),
        None => words,
    }
}

/// Live, with its lamp; Restart when the engine has ended.
fn buttons(ui: &mut Ui, ctx: &PanelContext<'_>) {
    let live = UiCommand::ShowLive;
    let is_live = ctx.state.view == View::Live;
    let lamp = if is_live {
        *ctx.palette.accent
    } else {
        *ctx.palette.text_weak
    };
    let mut text = egui::text::LayoutJob::default();
    let font = egui::TextStyle::Button.resolve(ui.style());
    let words = if is_live {
        *ctx.palette.text
    } else {
        *ctx.palette.text_weak
    };
    text.append("●", 0.0, egui::TextFormat::simple(font.clone(), lamp));
    text.append(&live.name(ctx.language), 6.0, egui::TextFormat::simple(font, words));
    let response = ui.add(Button::new(text));
    let tip = live.tooltip(ctx.language, ui.ctx());
    let response = response.accessible_name(live.name(ctx.language));
    if response.on_hover_text(tip).clicked() {
        ctx.commands.send(live);
    }
    if ctx.state.engine != EngineStatus::Running {
        let restart = UiCommand::RestartEngine;
        let response = ui.add(Button::new(restart.name(ctx.language)));
        if response
            .on_hover_text(restart.tooltip(ctx.language, ui.ctx()))
            .clicked()
        {
            ctx.commands.send(restart);
        }
    }
}

/// One cell for each step of the run; those to come are empty.
fn strip(ui: &mut Ui, ctx: &mut PanelContext<'_>) {
    let total = ctx.state.run.as_ref().map_or(ctx.draft.steps, |run| run.total).max(1);
    let room = ui.available_width() + GAP;
    let side = (room / total as f32 - GAP).clamp(MIN_CELL, MAX_CELL);
    let width = total as f32 * (side + GAP) - GAP;
    ScrollArea::horizontal().auto_shrink(false).show(ui, |ui| {
        let (strip, _) = ui.allocate_exact_size(vec2(width, MAX_CELL), Sense::hover());
        let cell = |index: u32| {
            let left = strip.left() + index as f32 * (side + GAP);
            Rect::from_min_size(pos2(left, strip.center().y - side / 2.0), Vec2::splat(side))
        };
        let steps = ctx.state.run.as_ref().map_or(&[][..], |run| &run.steps);
        let num_done = steps.last().map_or(0, |step| step.step);
        for index in num_done..total {
            let rect = cell(index);
            if ui.is_rect_visible(rect) {
                ui.painter().rect_filled(rect, 3.0, *ctx.palette.field);
            }
        }
        let shown = ctx.state.shown_step();
        for (index, step) in steps.iter().enumerate() {
            let rect = cell(step.step.saturating_sub(1));
            let is_shown = shown == Some(index);
            if ui.is_rect_visible(rect) {
                step_cell(ui, ctx, (index, step), rect, is_shown);
            }
            if is_shown && ctx.state.view == View::Live && width > room {
                ui.scroll_to_rect(rect, None);
            }
        }
    });
}

fn step_cell(ui: &Ui, ctx: &mut PanelContext<'_>, (index, step): (usize, &StepView), rect: Rect, is_shown: bool) {
    let response = ui.interact(rect, ui.make_persistent_id(("step", step.step)), Sense::click());
    let number = step.step.to_string();
    let name = ctx.language.tr_with("timeline-cell", &[("step", &number)]);
    response.widget_info(|| WidgetInfo::selected(Role::Button, true, is_shown, &name));
    match &step.preview {
        Some(preview) => {
            let texture = ctx.textures.thumbnail(ui.ctx(), preview);
            egui::Image::new((texture.id(), rect.size()))
                .uv(square_uv(texture.size_vec2()))
                .corner_radius(3)
                .paint_at(ui, rect);
        }
        None => {
            ui.painter().rect_filled(rect, 3.0, *ctx.palette.active);
        }
    }
    if is_shown || response.hovered() || response.has_focus() {
        let colour: Color32 = if is_shown {
            *ctx.palette.accent
        } else {
            *ctx.palette.text_weak
        };
        ui.painter()
            .rect_stroke(rect, 3.0, Stroke::new(2.0, colour), StrokeKind::Inside);
    }
    let sigma = sigma_text(step.sigma);
    let tip = ctx
        .language
        .tr_with("timeline-cell.tip", &[("step", &number), ("sigma", &sigma)]);
    if response.on_hover_text(tip).clicked() {
        ctx.commands.send(UiCommand::ShowStep(index));
    }
}

/// The middle square of a picture.
fn square_uv(size: Vec2) -> Rect {
    let part = Vec2::splat(size.min_elem()) / size.max(Vec2::splat(1.0));
    Rect::from_center_size(pos2(0.5, 0.5), part)
}
