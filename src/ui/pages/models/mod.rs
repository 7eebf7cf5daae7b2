//! Models, adapters and embeddings: what is there, what can be fetched.

mod actions;
mod command;
mod panel;

pub(in crate::ui) use actions::{carry_out, tick};
pub use command::ModelsCommand;
pub(in crate::ui) use panel::ModelsPanel;

/// What the page knows.
#[derive(Debug, Default)]
pub struct ModelsPage {}
