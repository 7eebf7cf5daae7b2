//! Where models are looked for: the program's own folder, and those of other programs, which are only read.

use std::path::Path;

use egui::{Align, Label, Layout, RichText, Ui};

use crate::ui::commands::{ModelsCommand, UiCommand};
use crate::ui::panel::PanelContext;
use crate::ui::theme;
use crate::ui::widgets::icon::Icon;
use crate::ui::widgets::icon_button::icon_button;

/// The folders that are shown, those that could be, and the buttons for others.
pub(super) fn show(ui: &mut Ui, ctx: &PanelContext<'_>) {
    let heading = RichText::new(ctx.tr("models-folders")).family(theme::strong_family());
    ui.label(heading).on_hover_text(ctx.tr("models-folders.tip"));
    ui.add_space(2.0);
    let shelf = &ctx.state.installed.models;
    for path in &ctx.settings.model_folders {
        row(ui, path, "", |ui| {
            let forget = UiCommand::Models(ModelsCommand::ForgetPath(path.clone()));
            let name = format!("{}: {}", forget.name(ctx.language), path.display());
            let tip = forget.tooltip(ctx.language, ui.ctx());
            if icon_button(ui, Icon::Close, &name, &tip, false).clicked() {
                ctx.commands.send(forget);
            }
        });
        if shelf.missing.contains(path) {
            ui.label(
                RichText::new(ctx.tr("models-folder-missing"))
                    .small()
                    .color(*ctx.palette.warning),
            );
        }
    }
    for (path, owner) in &shelf.offered {
        row(ui, path, owner.name(), |ui| {
            let add = UiCommand::Models(ModelsCommand::AddPath(path.clone()));
            let name = add.name(ctx.language);
            let response = ui
                .button(&name)
                .accessible_name(format!("{name}: {}", path.display()))
                .on_hover_text(add.tooltip(ctx.language, ui.ctx()));
            if response.clicked() {
                ctx.commands.send(add);
            }
        });
    }
    ui.add_space(4.0);
    ui.horizontal_wrapped(|ui| {
        ctx.button(ui, ModelsCommand::ChooseFile);
        ctx.button(ui, ModelsCommand::ChooseFolder);
    });
}

/// A path, cut at its beginning where it is too long, and a control at the right.
fn row(ui: &mut Ui, path: &Path, owner: &str, add_control: impl FnOnce(&mut Ui)) {
    ui.horizontal(|ui| {
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            add_control(ui);
            ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                let name = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy();
                let text = if owner.is_empty() || owner == name {
                    name.into_owned()
                } else {
                    format!("{name} ({owner})")
                };
                ui.add(Label::new(text).truncate())
                    .on_hover_text(path.display().to_string());
            });
        });
    });
}
