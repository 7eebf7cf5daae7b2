//! The gallery: pictures by day, found by words, rated and sorted into collections.

mod actions;
mod command;
mod panel;

pub(in crate::ui) use actions::{carry_out, tick};
pub use command::GalleryCommand;
pub(in crate::ui) use panel::GalleryPanel;

/// What the page knows.
#[derive(Debug, Default)]
pub struct GalleryPage {}
