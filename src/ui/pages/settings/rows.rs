//! How a setting is laid out: what it is and does at the left, its control at the right.

use egui::{Align, ComboBox, Label, Layout, RichText, Ui, vec2};

use crate::ui::panel::PanelContext;
use crate::ui::theme::{self, ROW_HEIGHT};

/// Width of what a setting says of itself.
const TEXT_WIDTH: f32 = 330.0;
/// Space between the two.
const GAP: f32 = 28.0;
/// Width of lists to choose from.
const LIST_WIDTH: f32 = 200.0;

/// A setting called `key`, which `key.tip` explains below its name.
pub(super) fn row<R>(ui: &mut Ui, ctx: &PanelContext<'_>, key: &str, add_control: impl FnOnce(&mut Ui) -> R) -> R {
    let text = ctx.look().text(key);
    let result = ui
        .horizontal_top(|ui| {
            ui.spacing_mut().item_spacing.x = 0.0;
            ui.allocate_ui_with_layout(vec2(TEXT_WIDTH, ROW_HEIGHT), Layout::top_down(Align::LEFT), |ui| {
                ui.set_width(TEXT_WIDTH);
                ui.add_space(4.0);
                ui.label(&text.name);
                let tip = RichText::new(&text.tip).small().color(*ctx.palette.text_weak);
                ui.add(Label::new(tip).wrap());
            });
            ui.add_space(GAP);
            ui.spacing_mut().item_spacing.x = 8.0;
            ui.vertical(|ui| ui.name_inputs(text.name.clone(), add_control)).inner
        })
        .inner;
    ui.add_space(14.0);
    result
}

/// The name of a group of settings.
pub(super) fn title(ui: &mut Ui, ctx: &PanelContext<'_>, key: &str) {
    ui.label(RichText::new(ctx.tr(key)).family(theme::strong_family()).size(17.0));
    ui.add_space(14.0);
}

/// A list to choose from; the result is what was chosen, if it is another.
pub(super) fn choice<T: Copy + PartialEq>(
    ui: &mut Ui,
    ctx: &PanelContext<'_>,
    key: &str,
    (now, all): (T, &[T]),
    name: impl Fn(T) -> String,
) -> Option<T> {
    let text = ctx.look().text(key);
    let mut chosen = now;
    let list = ComboBox::from_id_salt(key)
        .selected_text(name(now))
        .width(LIST_WIDTH)
        .show_ui(ui, |ui| {
            for one in all {
                ui.selectable_value(&mut chosen, *one, name(*one));
            }
        })
        .response;
    list.accessible_name(&text.name).on_hover_text(&text.tip);
    (chosen != now).then_some(chosen)
}

/// A box to tick; the result is its state, if it was clicked.
pub(super) fn switch(ui: &mut Ui, ctx: &PanelContext<'_>, key: &str, now: bool) -> Option<bool> {
    let text = ctx.look().text(key);
    row(ui, ctx, key, |ui| {
        let mut is_on = now;
        let response = ui.checkbox(&mut is_on, ctx.tr(if now { "settings-on" } else { "settings-off" }));
        response.accessible_name(&text.name).on_hover_text(&text.tip);
        (is_on != now).then_some(is_on)
    })
}

/// A line of small print below a control.
pub(super) fn note(ui: &mut Ui, ctx: &PanelContext<'_>, words: String) {
    ui.add(Label::new(RichText::new(words).small().color(*ctx.palette.text_weak)).wrap());
}
