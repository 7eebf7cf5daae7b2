//! Headings that explain themselves: a tooltip of one sentence, and "?" with more of them and the formula.

use egui::{Align, Button, Label, Layout, Popup, PopupCloseBehavior, RichText, Ui, vec2};

use super::form_row::RowStyle;
use super::right_aligned::filled_line;
use super::section;
use crate::ui::theme;

/// Width of what "?" opens.
const WIDTH: f32 = 300.0;
/// Side of the "?".
const SIDE: f32 = 18.0;

impl RowStyle {
    /// A part of the page that can be folded away, with a space below.
    pub(crate) fn section(self, ui: &mut Ui, key: &str, add_contents: impl FnOnce(&mut Ui)) {
        let text = self.text(key);
        let heading = RichText::new(text.name).family(theme::strong_family());
        section::show(ui, key, heading, true, add_contents)
            .header_response
            .on_hover_text(text.tip);
        ui.add_space(4.0);
        ui.separator();
    }

    /// A line with the name called `key`, a value at its right, and a "?" that opens `key.more` and `key.formula`.
    pub(crate) fn explained(self, ui: &mut Ui, key: &str, value: String) {
        explained_line(ui, |ui| {
            // A value changes with each step, so it is not laid out by the width it had before.
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                self.question(ui, key);
                ui.label(value);
                ui.with_layout(Layout::left_to_right(Align::Center), |ui| self.name(ui, key));
            });
        });
    }

    /// The same with controls in place of a value.
    pub(crate) fn explained_choice(self, ui: &mut Ui, key: &str, add_controls: impl FnOnce(&mut Ui)) {
        explained_line(ui, |ui| {
            filled_line(
                ui,
                key,
                |ui| self.name(ui, key),
                |ui| {
                    add_controls(ui);
                    self.question(ui, key);
                },
            );
        });
    }

    fn name(self, ui: &mut Ui, key: &str) {
        let text = self.text(key);
        let name = RichText::new(&text.name).color(*self.palette.text_weak);
        ui.add(Label::new(name).truncate()).on_hover_text(&text.tip);
    }

    fn question(self, ui: &mut Ui, key: &str) {
        let name = &self.text(key).name;
        let sign = Button::new(RichText::new("?").small().color(*self.palette.text_weak));
        let tip = self.language.tr_with("explain-what", &[("name", name)]);
        let button = ui.add_sized([SIDE, SIDE], sign).on_hover_text(&tip);
        let button = button.accessible_name(&tip);
        Popup::menu(&button)
            .close_behavior(PopupCloseBehavior::CloseOnClickOutside)
            .accessible_name(&tip)
            .show(|ui| {
                ui.set_width(WIDTH);
                ui.label(RichText::new(name).family(theme::strong_family()));
                ui.add(Label::new(self.language.tr(&format!("{key}.tip"))).wrap());
                ui.add(Label::new(self.language.tr(&format!("{key}.more"))).wrap());
                ui.add_space(4.0);
                let formula = RichText::new(self.language.tr(&format!("{key}.formula"))).size(15.0);
                ui.add(Label::new(formula).wrap());
            });
    }
}

fn explained_line(ui: &mut Ui, add_contents: impl FnOnce(&mut Ui)) {
    ui.horizontal(|ui| {
        ui.spacing_mut().interact_size.y = SIDE;
        ui.set_height(SIDE);
        ui.spacing_mut().item_spacing.x = 6.0;
        ui.spacing_mut().button_padding = vec2(5.0, 0.0);
        add_contents(ui);
    });
}
