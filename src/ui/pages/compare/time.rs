//! All runs in time: one playhead for all of them, and where they part.

use egui::{Align, Layout, Rect, RichText, Ui, pos2, vec2};

use super::{CompareContext, CompareState, Compared};
use crate::job::Parting;
use crate::ui::commands::CompareCommand;
use crate::ui::widgets::icon::Icon;
use crate::ui::widgets::playhead::playhead;

/// Width of the words beside the playhead.
const WORDS_WIDTH: f32 = 150.0;

/// Lays the playhead out.
pub(super) fn show(ui: &mut Ui, ctx: &CompareContext<'_, '_>) {
    let page = ctx.page;
    let num_steps = page.num_steps();
    ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
        if num_steps == 0 {
            let is_read = page.pictures.iter().all(Compared::is_read);
            let words = if is_read {
                ctx.tr("compare-no-runs")
            } else {
                ctx.tr("compare-reading")
            };
            ui.label(RichText::new(words).weak());
            return;
        }
        let icon = if page.is_playing { Icon::Pause } else { Icon::Play };
        ctx.icon_button(ui, icon, CompareCommand::PlayOrPause, false);
        ctx.icon_button(ui, Icon::StepBack, CompareCommand::PreviousStep, false);
        ctx.icon_button(ui, Icon::StepOn, CompareCommand::NextStep, false);
        let words = match page.playhead {
            Some(place) => {
                let (step, total) = ((place + 1).to_string(), num_steps.to_string());
                ctx.language
                    .tr_with("compare-step", &[("step", &step), ("total", &total)])
            }
            None => ctx.tr("compare-finished"),
        };
        let cell = vec2(WORDS_WIDTH, 24.0);
        ui.allocate_ui_with_layout(cell, Layout::left_to_right(Align::Center), |ui| {
            ui.set_min_width(WORDS_WIDTH);
            ui.add(egui::Label::new(words).truncate());
        });
        rail(ui, ctx, page, num_steps);
    });
}

fn rail(ui: &mut Ui, ctx: &CompareContext<'_, '_>, page: &CompareState, num_steps: usize) {
    let width = ui.available_width() - 8.0;
    let (slider, moved) = playhead(ui, ctx.palette, page.playhead, num_steps, width);
    let radius = slider.rect.height() / 2.5; // as egui draws it
    let range = slider.rect.x_range().shrink(radius);
    for other in 0..page.pictures.len() {
        if let Some(Parting::From(step)) = page.parting(other) {
            let x = egui::lerp(range.min..=range.max, step as f32 / num_steps as f32);
            let mark = Rect::from_center_size(pos2(x, slider.rect.bottom() + 4.0), vec2(2.0, 7.0));
            ui.painter().rect_filled(mark, 1.0, *ctx.palette.warning);
        }
    }
    let slider = slider.on_hover_text(ctx.tr("compare-playhead.tip"));
    slider.accessible_name(ctx.tr("compare-playhead"));
    if let Some(step) = moved {
        ctx.commands.send(CompareCommand::ShowStep(step));
    }
}
