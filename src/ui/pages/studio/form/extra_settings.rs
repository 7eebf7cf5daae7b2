//! The settings of a restored picture that the form has no fields for, such as adapters: a list, so that none is used
//! unseen, with a button that drops them.

use egui::{Frame, Label, Margin, RichText, Ui};

use crate::ui::panel::{Panel, PanelContext, Slot};

/// Lists the extra settings; not there when there are none.
pub(in crate::ui) struct ExtraSettingsPanel;

impl Panel for ExtraSettingsPanel {
    fn id(&self) -> &'static str {
        "extra_settings"
    }

    fn slot(&self) -> Slot {
        Slot::Form
    }

    fn ui(&mut self, ui: &mut Ui, ctx: &mut PanelContext<'_>) {
        let extra = ctx.draft.extra_settings();
        if extra.is_empty() {
            return;
        }
        Frame::group(ui.style()).inner_margin(Margin::same(8)).show(ui, |ui| {
            ui.set_width(ui.available_width());
            ui.horizontal(|ui| {
                ui.label(RichText::new(ctx.tr("extra-title")).strong());
                ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
                    let drop = ui.button(ctx.tr("extra-drop"));
                    if drop.on_hover_text(ctx.tr("extra-drop.tip")).clicked() {
                        ctx.draft.drop_extra_settings();
                    }
                });
            });
            for text in extra {
                ui.add(Label::new(RichText::new(text.localise(ctx.language)).weak()).truncate());
            }
        });
    }
}
