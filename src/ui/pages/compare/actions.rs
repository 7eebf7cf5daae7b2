//! What each command of the page does.

use super::CompareCommand;
use crate::ui::app::Studio;
use crate::ui::pages::Page;

/// Does what the page was asked for. Returns at once.
pub(in crate::ui) fn carry_out(studio: &mut Studio, _ctx: &egui::Context, command: CompareCommand) {
    match command {
        CompareCommand::Show(_) => studio.state.page = Page::Compare,
    }
}

/// Takes in what other threads have to tell; called before every frame, whichever page is shown.
pub(in crate::ui) fn tick(_studio: &mut Studio, _ctx: &egui::Context) {}
