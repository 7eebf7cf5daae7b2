//! The picture in the middle of the page, live, step by step, or finished.

pub mod beside;
pub mod ways;

pub(in crate::ui) mod again_menu;
pub(in crate::ui) mod panel;

mod export_menu;
mod step_view;
mod tokens;
mod views;
