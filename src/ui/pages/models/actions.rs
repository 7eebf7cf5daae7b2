//! What each command of the page does.

use super::ModelsCommand;
use crate::ui::app::Studio;

/// Does what the page was asked for. Returns at once.
pub(in crate::ui) fn carry_out(_studio: &mut Studio, _ctx: &egui::Context, command: ModelsCommand) {
    match command {}
}

/// Takes in what other threads have to tell; called before every frame, whichever page is shown.
pub(in crate::ui) fn tick(_studio: &mut Studio, _ctx: &egui::Context) {}
