//! Many pictures at once, along one or two axes.

pub mod draft;

pub(in crate::ui) mod form;
pub(in crate::ui) mod grid;
pub(in crate::ui) mod memo;
