//! What is being made and what waits.

mod actions;
mod command;
mod panel;

pub(in crate::ui) use actions::{carry_out, tick};
pub use command::QueueCommand;
pub(in crate::ui) use panel::QueuePanel;

/// What the page knows.
#[derive(Debug, Default)]
pub struct QueuePage {}
