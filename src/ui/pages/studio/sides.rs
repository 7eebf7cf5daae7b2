//! Hiding and showing the sides of the page: two buttons in the line above, and the thin rail that stays of a side.

use egui::{Ui, UiBuilder, vec2};

use crate::ui::commands::UiCommand;
use crate::ui::panel::{Panel, PanelContext, Slot};
use crate::ui::widgets::icon::Icon;
use crate::ui::widgets::icon_button::icon_button;

/// The rail in place of the form.
pub(in crate::ui) struct FormRailPanel;

impl Panel for FormRailPanel {
    fn id(&self) -> &'static str {
        "form_rail"
    }

    fn slot(&self) -> Slot {
        Slot::FormRail
    }

    fn ui(&mut self, ui: &mut Ui, ctx: &mut PanelContext<'_>) {
        rail(ui, ctx, Icon::LeftSide, "sides-show-form", UiCommand::ToggleForm);
    }
}

/// The rail in place of the inspector.
pub(in crate::ui) struct InspectorRailPanel;

impl Panel for InspectorRailPanel {
    fn id(&self) -> &'static str {
        "inspector_rail"
    }

    fn slot(&self) -> Slot {
        Slot::InspectorRail
    }

    fn ui(&mut self, ui: &mut Ui, ctx: &mut PanelContext<'_>) {
        rail(
            ui,
            ctx,
            Icon::RightSide,
            "sides-show-inspector",
            UiCommand::ToggleInspector,
        );
    }
}

fn rail(ui: &mut Ui, ctx: &PanelContext<'_>, icon: Icon, key: &str, command: UiCommand) {
    let room = ui.available_rect_before_wrap().shrink2(vec2(1.0, 8.0));
    let mut ui = ui.new_child(UiBuilder::new().max_rect(room));
    let tip = command.tooltip(ctx.language, ui.ctx());
    if icon_button(&mut ui, icon, &ctx.tr(key), &tip, false).clicked() {
        ctx.commands.send(command);
    }
}

/// The two buttons, right to left.
pub(in crate::ui) fn toggles(ui: &mut Ui, ctx: &PanelContext<'_>) {
    let sides = ctx.state.sides;
    ui.spacing_mut().item_spacing.x = 4.0;
    for (icon, is_shown, command) in [
        (Icon::RightSide, sides.is_inspector_shown, UiCommand::ToggleInspector),
        (Icon::LeftSide, sides.is_form_shown, UiCommand::ToggleForm),
    ] {
        let (name, tip) = (command.name(ctx.language), command.tooltip(ctx.language, ui.ctx()));
        if icon_button(ui, icon, &name, &tip, is_shown).clicked() {
            ctx.commands.send(command);
        }
    }
}
