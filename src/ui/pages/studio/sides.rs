//! The thin rail that stays of a side that is hidden.

use egui::{Ui, UiBuilder, vec2};

use crate::ui::commands::UiCommand;
use crate::ui::pages::studio::panel::{Slot, StudioContext, StudioPanel};
use crate::ui::widgets::icon::Icon;
use crate::ui::widgets::icon_button::icon_button;

/// The rail in place of the form.
pub(in crate::ui) struct FormRailPanel;

impl StudioPanel for FormRailPanel {
    fn id(&self) -> &'static str {
        "form_rail"
    }

    fn slot(&self) -> Slot {
        Slot::FormRail
    }

    fn ui(&mut self, ui: &mut Ui, ctx: &mut StudioContext<'_, '_>) {
        rail(ui, ctx, Icon::LeftSide, "sides-show-form", UiCommand::ToggleForm);
    }
}

/// The rail in place of the inspector.
pub(in crate::ui) struct InspectorRailPanel;

impl StudioPanel for InspectorRailPanel {
    fn id(&self) -> &'static str {
        "inspector_rail"
    }

    fn slot(&self) -> Slot {
        Slot::InspectorRail
    }

    fn ui(&mut self, ui: &mut Ui, ctx: &mut StudioContext<'_, '_>) {
        rail(
            ui,
            ctx,
            Icon::RightSide,
            "sides-show-inspector",
            UiCommand::ToggleInspector,
        );
    }
}

fn rail(ui: &mut Ui, ctx: &StudioContext<'_, '_>, icon: Icon, key: &str, command: UiCommand) {
    let room = ui.available_rect_before_wrap().shrink2(vec2(1.0, 8.0));
    let mut ui = ui.new_child(UiBuilder::new().max_rect(room));
    let tip = command.tooltip(ctx.language, ui.ctx());
    if icon_button(&mut ui, icon, &ctx.tr(key), &tip, false).clicked() {
        ctx.commands.send(command);
    }
}
