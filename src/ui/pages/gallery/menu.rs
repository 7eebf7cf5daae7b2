//! What can be done with the chosen pictures, as a menu.

use egui::{Button, Ui};

use super::GalleryContext;
use crate::gallery::PictureEntry;
use crate::ui::commands::{GalleryCommand, UiCommand};
use crate::ui::widgets::regenerate_menu::regenerate_items;

/// The verbs, group by group; a line stands between two groups.
const GROUPS: &[&[GalleryCommand]] = &[
    &[GalleryCommand::Open, GalleryCommand::Preview, GalleryCommand::Compare],
    &[
        GalleryCommand::CopyImage,
        GalleryCommand::CopyPrompt,
        GalleryCommand::CopySettings,
        GalleryCommand::Reveal,
    ],
    &[GalleryCommand::Favourite, GalleryCommand::EditTags],
    &[GalleryCommand::Trash],
];

/// Lays out the menu of a picture.
pub(super) fn show(ui: &mut Ui, ctx: &GalleryContext<'_, '_>, entry: &PictureEntry) {
    ui.set_min_width(220.0);
    for (index, group) in GROUPS.iter().enumerate() {
        if index > 0 {
            ui.separator();
        }
        for command in *group {
            verb(ui, ctx, command, is_possible(ctx, entry, command));
        }
        if group.contains(&GalleryCommand::Compare) {
            ui.menu_button(ctx.tr("again-menu"), |ui| {
                regenerate_items(ui, ctx, &entry.path, entry.source.is_some());
            })
            .response
            .on_hover_text(ctx.tr("again-menu.tip"));
        }
        if group.contains(&GalleryCommand::Favourite) {
            ui.menu_button(ctx.tr("gallery-rate"), |ui| {
                for rating in (0..=5).rev() {
                    verb(ui, ctx, &GalleryCommand::Rate(rating), true);
                }
            })
            .response
            .on_hover_text(ctx.tr("gallery-rate.tip"));
        }
    }
}

fn is_possible(ctx: &GalleryContext<'_, '_>, entry: &PictureEntry, command: &GalleryCommand) -> bool {
    match command {
        GalleryCommand::CopyPrompt => !entry.prompt.is_empty(),
        GalleryCommand::CopySettings => entry.source.is_some(),
        GalleryCommand::Compare => (2..=9).contains(&ctx.page.selection.len()),
        _ => true,
    }
}

/// One line of a menu, with its key at the right.
pub(super) fn verb(ui: &mut Ui, ctx: &GalleryContext<'_, '_>, command: &GalleryCommand, is_possible: bool) {
    let named = UiCommand::Gallery(command.clone());
    let mut button = Button::new(named.name(ctx.language));
    let keys = named.keys_text(ui.ctx());
    if !keys.is_empty() {
        button = button.shortcut_text(keys);
    }
    let response = ui.add_enabled(is_possible, button);
    if response.on_hover_text(named.tooltip(ctx.language, ui.ctx())).clicked() {
        ctx.commands.send(command.clone());
        ui.close();
    }
}
