//! What will happen to files that hang over the window.

use egui::{Align2, FontId, Id, LayerId, Order, Ui};

use super::{Panel, PanelContext, Slot};
use crate::ui::theme;

/// Says what dropping does, while something hangs over the window.
pub(super) struct DropTargetPanel;

impl Panel for DropTargetPanel {
    fn id(&self) -> &'static str {
        "drop_target"
    }

    fn slot(&self) -> Slot {
        Slot::Overlay
    }

    fn ui(&mut self, ui: &mut Ui, ctx: &mut PanelContext<'_>) {
        if ui.input(|input| input.raw.hovered_files.is_empty()) {
            return;
        }
        let rect = ui.ctx().content_rect();
        let painter = ui
            .ctx()
            .layer_painter(LayerId::new(Order::Foreground, Id::unique("drop_target")));
        painter.rect_filled(rect, 0.0, ctx.palette.canvas.gamma_multiply(0.95));
        let inner = rect.shrink(24.0);
        let stroke = egui::Stroke::new(2.0, *ctx.palette.accent);
        painter.rect_stroke(inner, 8.0, stroke, egui::StrokeKind::Inside);
        painter.text(
            rect.center(),
            Align2::CENTER_CENTER,
            ctx.tr("drop-here"),
            FontId::new(18.0, theme::strong_family()),
            *ctx.palette.text,
        );
    }
}
