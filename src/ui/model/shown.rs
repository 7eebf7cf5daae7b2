//! What of the window is in sight.

use std::path::PathBuf;

/// What the canvas shows.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum View {
    /// Whatever is newest in the run.
    #[default]
    Live,
    /// One step of the timeline, by its place among those that are there.
    Step(usize),
    /// A saved picture.
    Picture(PathBuf),
}

/// What stands above the page and has the keyboard.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Overlay {
    /// Nothing.
    #[default]
    Nothing,
    /// The list of all commands.
    Commands,
}

impl Overlay {
    /// The list of all commands if it is not there, else nothing.
    #[must_use]
    pub fn with_commands_toggled(self) -> Self {
        match self {
            Self::Nothing => Self::Commands,
            Self::Commands => Self::Nothing,
        }
    }
}

/// Which sides of the page are in sight; the others are thin rails.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(default)]
pub struct Sides {
    /// The form at the left.
    pub is_form_shown: bool,
    /// The inspector at the right.
    pub is_inspector_shown: bool,
}

impl Default for Sides {
    fn default() -> Self {
        Self {
            is_form_shown: true,
            is_inspector_shown: true,
        }
    }
}
