//! The primary button, Stop beside it, and what stands in the way.

use egui::{Button, RichText, Ui, vec2};

use super::{Panel, PanelContext, Slot, sweep_form};
use crate::ui::command::UiCommand;
use crate::ui::state::EngineStatus;
use crate::ui::theme;

/// Height of the buttons.
const BUTTON_HEIGHT: f32 = 34.0;
/// Width of Stop.
const STOP_WIDTH: f32 = 76.0;

/// Starts and stops.
pub(super) struct GeneratePanel;

impl Panel for GeneratePanel {
    fn id(&self) -> &'static str {
        "generate"
    }

    fn slot(&self) -> Slot {
        Slot::FormFoot
    }

    fn ui(&mut self, ui: &mut Ui, ctx: &mut PanelContext<'_>) {
        let (sweep, sweep_problem) = sweep_form::asked_for(ctx);
        let problem = problem(ctx).or(sweep_problem);
        ui.horizontal(|ui| {
            let width = ui.available_width() - STOP_WIDTH - ui.spacing().item_spacing.x;
            let (palette, generate) = (ctx.palette, UiCommand::Generate);
            let words = sweep.unwrap_or_else(|| generate.name(ctx.language));
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

            let stop = UiCommand::Stop;
            let button = Button::new(stop.name(ctx.language)).min_size(vec2(STOP_WIDTH, BUTTON_HEIGHT));
            let response = ui.add_enabled(ctx.state.current_job().is_some(), button);
            let tip = stop.tooltip(ctx.language, ui.ctx());
            if response.on_hover_text(&tip).on_disabled_hover_text(tip).clicked() {
                ctx.commands.send(stop);
            }
        });
        // The line is always there, so that nothing moves when it has something to say.
        let num_waiting = ctx.state.queue.iter().filter(|queued| !queued.has_started).count();
        let line = match problem {
            Some(problem) => RichText::new(problem).color(sweep_form::problem_colour(ctx)),
            None if num_waiting > 0 => RichText::new(ctx.language.tr_count("queue-waiting", num_waiting)).weak(),
            None => RichText::new(" "),
        };
        ui.add(egui::Label::new(line.small()).truncate());
    }
}

/// Why Generate can do nothing, in one sentence.
fn problem(ctx: &PanelContext<'_>) -> Option<String> {
    if ctx.state.engine != EngineStatus::Running {
        return Some(ctx.tr("problem-engine-stopped"));
    }
    if ctx.state.refusal(&ctx.draft.model).is_some() {
        return Some(ctx.tr("problem-model-refused"));
    }
    let problem = ctx.draft.first_problem()?;
    Some(problem.text().say(ctx.language))
}
