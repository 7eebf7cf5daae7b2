//! All runs in time: one playhead for all of them, and where they part.

use egui::{Align, Layout, Rect, RichText, Slider, Stroke, Ui, pos2, vec2};

use super::{CompareContext, CompareState, Compared};
use crate::job::Parting;
use crate::ui::commands::CompareCommand;
use crate::ui::widgets::icon::Icon;

/// Width of the words beside the playhead.
const WORDS_WIDTH: f32 = 150.0;
/// Height that the playhead's handle is drawn for.
const HANDLE_HEIGHT: f32 = 16.0;

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
        playhead(ui, ctx, page, num_steps);
    });
}

fn playhead(ui: &mut Ui, ctx: &CompareContext<'_, '_>, page: &CompareState, num_steps: usize) {
    ui.spacing_mut().slider_width = ui.available_width() - 8.0;
    ui.spacing_mut().interact_size.y = HANDLE_HEIGHT;
    let visuals = ui.visuals_mut();
    visuals.selection.bg_fill = *ctx.palette.accent;
    visuals.handle_shape = egui::style::HandleShape::Circle;
    for state in [&mut visuals.widgets.inactive, &mut visuals.widgets.hovered] {
        state.bg_fill = *ctx.palette.active;
        state.fg_stroke = Stroke::new(1.5, *ctx.palette.text_weak);
    }
    let mut place = page.playhead.unwrap_or(num_steps);
    let slider = ui.add(Slider::new(&mut place, 0..=num_steps).show_value(false));
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
    let slider = slider.accessible_name(ctx.tr("compare-playhead"));
    if slider.changed() {
        ctx.commands.send(CompareCommand::ShowStep(place));
    }
}
