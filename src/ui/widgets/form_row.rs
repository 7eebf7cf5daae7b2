//! One row of the form: a label, a dot if the value is not the model's default, and the control.

use std::ops::RangeInclusive;

use egui::{
    Align, ComboBox, DragValue, Layout, Rect, Response, Sense, Slider, SliderClamping, Stroke, Ui, Vec2, WidgetInfo,
};
use egui::{Color32, TextStyle, pos2, vec2};

use crate::ui::i18n::Language;
use crate::ui::theme::{GRID, Palette, ROW_HEIGHT};

/// Least width of the labels' column; a longer label makes it wider.
const LABEL_WIDTH: f32 = 122.0;
/// The most of a row that its label takes.
const MAX_LABEL_PART: f32 = 0.6;
/// Room for the dot at its end.
const DOT_WIDTH: f32 = 12.0;
/// Height that the handle of a slider is drawn for.
const HANDLE_HEIGHT: f32 = 16.0;
/// Width of a number that is typed.
const NUMBER_WIDTH: f32 = 56.0;

/// How a row looks and speaks.
#[derive(Clone, Copy)]
pub(crate) struct RowStyle {
    pub(crate) language: Language,
    pub(crate) palette: &'static Palette,
}

/// The words of a row.
pub(crate) struct RowText {
    /// What the control is called.
    pub(crate) name: String,
    /// What moving it does to the picture.
    pub(crate) tip: String,
}

impl RowStyle {
    /// The name called `key` and its tooltip `key.tip`.
    pub(crate) fn text(self, key: &str) -> RowText {
        RowText {
            name: self.language.tr(key),
            tip: self.language.tr(&format!("{key}.tip")),
        }
    }

    /// A row. `default` is told when the value is another one; the result says whether it shall be taken back.
    pub(crate) fn row<R>(
        self,
        ui: &mut Ui,
        key: &str,
        default: Option<String>,
        add_control: impl FnOnce(&mut Ui, &RowText) -> R,
    ) -> (bool, R) {
        let text = self.text(key);
        ui.horizontal(|ui| {
            ui.spacing_mut().item_spacing.x = GRID;
            let width = label_width(ui, &text.name);
            let cell = vec2(width, ROW_HEIGHT);
            let is_reset = ui
                .allocate_ui_with_layout(cell, Layout::left_to_right(Align::Center), |ui| {
                    ui.set_min_size(cell);
                    ui.spacing_mut().item_spacing.x = 0.0;
                    ui.set_max_width(width - DOT_WIDTH);
                    let label = egui::Label::new(egui::RichText::new(&text.name).color(*self.palette.text_weak));
                    let label = ui.add(label.truncate().sense(Sense::click())).on_hover_text(&text.tip);
                    let right = pos2(ui.min_rect().left() + width - DOT_WIDTH, ui.min_rect().center().y);
                    let dot = Rect::from_center_size(right + vec2(DOT_WIDTH / 2.0, 0.0), Vec2::splat(DOT_WIDTH));
                    let is_dot_clicked = default.is_some_and(|default| self.dot(ui, dot, &text.name, &default));
                    is_dot_clicked || label.double_clicked()
                })
                .inner;
            let inner = ui.name_inputs(text.name.clone(), |ui| add_control(ui, &text));
            (is_reset, inner)
        })
        .inner
    }

    fn rail(self, ui: &mut Ui, value: &mut f64, scale: &Scale, width: f32) -> Response {
        ui.spacing_mut().slider_width = width;
        ui.spacing_mut().interact_size.y = HANDLE_HEIGHT;
        let visuals = ui.visuals_mut();
        visuals.selection.bg_fill = *self.palette.accent;
        visuals.handle_shape = egui::style::HandleShape::Circle;
        for (state, handle) in [
            (&mut visuals.widgets.inactive, self.palette.text_weak),
            (&mut visuals.widgets.hovered, self.palette.text),
            (&mut visuals.widgets.active, self.palette.accent),
        ] {
            state.bg_fill = *self.palette.active;
            state.fg_stroke = Stroke::new(1.5, *handle);
        }
        ui.add(
            Slider::new(value, scale.usual.clone())
                .step_by(scale.step)
                .clamping(SliderClamping::Never)
                .show_value(false),
        )
    }

    /// The dot that says a value is not the default; true if it was clicked.
    fn dot(self, ui: &Ui, rect: Rect, name: &str, default: &str) -> bool {
        let response = ui.interact(rect, ui.make_persistent_id(("dot", name)), Sense::click());
        let words = self
            .language
            .tr_with("form-changed", &[("name", name), ("default", default)]);
        response.widget_info(|| WidgetInfo::labeled(egui::Role::Button, true, &words));
        let colour = if response.hovered() {
            *self.palette.accent_hover
        } else {
            *self.palette.accent
        };
        ui.painter().circle_filled(rect.center(), 2.5, colour);
        response.on_hover_text(words).clicked()
    }

    /// A row with a slider over the usual range and a number that takes the whole one.
    pub(crate) fn slider_row(self, ui: &mut Ui, key: &str, value: &mut f64, scale: &Scale) {
        let is_changed = (*value - scale.default).abs() > f64::EPSILON;
        let default = is_changed.then(|| format!("{:.*}", scale.decimals, scale.default));
        let (is_reset, ()) = self.row(ui, key, default, |ui, text| {
            let slider_width = ui.available_width() - NUMBER_WIDTH - GRID;
            let slider = ui.scope(|ui| self.rail(ui, value, scale, slider_width)).inner;
            drag_past_the_end(&slider, value, scale);
            let slider = slider.accessible_name(&text.name).on_hover_text(&text.tip);
            let typed = self.language.tr_with("form-value-of", &[("name", &text.name)]);
            number(ui, value, scale).accessible_name(typed).on_hover_text(&text.tip);
            if slider.double_clicked() {
                *value = scale.default;
            }
        });
        if is_reset {
            *value = scale.default;
        }
    }
}

/// Width of a row's label with its dot, by the text itself.
fn label_width(ui: &Ui, text: &str) -> f32 {
    let font = TextStyle::Body.resolve(ui.style());
    let galley = ui.painter().layout_no_wrap(text.to_owned(), font, Color32::PLACEHOLDER);
    let most = (MAX_LABEL_PART * ui.available_width()).max(LABEL_WIDTH);
    (galley.size().x.ceil() + DOT_WIDTH).clamp(LABEL_WIDTH, most)
}

/// The values of a slider.
pub(crate) struct Scale {
    /// What the slider spans.
    pub(crate) usual: RangeInclusive<f64>,
    /// What can be typed, or reached by dragging past the end.
    pub(crate) whole: RangeInclusive<f64>,
    /// The grid that dragging keeps to.
    pub(crate) step: f64,
    /// Digits shown after the point.
    pub(crate) decimals: usize,
    /// Where a double click takes it.
    pub(crate) default: f64,
}

/// A number of fixed width that can be dragged and typed.
fn number(ui: &mut Ui, value: &mut f64, scale: &Scale) -> Response {
    let widget = DragValue::new(value)
        .range(scale.whole.clone())
        .clamp_existing_to_range(false)
        .speed(scale.step)
        .min_decimals(scale.decimals)
        .max_decimals(scale.decimals.max(3))
        .custom_formatter(|value, _| shortest(value, scale.decimals));
    ui.add_sized(vec2(NUMBER_WIDTH, ROW_HEIGHT), widget)
}

/// At least `decimals` digits after the point, more only if the value needs them.
fn shortest(value: f64, decimals: usize) -> String {
    let fixed = format!("{value:.decimals$}");
    let is_exact = fixed.parse::<f64>().is_ok_and(|parsed| (parsed - value).abs() < 1e-9);
    if is_exact { fixed } else { format!("{value:.3}") }
}

/// The rail ends at the usual range; a pointer that goes on beyond it takes the value along.
fn drag_past_the_end(slider: &Response, value: &mut f64, scale: &Scale) {
    let Some(pointer) = slider.interact_pointer_pos().filter(|_| slider.dragged()) else {
        return;
    };
    let beyond = if pointer.x > slider.rect.right() {
        pointer.x - slider.rect.right()
    } else if pointer.x < slider.rect.left() {
        pointer.x - slider.rect.left()
    } else {
        return;
    };
    let (low, high) = (*scale.usual.start(), *scale.usual.end());
    let end = if beyond > 0.0 { high } else { low };
    let wanted = end + f64::from(beyond / slider.rect.width()) * (high - low);
    let on_grid = (wanted / scale.step).round() * scale.step;
    *value = on_grid.clamp(*scale.whole.start(), *scale.whole.end());
}

/// A choice in a row: a closed list that shows what is selected.
pub(in crate::ui) fn combo(ui: &mut Ui, text: &RowText, salt: &str, selected: &str, add_items: impl FnOnce(&mut Ui)) {
    let combo = ComboBox::from_id_salt(salt)
        .selected_text(selected)
        .width(ui.available_width())
        .truncate()
        .show_ui(ui, add_items);
    combo.response.accessible_name(&text.name).on_hover_text(&text.tip);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_should_show_no_more_digits_than_it_needs() {
        assert_eq!(shortest(7.5, 1), "7.5");
        assert_eq!(shortest(7.0, 1), "7.0");
        assert_eq!(shortest(7.25, 1), "7.250");
    }
}
