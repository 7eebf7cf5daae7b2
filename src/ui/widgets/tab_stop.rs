//! One Tab stop for a group of cells: Tab reaches the current cell, keys move on from there.

use egui::{AsIdSalt, Context, EventFilter, Id, Key, Modifiers, Rect, Response, Sense, Ui};

/// The cells of a group, of which only the current one is reached by Tab.
#[derive(Clone, Copy)]
pub(crate) struct TabStop {
    group: Id,
    current: Id,
}

/// Keys that stay with the cell that has the keyboard.
const ARROWS: EventFilter = EventFilter {
    tab: false,
    horizontal_arrows: true,
    vertical_arrows: true,
    escape: false,
};

impl TabStop {
    /// Cells among which the commands of the page move: while one of them has the keyboard, the page's keys act as if
    /// none had. The keyboard follows the current cell.
    pub(crate) fn following(ctx: &Context, group: Id, current: impl AsIdSalt) -> Self {
        let stop = Self {
            group,
            current: group.with(current),
        };
        let last = ctx.data(|data| data.get_temp::<Id>(group));
        if let Some(last) = last
            && last != stop.current
            && ctx.memory(|memory| memory.has_focus(last))
        {
            ctx.memory_mut(|memory| memory.request_focus(stop.current));
        }
        ctx.data_mut(|data| data.insert_temp(group, stop.current));
        if ctx.memory(|memory| memory.has_focus(stop.current)) {
            ctx.memory_mut(|memory| memory.set_focus_lock_filter(stop.current, ARROWS));
            ctx.data_mut(|data| data.insert_temp(page_keys(), stop.current));
        }
        stop
    }

    /// Cells numbered from 0 among which the arrows, Home and End move the keyboard.
    ///
    /// * `start`: the cell that Tab reaches first.
    pub(crate) fn roving(ctx: &Context, group: Id, count: usize, start: usize) -> Self {
        let cell = |index: usize| group.with(index);
        let kept = ctx
            .data(|data| data.get_temp::<usize>(group))
            .filter(|index| *index < count);
        let index = kept.filter(|index| ctx.memory(|memory| memory.has_focus(cell(*index))));
        let Some(index) = index else {
            ctx.data_mut(|data| data.insert_temp(group, start));
            let current = cell(start);
            return Self { group, current };
        };
        let last = count - 1;
        let keys = [
            (Key::ArrowLeft, index.saturating_sub(1)),
            (Key::ArrowRight, (index + 1).min(last)),
            (Key::Home, 0),
            (Key::End, last),
        ];
        let pressed = keys
            .into_iter()
            .find(|(key, _)| ctx.input_mut(|input| input.consume_key(Modifiers::NONE, *key)));
        let current = pressed.map_or(index, |(_, to)| to);
        ctx.memory_mut(|memory| {
            if current != index {
                memory.request_focus(cell(current));
            }
            memory.set_focus_lock_filter(cell(current), ARROWS);
        });
        ctx.data_mut(|data| data.insert_temp(group, current));
        Self {
            group,
            current: cell(current),
        }
    }

    /// A cell that can be clicked; the current one is brought into sight when it is given the keyboard.
    pub(crate) fn cell(self, ui: &Ui, rect: Rect, key: impl AsIdSalt) -> Response {
        let id = self.group.with(key);
        let is_current = id == self.current;
        let sense = if is_current { Sense::click() } else { Sense::CLICK };
        let response = ui.interact(rect, id, sense);
        if response.gained_focus() {
            response.scroll_to_me(None);
        }
        response
    }
}

/// Whether the control that has the keyboard leaves the keys to the page.
pub(crate) fn leaves_keys_to_page(ctx: &Context) -> bool {
    let focused = ctx.memory(egui::Memory::focused);
    focused.is_some() && focused == ctx.data(|data| data.get_temp::<Id>(page_keys()))
}

fn page_keys() -> Id {
    Id::unique("page keys")
}
