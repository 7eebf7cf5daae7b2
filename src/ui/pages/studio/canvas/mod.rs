//! The picture in the middle of the page, live, step by step, or finished.

pub mod beside;
mod shown_views;
pub mod view_pair;

pub(in crate::ui) mod panel;

mod export_menu;
pub(super) mod failure;
mod step_view;
mod tokens;
mod views;
