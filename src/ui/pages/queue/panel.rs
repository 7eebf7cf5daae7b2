//! The page as it is seen.

use egui::Ui;

use crate::ui::pages::Page;
use crate::ui::panels::{Panel, PanelContext, Slot};

/// All of the page.
#[derive(Default)]
pub(in crate::ui) struct QueuePanel {}

impl Panel for QueuePanel {
    fn id(&self) -> &'static str {
        "queue"
    }

    fn slot(&self) -> Slot {
        Slot::Page(Page::Queue)
    }

    fn ui(&mut self, ui: &mut Ui, ctx: &mut PanelContext<'_>) {
        ui.heading(ctx.tr(Page::Queue.key()));
    }
}
