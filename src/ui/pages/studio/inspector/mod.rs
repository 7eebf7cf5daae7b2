//! What is known of the run on the canvas, at the right.

pub(in crate::ui) mod kept;
pub(in crate::ui) mod plots;
pub(in crate::ui) mod run_settings;
pub(in crate::ui) mod run_tree;
pub(in crate::ui) mod shown;
