//! What to draw, and what to stay away from: in words, or as a class.

use egui::{ComboBox, DragValue, TextEdit, Ui, vec2};

use crate::ui::pages::studio::panel::{Slot, StudioContext, StudioPanel};
use crate::ui::theme::ROW_HEIGHT;
use crate::ui::widgets::form_row::RowStyle;

/// Where the user says what to draw.
pub(in crate::ui) struct PromptPanel;

impl StudioPanel for PromptPanel {
    fn id(&self) -> &'static str {
        "prompt"
    }

    fn slot(&self) -> Slot {
        Slot::Form
    }

    fn ui(&mut self, ui: &mut Ui, ctx: &mut StudioContext<'_, '_>) {
        let look = ctx.look();
        if let Some(classes) = ctx.draft.defaults.takes.classes {
            let names = ctx
                .state
                .model(&ctx.draft.request.model)
                .map_or(&[][..], |info| &info.class_names);
            let class = ctx.draft.request.class_label.get_or_insert(0);
            class_row(ui, look, classes, names, class);
        }
        if !ctx.draft.defaults.takes.prompt {
            return;
        }
        text_field(ui, look, "form-prompt", 4, &mut ctx.draft.request.prompt);
        ui.add_space(4.0);
        text_field(ui, look, "form-negative", 2, &mut ctx.draft.request.negative_prompt);
        ui.add_space(8.0);
    }
}

/// What is to be seen, by name where the model names its classes, else by number.
fn class_row(ui: &mut Ui, look: RowStyle, classes: u32, names: &[String], class: &mut u32) {
    let last = classes.saturating_sub(1);
    // The class that stands for none has no name.
    let label = |class: u32| match names.get(class as usize).map(String::as_str) {
        Some("") => look.language.tr("form-any-class"),
        Some(name) => name.to_owned(),
        None => class.to_string(),
    };
    look.row(ui, "form-class", None, |ui, text| {
        let response = if names.is_empty() {
            ui.add_sized(
                vec2(ui.available_width(), ROW_HEIGHT),
                DragValue::new(class).range(0..=last),
            )
        } else {
            let combo = ComboBox::from_id_salt("class")
                .selected_text(label(*class))
                .width(ui.available_width())
                .truncate();
            let shown = combo.show_ui(ui, |ui| {
                for known in 0..=last.min(names.len() as u32 - 1) {
                    ui.selectable_value(class, known, label(known));
                }
            });
            shown.response
        };
        response.accessible_name(&text.name).on_hover_text(&text.tip);
    });
    ui.add_space(8.0);
}

/// A label and below it a field that shows `rows` lines and scrolls beyond them.
fn text_field(ui: &mut Ui, look: RowStyle, key: &str, rows: usize, value: &mut String) {
    let text = look.text(key);
    let label = ui.label(egui::RichText::new(&text.name).color(*look.palette.text_weak));
    let line = ui.text_style_height(&egui::TextStyle::Body);
    let height = line * rows as f32 + 10.0;
    let (rect, _) = ui.allocate_exact_size(egui::vec2(ui.available_width(), height), egui::Sense::hover());
    ui.painter().rect_filled(rect, 4.0, *look.palette.field);
    let mut child = ui.new_child(egui::UiBuilder::new().max_rect(rect).id_salt(key));
    let field = egui::ScrollArea::vertical()
        .auto_shrink(false)
        .show(&mut child, |ui| {
            let edit = TextEdit::multiline(value)
                .frame(egui::Frame::NONE.inner_margin(egui::Margin::symmetric(8, 5)))
                .desired_width(f32::INFINITY)
                .desired_rows(rows);
            ui.add(edit)
        })
        .inner;
    if field.has_focus() {
        let ring = egui::Stroke::new(1.0, *look.palette.accent);
        ui.painter().rect_stroke(rect, 4.0, ring, egui::StrokeKind::Inside);
    }
    field.labelled_by(label.id).on_hover_text(text.tip);
}
