//! Sections that can be folded away and stay so, also after a restart.

use std::collections::BTreeMap;

use egui::collapsing_header::{CollapsingResponse, CollapsingState};
use egui::{CollapsingHeader, Context, Id, Ui, WidgetText};

type Sections = BTreeMap<String, bool>;

fn place() -> Id {
    Id::unique("sections")
}

/// Which sections are unfolded, by their keys; those that were never touched are left out.
pub(crate) fn all(ctx: &Context) -> Sections {
    ctx.data(|data| data.get_temp(place())).unwrap_or_default()
}

/// Folds sections as they were; to be called before the first frame.
pub(crate) fn set_all(ctx: &Context, sections: Sections) {
    ctx.data_mut(|data| data.insert_temp(place(), sections));
}

/// A heading and, unless it is folded away, what belongs to it.
///
/// * `key`: tells it from other sections; the key of its heading among the texts.
/// * `is_open`: whether it is unfolded until the user folds it.
pub(crate) fn show<R>(
    ui: &mut Ui,
    key: &str,
    heading: impl Into<WidgetText>,
    is_open: bool,
    add_contents: impl FnOnce(&mut Ui) -> R,
) -> CollapsingResponse<R> {
    let was_open = ui.data(|data| Some(*data.get_temp::<Sections>(place())?.get(key)?));
    let response = CollapsingHeader::new(heading)
        .id_salt(key)
        .default_open(was_open.unwrap_or(is_open))
        .show_unindented(ui, add_contents);
    if response.header_response.clicked() {
        let is_open = CollapsingState::load(ui.ctx(), response.header_response.id).is_some_and(|state| state.is_open());
        ui.data_mut(|data| {
            data.get_temp_mut_or_default::<Sections>(place())
                .insert(key.to_owned(), is_open);
        });
    }
    response
}
