//! What can be made of a picture, as a menu.

use std::path::Path;

use egui::{Button, Ui};

use crate::ui::commands::{ImageInputCommand, PageId, UiCommand};
use crate::ui::model::regenerate::{Regenerate, RegenerateCommand};
use crate::ui::panel::PanelContext;

/// Lays out the verbs.
///
/// * `has_record`: whether it is known how the picture was made; without it only its pixels can be used.
pub(in crate::ui) fn regenerate_items(ui: &mut Ui, ctx: &PanelContext<'_>, path: &Path, has_record: bool) {
    ui.set_min_width(220.0);
    for again in Regenerate::ALL {
        let command = RegenerateCommand::Picture(path.to_owned(), again);
        verb(ui, ctx, UiCommand::Regenerate(command), has_record);
    }
    ui.separator();
    verb(
        ui,
        ctx,
        UiCommand::Regenerate(RegenerateCommand::Enlarge(path.to_owned())),
        true,
    );
    let offer = UiCommand::ImageInput(ImageInputCommand::ShowDropMenu(path.to_owned()));
    let words = ctx.tr("again-bring");
    let response = ui.add(Button::new(words)).on_hover_text(ctx.tr("again-bring.tip"));
    if response.clicked() {
        ctx.commands.send(UiCommand::ShowPage(PageId::Studio));
        ctx.commands.send(offer);
        ui.close();
    }
}

/// The same behind a button.
pub(in crate::ui) fn regenerate_menu(ui: &mut Ui, ctx: &PanelContext<'_>, path: &Path, has_record: bool) {
    let menu = ui.menu_button(ctx.tr("again-menu"), |ui| regenerate_items(ui, ctx, path, has_record));
    menu.response.on_hover_text(ctx.tr("again-menu.tip"));
}

fn verb(ui: &mut Ui, ctx: &PanelContext<'_>, command: UiCommand, is_possible: bool) {
    let button = ui.add_enabled(is_possible, Button::new(command.name(ctx.language)));
    let tip = command.tooltip(ctx.language, ui.ctx());
    if button.on_hover_text(&tip).on_disabled_hover_text(tip).clicked() {
        ctx.commands.send(command);
        ui.close();
    }
}
