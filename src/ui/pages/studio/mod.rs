//! The page on which pictures are made: form, canvas, timeline, inspector.

pub mod canvas;
pub mod exporting;
pub mod form;
pub mod image_input;
pub mod mask;
pub mod sweep;

pub(in crate::ui) mod actions;
pub(in crate::ui) mod inspector;
pub(in crate::ui) mod recent;
pub(in crate::ui) mod sides;
pub(in crate::ui) mod timeline;
