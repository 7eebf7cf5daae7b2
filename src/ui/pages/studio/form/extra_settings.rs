//! What a restored picture's settings ask for beyond the form: pictures to start from, controls, adapters. Seen, so that
//! nothing works in secret, and dropped with one click.

use egui::{Frame, Label, Margin, RichText, Ui};

use crate::ui::panel::{Panel, PanelContext, Slot};

/// Lists what is carried along; not there when nothing is.
pub(in crate::ui) struct ExtraSettingsPanel;

impl Panel for ExtraSettingsPanel {
    fn id(&self) -> &'static str {
        "carried"
    }

    fn slot(&self) -> Slot {
        Slot::Form
    }

    fn ui(&mut self, ui: &mut Ui, ctx: &mut PanelContext<'_>) {
        let carried = ctx.draft.carried();
        if carried.is_empty() {
            return;
        }
        Frame::group(ui.style()).inner_margin(Margin::same(8)).show(ui, |ui| {
            ui.set_width(ui.available_width());
            ui.horizontal(|ui| {
                ui.label(RichText::new(ctx.tr("carried-title")).strong());
                ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
                    let drop = ui.button(ctx.tr("carried-drop"));
                    if drop.on_hover_text(ctx.tr("carried-drop.tip")).clicked() {
                        ctx.draft.drop_carried();
                    }
                });
            });
            for text in carried {
                ui.add(Label::new(RichText::new(text.localise(ctx.language)).weak()).truncate());
            }
        });
    }
}
