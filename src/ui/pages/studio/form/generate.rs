//! The primary button, Stop beside it, and what stands in the way.

use egui::{Align, Button, Layout, RichText, Ui, vec2};

use crate::ui::commands::{QueueCommand, UiCommand};
use crate::ui::model::state::{EngineStatus, file_name};
use crate::ui::pages::studio::form::changes::{Plan, planned};
use crate::ui::pages::studio::panel::{Slot, StudioContext, StudioPanel};
use crate::ui::pages::studio::sweep::form;
use crate::ui::pages::studio::sweep::memo::SweepMemo;
use crate::ui::theme::{self, ROW_HEIGHT};
use crate::ui::widgets::icon::Icon;
use crate::ui::widgets::right_aligned::filled_line;

/// Height of the buttons.
const BUTTON_HEIGHT: f32 = 40.0;
/// Width of Stop.
const STOP_WIDTH: f32 = 76.0;

/// Starts and stops.
#[derive(Default)]
pub(in crate::ui) struct GeneratePanel {
    sweep: SweepMemo,
}

impl StudioPanel for GeneratePanel {
    fn id(&self) -> &'static str {
        "generate"
    }

    fn slot(&self) -> Slot {
        Slot::FormFoot
    }

    fn ui(&mut self, ui: &mut Ui, ctx: &mut StudioContext<'_, '_>) {
        let sweep = self.sweep.of(ctx.draft);
        let (start_sweep, sweep_problem) = form::asked_for(ctx, sweep);
        let problem = problem(ctx).or(sweep_problem);
        if ctx.state.jobs.num_held() > 0 {
            held_jobs(ui, ctx);
        }
        // The row is always there, so that nothing moves when it has something to offer.
        ui.allocate_ui_with_layout(
            vec2(ui.available_width(), ROW_HEIGHT),
            Layout::left_to_right(Align::Center),
            |ui| {
                ui.set_min_height(ROW_HEIGHT);
                branch_or_apply(ui, ctx);
            },
        );
        ui.horizontal(|ui| {
            let width = ui.available_width() - STOP_WIDTH - ui.spacing().item_spacing.x;
            let (palette, generate) = (ctx.palette, UiCommand::Generate);
            let words = start_sweep.unwrap_or_else(|| generate.name(ctx.language));
            let response = ui
                .scope(|ui| {
                    let widgets = &mut ui.visuals_mut().widgets;
                    widgets.inactive.weak_bg_fill = *palette.accent;
                    widgets.hovered.weak_bg_fill = *palette.accent_hover;
                    widgets.active.weak_bg_fill = *palette.accent_hover;
                    let text = RichText::new(words)
                        .family(theme::strong_family())
                        .size(14.0)
                        .color(*palette.on_accent);
                    let button = Button::new(text).min_size(vec2(width, BUTTON_HEIGHT));
                    ui.add_enabled(problem.is_none(), button)
                })
                .inner;
            let response = response.on_hover_text(generate.tooltip(ctx.language, ui.ctx()));
            let response = response.on_disabled_hover_text(problem.as_deref().unwrap_or_default());
            if response.clicked() {
                ctx.commands.send(generate);
            }

            ctx.button_with(ui, UiCommand::Stop, |button| {
                button.min_size(vec2(STOP_WIDTH, BUTTON_HEIGHT))
            });
        });
        // The line is always there, so that nothing moves when it has something to say.
        let num_waiting = ctx.state.jobs.num_waiting();
        let is_held = num_waiting > 0 && ctx.state.jobs.is_paused() && ctx.state.jobs.num_held() == 0;
        let line = match (problem, remark(ctx)) {
            (Some(problem), _) => RichText::new(problem).color(form::problem_colour(ctx, sweep)),
            (None, Some(remark)) => RichText::new(remark).color(*ctx.palette.warning),
            (None, None) if is_held => {
                let words = ctx.language.tr_count("queue-held", num_waiting);
                RichText::new(words).color(*ctx.palette.warning)
            }
            (None, None) if num_waiting > 0 => {
                RichText::new(ctx.language.tr_count("queue-waiting", num_waiting)).weak()
            }
            (None, None) => RichText::new(" "),
        };
        ui.add(egui::Label::new(line.small()).truncate());
    }
}

/// What is to become of the jobs that are back from last time.
fn held_jobs(ui: &mut Ui, ctx: &StudioContext<'_, '_>) {
    let words = ctx.language.tr_count("queue-held-back", ctx.state.jobs.num_held());
    let size = vec2(ui.available_width(), ROW_HEIGHT);
    ui.allocate_ui_with_layout(size, Layout::left_to_right(Align::Center), |ui| {
        filled_line(
            ui,
            "held jobs",
            |ui| ui.add(egui::Label::new(words).truncate()),
            |ui| {
                let resume = ui.button(ctx.tr("queue-resume-held"));
                if resume.on_hover_text(ctx.tr("queue-resume-held.tip")).clicked() {
                    ctx.commands.send(UiCommand::Queue(QueueCommand::TogglePause));
                }
                ctx.button(ui, QueueCommand::ClearHeld);
            },
        );
    });
}

/// Where the branch leaves and a way out of it; else the button that changes the run at work, if the form differs.
fn branch_or_apply(ui: &mut Ui, ctx: &StudioContext<'_, '_>) {
    let Some(branching) = &ctx.page.branching else {
        if ctx.now.has_change {
            let size = vec2(ui.available_width(), ROW_HEIGHT);
            ctx.button_with(ui, UiCommand::ApplyChanges, |button| button.min_size(size));
        }
        return;
    };
    let step = (branching.step + 1).to_string();
    let words = match &branching.of {
        Some(path) => ctx
            .language
            .tr_with("branch-of", &[("step", &step), ("file", &file_name(path))]),
        None => ctx.language.tr_with("branch-of-run", &[("step", &step)]),
    };
    let room = vec2(
        ui.available_width() - ROW_HEIGHT - ui.spacing().item_spacing.x,
        ROW_HEIGHT,
    );
    ui.allocate_ui_with_layout(room, Layout::left_to_right(Align::Center), |ui| {
        ui.set_min_width(room.x);
        let words = RichText::new(words).color(*ctx.palette.accent);
        ui.add(egui::Label::new(words).truncate())
            .on_hover_text(ctx.tr("branch-of.tip"));
    });
    ctx.icon_button(ui, Icon::Close, UiCommand::LeaveBranch, false);
}

/// What is to be known before a branch is begun.
fn remark(ctx: &StudioContext<'_, '_>) -> Option<String> {
    let (_, _, plan) = planned(ctx.page, ctx.state, ctx.draft)?;
    match plan {
        Plan::NewRun => Some(ctx.tr("branch-new-run")),
        Plan::Branch(_, inexact) => Some(ctx.language.error(&inexact?.code())),
    }
}

/// Why Generate can do nothing, in one sentence.
fn problem(ctx: &StudioContext<'_, '_>) -> Option<String> {
    if ctx.state.engine != EngineStatus::Running {
        return Some(ctx.tr("problem-engine-stopped"));
    }
    if ctx.state.refusal(&ctx.draft.request.model).is_some() {
        return Some(ctx.tr("problem-model-refused"));
    }
    let problem = ctx.draft.first_problem()?;
    Some(problem.text().localise(ctx.language))
}
