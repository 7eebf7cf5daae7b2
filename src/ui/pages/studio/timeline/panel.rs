//! The run in time: what the engine does, its numbers, and the strip of its steps.

use egui::{Align, Button, Layout, Rect, RichText, Ui, vec2};

use super::numbers::{secs_text, sigma_text};
use super::strip::Strip;
use super::transport;
use crate::job::{Phase, StepRecord};
use crate::ui::commands::UiCommand;
use crate::ui::model::jobs::JobStatus;
use crate::ui::model::run_timeline::RunTimeline;
use crate::ui::model::state::{EngineStatus, Pause, Run, View};
use crate::ui::pages::studio::canvas::failure;
use crate::ui::pages::studio::panel::{Slot, StudioContext, StudioPanel};
use crate::ui::widgets::right_aligned::right_aligned;

/// Room kept for the lamp.
const LAMP_ROOM: f32 = 84.0;

/// Shows the run in time.
#[derive(Default)]
pub(in crate::ui) struct TimelinePanel {
    strip: Strip,
}

impl StudioPanel for TimelinePanel {
    fn id(&self) -> &'static str {
        "timeline"
    }

    fn slot(&self) -> Slot {
        Slot::Timeline
    }

    fn ui(&mut self, ui: &mut Ui, ctx: &mut StudioContext<'_, '_>) {
        progress_line(ui, ctx);
        ui.horizontal(|ui| {
            ui.set_height(28.0);
            numbers(ui, ctx);
            right_aligned(ui, "buttons", |ui| buttons(ui, ctx));
        });
        ui.add_space(2.0);
        ui.horizontal_top(|ui| {
            transport::show(ui, ctx);
            ui.add_space(4.0);
            self.strip.show(ui, ctx);
        });
    }
}

/// A thin line along the upper edge: how far the run is.
fn progress_line(ui: &Ui, ctx: &StudioContext<'_, '_>) {
    let Some(run) = ctx.state.run.as_ref().filter(|run| !run.status.has_ended()) else {
        return;
    };
    let panel = ui.max_rect().expand2(vec2(12.0, 6.0));
    let line = Rect::from_min_size(panel.min, vec2(panel.width() * run.fraction_done(), 2.0));
    ui.painter().rect_filled(line, 0.0, *ctx.palette.accent);
}

/// What the engine does, and the numbers of the step on the canvas. Columns of fixed width, so that nothing moves.
fn numbers(ui: &mut Ui, ctx: &StudioContext<'_, '_>) {
    let (words, is_error) = status(ctx);
    let mut words = RichText::new(words);
    if is_error {
        words = words.color(*ctx.palette.error);
    }
    cell(ui, 134.0, words);
    if failure::error_of(ctx).is_some() {
        return; // the canvas says why
    }
    let Some(timeline) = &ctx.page.timeline else {
        return;
    };
    if let Some(step) = ctx.page.shown_step_record() {
        step_numbers(ui, ctx, timeline, step);
    }
    if let Some(missing) = &timeline.missing {
        let room = ui.available_width() - LAMP_ROOM;
        cell(
            ui,
            room,
            RichText::new(missing.localise(ctx.language)).color(*ctx.palette.warning),
        );
    }
}

fn step_numbers(ui: &mut Ui, ctx: &StudioContext<'_, '_>, timeline: &RunTimeline, step: &StepRecord) {
    let language = ctx.language;
    let (number, total) = ((step.index + 1).to_string(), timeline.total.to_string());
    let step_words = language.tr_with("timeline-step", &[("step", &number), ("total", &total)]);
    cell(ui, 96.0, step_words.into());
    cell(ui, 62.0, RichText::new(format!("σ {}", sigma_text(step.sigma))));
    let live_run = ctx.state.run.as_ref().filter(|_| ctx.page.view == View::Live);
    let step_secs = live_run.and_then(|run| run.computed.mean_secs()).unwrap_or(step.secs);
    let pace = language.tr_with("timeline-pace", &[("secs", &secs_text(step_secs))]);
    cell(ui, 106.0, pace.into());
    let left = live_run.filter(|run| !run.status.has_ended() && run.pause == Pause::No);
    if let Some(secs) = left.and_then(Run::secs_left) {
        let left = language.tr_with("timeline-left", &[("secs", &secs_text(secs))]);
        cell(ui, 88.0, left.into());
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

/// What goes on, and whether it is bad.
fn status(ctx: &StudioContext<'_, '_>) -> (String, bool) {
    if let EngineStatus::Stopped { .. } = ctx.state.engine {
        return (ctx.tr("status-engine-stopped"), true);
    }
    if ctx.state.active_run().is_none() && ctx.page.shown_path().is_some() {
        return (ctx.tr("status-kept"), false);
    }
    let Some(run) = &ctx.state.run else {
        let is_waiting = !ctx.state.jobs.is_engine_idle();
        let key = if is_waiting {
            ctx.tr("status-waiting")
        } else {
            ctx.tr("status-ready")
        };
        return (key, false);
    };
    match &run.status {
        JobStatus::Waiting => (ctx.tr("status-waiting"), false),
        JobStatus::Running => match run.pause {
            Pause::No => (phase_text(ctx, run), false),
            Pause::Asked => (ctx.tr("status-pausing"), false),
            Pause::Before(step) => {
                let step = (step + 1).to_string();
                (ctx.language.tr_with("status-paused", &[("step", &step)]), false)
            }
        },
        JobStatus::Stopping => (ctx.tr("status-stopping"), false),
        JobStatus::Finished => {
            let secs = run.elapsed_secs.unwrap_or_default();
            (
                ctx.language.tr_with("status-done", &[("secs", &secs_text(secs))]),
                false,
            )
        }
        JobStatus::Cancelled => (ctx.tr("status-stopped"), false),
        JobStatus::Failed(_) => (ctx.tr("status-failed"), true),
    }
}

fn phase_text(ctx: &StudioContext<'_, '_>, run: &Run) -> String {
    let words = match run.phase {
        None => ctx.tr("status-waiting"),
        Some(Phase::LoadingModel) => ctx.tr("status-loading"),
        Some(Phase::EncodingPrompt) => ctx.tr("status-encoding"),
        Some(Phase::Denoising) => ctx.tr("status-denoising"),
        Some(Phase::Decoding) => ctx.tr("status-decoding"),
        Some(Phase::Upscaling) => ctx.tr("status-upscaling"),
    };
    let tells = |phase| matches!(phase, Some(Phase::LoadingModel | Phase::Upscaling));
    match run.fraction.filter(|_| tells(run.phase)) {
        Some(fraction) => format!("{words} {:.0} %", 100.0 * fraction),
        None => words,
    }
}

/// Live, with its lamp; Restart when the engine has ended.
fn buttons(ui: &mut Ui, ctx: &StudioContext<'_, '_>) {
    let live = UiCommand::ShowLive;
    let is_live = ctx.page.view == View::Live;
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
