//! What the user chose, all of it in one place.

mod actions;
mod command;
mod panel;

pub(in crate::ui) use actions::{carry_out, tick};
pub use command::SettingsCommand;
pub(in crate::ui) use panel::SettingsPanel;

/// What the page knows.
#[derive(Debug, Default)]
pub struct SettingsPage {}
