//! What the settings of a picture name elsewhere: asked about before any of it is opened.

use egui::{Frame, Label, Margin, RichText, Ui};

use crate::job::FileRole;
use crate::ui::commands::NamedFileCommand;
use crate::ui::pages::studio::panel::{Slot, StudioContext, StudioPanel};

/// Lists what is named and not opened; not there when there is nothing.
pub(in crate::ui) struct NamedFilesPanel;

impl StudioPanel for NamedFilesPanel {
    fn id(&self) -> &'static str {
        "named_files"
    }

    fn slot(&self) -> Slot {
        Slot::Form
    }

    fn ui(&mut self, ui: &mut Ui, ctx: &mut StudioContext<'_, '_>) {
        for file in ctx.state.strangers_in(&ctx.draft.request) {
            Frame::group(ui.style()).inner_margin(Margin::same(8)).show(ui, |ui| {
                ui.set_width(ui.available_width());
                let path = file.path.display().to_string();
                let text = ctx.language.tr_with(key(file.role), &[("path", &path)]);
                ui.add(Label::new(RichText::new(text)).wrap());
                ui.horizontal_wrapped(|ui| {
                    if !matches!(file.role, FileRole::Picture | FileRole::Mask) {
                        ctx.button(ui, NamedFileCommand::Find(file.path.clone()));
                    }
                    ctx.button(ui, NamedFileCommand::Choose(file.path.clone()));
                    if file.path.is_absolute() {
                        ctx.button(ui, NamedFileCommand::Open(file.path));
                    }
                });
            });
        }
    }
}

fn key(role: FileRole) -> &'static str {
    match role {
        FileRole::Model => "named-model",
        FileRole::Vae => "named-vae",
        FileRole::Lora => "named-lora",
        FileRole::Embedding => "named-embedding",
        FileRole::Adapter => "named-adapter",
        FileRole::Upscaler => "named-upscaler",
        FileRole::Picture => "named-picture",
        FileRole::Mask => "named-mask",
    }
}
