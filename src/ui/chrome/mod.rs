//! What stands around every page: the line above it, and what lies over it.

pub(in crate::ui) mod actions;
mod budget_dialog;
mod notices;
mod palette;
mod top;

use egui::Ui;

use super::panel::PanelContext;

/// All of it.
#[derive(Default)]
pub(super) struct Chrome {
    palette: palette::PalettePanel,
    notices: notices::NoticesPanel,
}

impl Chrome {
    /// The line above everything.
    pub(super) fn top(ui: &mut Ui, ctx: &PanelContext<'_>) {
        ui.push_id("top", |ui| top::show(ui, ctx));
    }

    /// What lies over the page.
    pub(super) fn overlay(&mut self, ui: &mut Ui, ctx: &PanelContext<'_>) {
        ui.push_id("palette", |ui| self.palette.show(ui, ctx));
        ui.push_id("notices", |ui| self.notices.show(ui, ctx));
        ui.push_id("budget_dialog", |ui| budget_dialog::show(ui, ctx));
    }
}
