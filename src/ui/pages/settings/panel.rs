//! The page as it is seen.

use egui::{Frame, Margin, Panel as SidePanel, ScrollArea, Ui, vec2};

use super::SettingsPage;
use super::about;
use super::computing;
use super::general;
use super::log;
use super::pictures;
use crate::ui::commands::{Section, SettingsCommand, UiCommand};
use crate::ui::panel::PanelContext;
use crate::ui::theme::ROW_HEIGHT;

/// Width of the list of parts.
const LIST_WIDTH: f32 = 190.0;
/// Longest lines of a part.
const PART_WIDTH: f32 = 760.0;

impl SettingsPage {
    /// Lays the page out.
    pub(super) fn show(&mut self, ui: &mut Ui, ctx: &PanelContext<'_>) {
        let shown = self.section;
        SidePanel::left("settings_parts")
            .exact_size(LIST_WIDTH)
            .resizable(false)
            .frame(
                Frame::new()
                    .fill(*ctx.palette.panel)
                    .inner_margin(Margin::symmetric(12, 14)),
            )
            .show(ui, |ui| {
                for section in Section::ALL {
                    let button = egui::Button::selectable(section == shown, ctx.tr(section.key()));
                    let size = vec2(ui.available_width(), ROW_HEIGHT + 4.0);
                    let button = button.min_size(size).right_text("");
                    if ui.add(button).clicked() {
                        let show = SettingsCommand::Show(section);
                        ctx.commands.send(UiCommand::Settings(show));
                    }
                }
            });
        let frame = Frame::new().fill(*ctx.palette.panel);
        egui::CentralPanel::default().frame(frame).show(ui, |ui| {
            ScrollArea::vertical()
                .id_salt(shown.key())
                .auto_shrink(false)
                .show(ui, |ui| {
                    Frame::new().inner_margin(Margin::symmetric(28, 20)).show(ui, |ui| {
                        ui.set_max_width(PART_WIDTH.min(ui.available_width()));
                        match shown {
                            Section::General => general::show(ui, ctx),
                            Section::Pictures => pictures::show(ui, ctx, &mut self.template),
                            Section::Computing => computing::show(ui, ctx),
                            Section::Keys => self.show_keys(ui, ctx),
                            Section::Log => log::show(ui, ctx, self.log.as_ref()),
                            Section::About => about::show(ui, ctx),
                        }
                    });
                });
        });
    }
}
