//! Everything the page can be asked to do.

use std::path::PathBuf;

use egui::KeyboardShortcut;

/// One thing to do.
#[derive(Debug, Clone, PartialEq)]
pub enum CompareCommand {
    /// Holds these pictures against each other, two to nine.
    Show(Vec<PathBuf>),
}

impl CompareCommand {
    /// Those that have a key, which is heard while the page is shown.
    pub const WITH_SHORTCUT: &[Self] = &[];

    /// Key of its name among the texts; its attribute `.tip` says what it does.
    pub fn key(&self) -> Option<&'static str> {
        match self {
            Self::Show(_) => None,
        }
    }

    /// Its keys; the first is the one that is told.
    pub fn shortcuts(&self) -> &'static [KeyboardShortcut] {
        match self {
            Self::Show(_) => &[],
        }
    }
}
