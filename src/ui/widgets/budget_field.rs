//! The field for the room that kept runs may take on disk.

use egui::{DragValue, Response, Ui, Vec2, Widget as _};

/// Most room that can be given, in MiB: 1 TiB.
const MAX_MIB: u64 = 1 << 20;

/// Lays the field out. While a number is typed or dragged nothing is reported; the result is the new budget in MiB once
/// Enter is pressed, the field is left, or the pointer is released.
///
/// * `now_mib`: the budget that holds.
/// * `min_size`: in points.
pub(in crate::ui) fn budget_field(ui: &mut Ui, now_mib: u64, min_size: Vec2) -> (Response, Option<u64>) {
    let id = ui.scope_id().with("budget_mib");
    let pending = ui.data(|data| data.get_temp::<u64>(id));
    let mut mib = pending.unwrap_or(now_mib);
    let field = DragValue::new(&mut mib)
        .range(0..=MAX_MIB)
        .clamp_existing_to_range(false)
        .speed(16.0)
        .suffix(" MiB")
        .update_while_editing(false)
        .min_size(min_size)
        .ui(ui);
    if field.dragged() || field.has_focus() {
        ui.data_mut(|data| data.insert_temp(id, mib));
        return (field, None);
    }
    if pending.is_some() {
        ui.data_mut(|data| data.remove_temp::<u64>(id));
    }
    (field, (mib != now_mib).then_some(mib))
}
