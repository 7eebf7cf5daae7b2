//! The form at the left: what the next picture is asked for.

pub mod changes;
pub mod content;
pub mod draft;
pub mod draft_error;
pub mod files;

pub(in crate::ui) mod extra_settings;
pub(in crate::ui) mod generate;
pub(in crate::ui) mod history;
pub(in crate::ui) mod model;
pub(in crate::ui) mod named_files;
pub(in crate::ui) mod prompt;
mod prompt_syntax;
pub(in crate::ui) mod sampling;

mod trigger_words;
