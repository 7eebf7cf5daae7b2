//! The page as it is seen.

use egui::Ui;

use crate::ui::pages::Page;
use crate::ui::panels::{Panel, PanelContext, Slot};

/// All of the page.
#[derive(Default)]
pub(in crate::ui) struct ModelsPanel {}

impl Panel for ModelsPanel {
    fn id(&self) -> &'static str {
        "models"
    }

    fn slot(&self) -> Slot {
        Slot::Page(Page::Models)
    }

    fn ui(&mut self, ui: &mut Ui, ctx: &mut PanelContext<'_>) {
        ui.heading(ctx.tr(Page::Models.key()));
    }
}
