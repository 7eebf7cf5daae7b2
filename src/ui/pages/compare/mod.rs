//! Two to nine pictures against each other: slider, side by side, blink, difference, settings, and step by step.

mod actions;
mod command;
mod panel;

pub(in crate::ui) use actions::{carry_out, tick};
pub use command::CompareCommand;
pub(in crate::ui) use panel::ComparePanel;

/// What the page knows.
#[derive(Debug, Default)]
pub struct ComparePage {}
