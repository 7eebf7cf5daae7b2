//! The page as it is seen.

use egui::Ui;

use crate::ui::pages::Page;
use crate::ui::panels::{Panel, PanelContext, Slot};

/// All of the page.
#[derive(Default)]
pub(in crate::ui) struct ComparePanel {}

impl Panel for ComparePanel {
    fn id(&self) -> &'static str {
        "compare"
    }

    fn slot(&self) -> Slot {
        Slot::Page(Page::Compare)
    }

    fn ui(&mut self, ui: &mut Ui, ctx: &mut PanelContext<'_>) {
        ui.heading(ctx.tr(Page::Compare.key()));
    }
}
