//! What the program wrote down.

use egui::{Frame, Label, RichText, ScrollArea, Ui};

use super::rows::{note, title};
use crate::ui::commands::{SettingsCommand, UiCommand};
use crate::ui::panel::PanelContext;

/// Height of the lines.
const HEIGHT: f32 = 420.0;

/// Lays the part out.
///
/// * `log`: the last lines of the log, or why they cannot be read; `None` until they have been.
pub(super) fn show(ui: &mut Ui, ctx: &PanelContext<'_>, log: Option<&Result<Vec<String>, String>>) {
    title(ui, ctx, "settings-log");
    let again = ui
        .horizontal(|ui| {
            let again = ui.button(ctx.tr("settings-log-again"));
            let again = again.on_hover_text(ctx.tr("settings-log-again.tip")).clicked();
            ctx.button(ui, SettingsCommand::OpenLogFolder);
            again
        })
        .inner;
    if again || log.is_none() {
        ctx.commands.send(UiCommand::Settings(SettingsCommand::ReadLog));
    }
    ui.add_space(10.0);
    Frame::new()
        .fill(*ctx.palette.field)
        .corner_radius(4)
        .inner_margin(10)
        .show(ui, |ui| {
            ui.set_min_height(HEIGHT);
            ui.set_width(ui.available_width());
            match log {
                None => {}
                Some(Err(reason)) => note(ui, ctx, reason.clone()),
                Some(Ok(lines)) if lines.is_empty() => note(ui, ctx, ctx.tr("settings-log-empty")),
                Some(Ok(lines)) => {
                    ScrollArea::both()
                        .max_height(HEIGHT)
                        .auto_shrink(false)
                        .stick_to_bottom(true)
                        .show(ui, |ui| {
                            for line in lines {
                                let line = RichText::new(line).monospace().size(11.5);
                                ui.add(Label::new(line).extend());
                            }
                        });
                }
            }
        });
}
