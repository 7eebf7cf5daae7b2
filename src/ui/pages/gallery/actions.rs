//! What each command of the page does.

use super::GalleryCommand;
use crate::gallery::Librarian;
use crate::ui::app::Studio;

/// Does what the page was asked for. Returns at once.
pub(in crate::ui) fn carry_out(_studio: &mut Studio, _ctx: &egui::Context, command: GalleryCommand) {
    match command {}
}

/// Takes in what other threads have to tell; called before every frame, whichever page is shown.
pub(in crate::ui) fn tick(studio: &mut Studio, _ctx: &egui::Context) {
    while let Some(event) = studio.library.as_ref().and_then(Librarian::poll) {
        studio.state.compare.take_library(&event);
    }
}
