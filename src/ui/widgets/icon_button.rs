//! Small square buttons with an icon.

use egui::{Response, Role, Sense, Stroke, StrokeKind, Ui, Vec2, WidgetInfo};

use super::icon::{Icon, paint_icon};
use crate::ui::theme::ROW_HEIGHT;

/// Size of an icon on its button, in points.
const ICON_SIZE: f32 = 16.0;

/// A square button with an icon; `name` is for those who do not see it.
pub(crate) fn icon_button(ui: &mut Ui, icon: Icon, name: &str, tip: &str, is_on: bool) -> Response {
    let side = ROW_HEIGHT;
    let (rect, response) = ui.allocate_exact_size(Vec2::splat(side), Sense::click());
    response.widget_info(|| WidgetInfo::selected(Role::Button, ui.is_enabled(), is_on, name));
    if ui.is_rect_visible(rect) {
        let visuals = ui.style().interact(&response);
        let is_quiet = icon == Icon::Close && !response.hovered();
        if !is_quiet {
            ui.painter()
                .rect_filled(rect, visuals.corner_radius, visuals.weak_bg_fill);
        }
        if response.has_focus() {
            let ring = Stroke::new(1.0, ui.visuals().selection.stroke.color);
            ui.painter()
                .rect_stroke(rect, visuals.corner_radius, ring, StrokeKind::Inside);
        }
        let colour = if is_on {
            ui.visuals().selection.stroke.color
        } else {
            visuals.fg_stroke.color
        };
        paint_icon(ui.painter(), icon, rect.center(), ICON_SIZE, colour);
    }
    response.on_hover_text(tip)
}
