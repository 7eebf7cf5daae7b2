//! How far a picture is painted on beyond its edges: a frame on the canvas whose sides are drawn outwards.

use egui::{CursorIcon, Rect, Role, Sense, Stroke, StrokeKind, Ui, Vec2, WidgetInfo, vec2};

use crate::job::Outpaint;
use crate::ui::commands::{ImageInputCommand, UiCommand};
use crate::ui::pages::studio::panel::StudioContext;
use crate::ui::widgets::viewport::Viewport;

/// Length and width of a handle, in points.
const HANDLE: (f32, f32) = (36.0, 10.0);
/// Furthest that a side is drawn, in pixels of the result.
const MAX_PX: f32 = 2048.0;

/// Draws the frame with a handle on each side, and sends how far one is drawn.
///
/// * `size_px`: of the picture, in its own pixels.
pub(super) fn frame(ui: &Ui, ctx: &StudioContext<'_, '_>, place: &Viewport, size_px: Vec2) {
    let by = ctx.draft.request.outpaint;
    let multiple = ctx.draft.defaults.size_multiple_px;
    // Counted in pixels of the result, to whose size the picture is scaled.
    let result_px = vec2(ctx.draft.request.width_px as f32, ctx.draft.request.height_px as f32).max(Vec2::splat(1.0));
    let scale = size_px / result_px;
    let low = -vec2(by.left_px as f32, by.top_px as f32) * scale;
    let high = size_px + vec2(by.right_px as f32, by.bottom_px as f32) * scale;
    let rect = Rect::from_two_pos(place.to_point(low), place.to_point(high));
    let painter = ui.painter_at(place.rect);
    if by.is_any() {
        let corners = [
            rect.left_top(),
            rect.right_top(),
            rect.right_bottom(),
            rect.left_bottom(),
            rect.left_top(),
        ];
        let stroke = Stroke::new(1.5, *ctx.palette.accent);
        painter.extend(egui::Shape::dashed_line(&corners, stroke, 6.0, 4.0));
    }
    let (long, thin) = HANDLE;
    let (tall, wide) = (vec2(thin, long), vec2(long, thin));
    let sides = [
        ("bring-left", rect.left_center(), tall),
        ("bring-top", rect.center_top(), wide),
        ("bring-right", rect.right_center(), tall),
        ("bring-bottom", rect.center_bottom(), wide),
    ];
    for (index, (key, middle, size)) in sides.into_iter().enumerate() {
        let handle = Rect::from_center_size(middle, size);
        if !place.rect.intersects(handle) {
            continue;
        }
        let response = ui.interact(handle.intersect(place.rect), ui.scope_id().with(key), Sense::drag());
        let name = ctx.language.tr_with("bring-handle", &[("side", &ctx.tr(key))]);
        response.widget_info(|| WidgetInfo::labeled(Role::Slider, true, &name));
        let is_lit = response.hovered() || response.dragged();
        let fill = if is_lit {
            *ctx.palette.accent
        } else {
            *ctx.palette.panel
        };
        painter.rect_filled(handle, 3.0, fill);
        let stroke = Stroke::new(1.0, *ctx.palette.accent);
        painter.rect_stroke(handle, 3.0, stroke, StrokeKind::Inside);
        if let Some(pointer) = response.interact_pointer_pos().filter(|_| response.dragged()) {
            let at = place.to_picture(pointer);
            let beyond = [-at.x, -at.y, at.x - size_px.x, at.y - size_px.y];
            let along = if index % 2 == 0 { scale.x } else { scale.y };
            let wanted = drawn_to(by, index, beyond[index] / along, multiple);
            if wanted != by {
                ctx.commands
                    .send(UiCommand::ImageInput(ImageInputCommand::SetOutpaint(wanted)));
            }
        }
        let cursor = if index % 2 == 0 {
            CursorIcon::ResizeHorizontal
        } else {
            CursorIcon::ResizeVertical
        };
        response.on_hover_text(name).on_hover_cursor(cursor);
    }
}

/// The same with one side drawn so far, in pixels of the result on the grid that sizes keep to; sides go around from the
/// left.
fn drawn_to(by: Outpaint, side: usize, px: f32, multiple: u32) -> Outpaint {
    let multiple = multiple as f32;
    let px = ((px.clamp(0.0, MAX_PX) / multiple).round() * multiple) as u32;
    let mut by = by;
    match side {
        0 => by.left_px = px,
        1 => by.top_px = px,
        2 => by.right_px = px,
        _ => by.bottom_px = px,
    }
    by
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_side_should_keep_to_the_grid_and_never_cut_into_the_picture() {
        let none = Outpaint::default();
        assert_eq!(drawn_to(none, 0, 37.0, 8).left_px, 40);
        assert_eq!(drawn_to(none, 3, -50.0, 8), none);
        assert_eq!(drawn_to(none, 2, 1e9, 8).right_px, 2048);
    }
}
