//! The window stays open while something is still being saved, and says so.

use std::time::Duration;

use egui::{Context, ViewportCommand};

use super::model::notifications::{Level, Notices, Text};

/// How often it is looked whether all is saved.
const TICK: Duration = Duration::from_millis(50);

/// Whether the window is to close once all is saved.
#[derive(Debug, Default)]
pub(super) struct Closing {
    is_waiting: bool,
}

impl Closing {
    /// Holds a window that is closed back until all is saved. A second try to close it goes through: what is left is saved
    /// without a window.
    ///
    /// * `num_unsaved`: what is still being saved.
    pub(super) fn tick(&mut self, ctx: &Context, num_unsaved: usize, notices: &mut Notices) {
        let is_asked = ctx.input(|input| input.viewport().close_requested());
        if num_unsaved == 0 {
            if std::mem::take(&mut self.is_waiting) {
                ctx.send_viewport_cmd(ViewportCommand::Close);
            }
            return;
        }
        if is_asked && !self.is_waiting {
            self.is_waiting = true;
            ctx.send_viewport_cmd(ViewportCommand::CancelClose);
            notices.notify(Level::Info, Text::new("notice-still-saving", [("count", num_unsaved)]));
        }
        if self.is_waiting {
            ctx.request_repaint_after(TICK);
        }
    }
}
