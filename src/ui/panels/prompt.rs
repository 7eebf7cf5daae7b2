//! What to draw, and what to stay away from.

use egui::{TextEdit, Ui};

use super::{Panel, PanelContext, Slot};
use crate::ui::widgets::form_row::Look;

/// Where the user says what to draw.
pub(super) struct PromptPanel;

impl Panel for PromptPanel {
    fn id(&self) -> &'static str {
        "prompt"
    }

    fn slot(&self) -> Slot {
        Slot::Form
    }

    fn ui(&mut self, ui: &mut Ui, ctx: &mut PanelContext<'_>) {
        let look = ctx.look();
        text_field(ui, look, "form-prompt", 4, &mut ctx.draft.prompt);
        ui.add_space(4.0);
        text_field(ui, look, "form-negative", 2, &mut ctx.draft.negative_prompt);
        ui.add_space(8.0);
    }
}

/// A label and below it a field that shows `rows` lines and scrolls beyond them.
fn text_field(ui: &mut Ui, look: Look, key: &str, rows: usize, value: &mut String) {
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
