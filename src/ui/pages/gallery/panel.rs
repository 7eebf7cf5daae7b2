//! The page as it is seen.

use egui::Ui;

use crate::ui::pages::Page;
use crate::ui::panels::{Panel, PanelContext, Slot};

/// All of the page.
#[derive(Default)]
pub(in crate::ui) struct GalleryPanel {}

impl Panel for GalleryPanel {
    fn id(&self) -> &'static str {
        "gallery"
    }

    fn slot(&self) -> Slot {
        Slot::Page(Page::Gallery)
    }

    fn ui(&mut self, ui: &mut Ui, ctx: &mut PanelContext<'_>) {
        ui.heading(ctx.tr(Page::Gallery.key()));
    }
}
