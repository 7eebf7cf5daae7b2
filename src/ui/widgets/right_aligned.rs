//! Controls at the right end of a line that Tab reaches from left to right.

use egui::{Align, Layout, Ui, UiBuilder};

/// A difference of width that is not seen, in points.
const TOLERANCE: f32 = 0.1;

/// Lays controls out from left to right so that the last of them ends where the line ends. egui's own right-to-left layout
/// begins at the right, and with it Tab.
///
/// Their width is that of the last frame; where it has changed the frame is laid out again before it is shown.
pub(in crate::ui) fn right_aligned(ui: &mut Ui, salt: &str, add_contents: impl FnOnce(&mut Ui)) {
    let id = ui.scope_id().with(salt);
    let known = ui.data(|data| data.get_temp::<f32>(id)).unwrap_or_default();
    let room = ui.available_rect_before_wrap();
    let rect = room.with_min_x((room.right() - known).max(room.left()));
    let layout = Layout::left_to_right(Align::Center);
    let mut child = ui.new_child(UiBuilder::new().id_salt(salt).max_rect(rect).layout(layout));
    add_contents(&mut child);
    let width = child.min_rect().width();
    if (width - known).abs() > TOLERANCE {
        ui.data_mut(|data| data.insert_temp(id, width));
        ui.ctx().request_discard("the width of what ends the line has changed");
    }
    ui.advance_cursor_after_rect(child.min_rect());
}
