//! Which model draws.

use egui::{ComboBox, RichText, Ui};

use crate::job::ModelRef;
use crate::ui::commands::UiCommand;
use crate::ui::pages::studio::panel::{Slot, StudioContext, StudioPanel};
use crate::ui::theme::{GRID, ROW_HEIGHT};
use crate::ui::widgets::icon::Icon;
use crate::ui::widgets::icon_button::icon_button;

/// Chooses the model.
pub(in crate::ui) struct ModelPanel;

impl StudioPanel for ModelPanel {
    fn id(&self) -> &'static str {
        "model"
    }

    fn slot(&self) -> Slot {
        Slot::Form
    }

    fn ui(&mut self, ui: &mut Ui, ctx: &mut StudioContext<'_, '_>) {
        ui.separator();
        ui.add_space(4.0);
        let chosen = ctx.draft.request.model.clone();
        ctx.look().row(ui, "form-model", None, |ui, text| {
            let combo = ComboBox::from_id_salt("model")
                .selected_text(ctx.model_name(&chosen))
                .width(ui.available_width() - ROW_HEIGHT - GRID)
                .truncate()
                .show_ui(ui, |ui| {
                    let mut models = ModelRef::BUILT_IN.to_vec();
                    for model in ctx
                        .state
                        .models
                        .iter()
                        .map(|info| info.model.clone())
                        .chain(ctx.state.installed.models())
                    {
                        if !models.contains(&model) {
                            models.push(model);
                        }
                    }
                    for model in models {
                        let name = ctx.model_name(&model);
                        if ui.selectable_label(model == chosen, name).clicked() {
                            ctx.commands.send(UiCommand::UseModel(model));
                        }
                    }
                });
            combo.response.accessible_name(&text.name).on_hover_text(&text.tip);
            let open = UiCommand::ChooseModelFolder;
            let tip = open.tooltip(ctx.language, ui.ctx());
            if icon_button(ui, Icon::Folder, &open.name(ctx.language), &tip, false).clicked() {
                ctx.commands.send(open);
            }
        });
        about(ui, ctx);
        ui.add_space(4.0);
    }
}

/// The line below: what is known of the model, or why it cannot be used. Always there, so that nothing moves.
fn about(ui: &mut Ui, ctx: &StudioContext<'_, '_>) {
    let model = &ctx.draft.request.model;
    let (text, colour) = if let Some(error) = ctx.state.refusal(model) {
        (ctx.language.job_error(error), ctx.palette.error)
    } else if let Some(info) = ctx.state.model(model) {
        let defaults = &info.defaults;
        let size = format!("{} × {}", defaults.width_px, defaults.height_px);
        let values = [
            ("family", info.family),
            ("size", &size),
            ("prediction", &info.prediction),
        ];
        (ctx.language.tr_with("model-about", &values), ctx.palette.text_weak)
    } else {
        (ctx.tr("model-reading"), ctx.palette.text_weak)
    };
    let text = RichText::new(text).small().color(*colour);
    ui.add(egui::Label::new(text).truncate());
}
