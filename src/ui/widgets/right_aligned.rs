//! Controls at the right end of a line that Tab reaches from left to right.

use egui::{Align, Layout, Rect, TextWrapMode, Ui, UiBuilder, vec2};

/// Width of a cell for a zoom, in points.
pub(in crate::ui) const PERCENT_WIDTH: f32 = 56.0;
/// A difference of width that is not seen, in points.
const TOLERANCE: f32 = 0.1;

/// Lays controls out from left to right so that the last of them ends where the line ends. egui's own right-to-left layout
/// begins at the right, and with it Tab.
///
/// Their width is that of the last frame; where it has changed the frame is laid out again before it is shown. Their texts
/// are neither wrapped nor cut. What changes often belongs into a [`value_cell`].
pub(in crate::ui) fn right_aligned(ui: &mut Ui, salt: &str, add_contents: impl FnOnce(&mut Ui)) {
    let room = ui.available_rect_before_wrap();
    right_aligned_in(ui, room, salt, add_contents);
}

fn right_aligned_in(ui: &mut Ui, room: Rect, salt: &str, add_contents: impl FnOnce(&mut Ui)) {
    let known = width_before(ui, salt);
    let rect = room.with_min_x((room.right() - known).max(room.left()));
    let layout = Layout::left_to_right(Align::Center);
    let mut child = ui.new_child(UiBuilder::new().id_salt(salt).max_rect(rect).layout(layout));
    child.style_mut().wrap_mode = Some(TextWrapMode::Extend); // or the first frame, without room, would set the width
    add_contents(&mut child);
    let width = child.min_rect().width();
    if (width - known).abs() > TOLERANCE {
        let id = ui.scope_id().with(salt);
        ui.data_mut(|data| data.insert_temp(id, width));
        ui.ctx().request_discard("the width of what ends the line has changed");
    }
    // What does not fit yet must not widen the panel around it, which would stay so.
    ui.advance_cursor_after_rect(child.min_rect().intersect(room));
}

/// A line that is filled by one part as far as the controls at its end, laid out by [`right_aligned`], leave room.
pub(in crate::ui) fn filled_line<R>(
    ui: &mut Ui,
    salt: &str,
    add_filling: impl FnOnce(&mut Ui) -> R,
    add_end: impl FnOnce(&mut Ui),
) -> R {
    let layout = Layout::left_to_right(Align::Center);
    ui.with_layout(layout, |ui| {
        let room = ui.available_rect_before_wrap();
        let taken = width_before(ui, salt) + ui.spacing().item_spacing.x;
        let rect = room.with_max_x((room.right() - taken).max(room.left()));
        let filling = ui.scope_builder(UiBuilder::new().max_rect(rect).layout(layout), add_filling);
        right_aligned_in(ui, room, salt, add_end);
        filling.inner
    })
    .inner
}

/// Room of fixed width at whose right end a value stands, so that a value that changes moves nothing before it.
pub(in crate::ui) fn value_cell<R>(ui: &mut Ui, width: f32, add_value: impl FnOnce(&mut Ui) -> R) -> R {
    let size = vec2(width, ui.spacing().interact_size.y);
    ui.allocate_ui_with_layout(size, Layout::right_to_left(Align::Center), |ui| {
        ui.set_min_width(width);
        add_value(ui)
    })
    .inner
}

fn width_before(ui: &Ui, salt: &str) -> f32 {
    let id = ui.scope_id().with(salt);
    ui.data(|data| data.get_temp::<f32>(id)).unwrap_or_default()
}
