//! What the user chose.

mod about;
mod actions;
mod command;
mod computing;
mod general;
mod keys;
mod log;
mod panel;
mod pictures;
mod rows;

use egui::KeyboardShortcut;

pub(in crate::ui) use actions::{carry_out, set_save_options, tick};
pub use command::SettingsCommand;
pub(in crate::ui) use computing::PROCESSOR;
pub(in crate::ui) use panel::SettingsPanel;

/// A part of the page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Section {
    /// Language, theme, size, motion.
    #[default]
    General,
    /// Where pictures are kept, in which files, under which names.
    Pictures,
    /// Device, precision, threads, what is kept of runs.
    Computing,
    /// Which key does what.
    Keys,
    /// What the program wrote down.
    Log,
    /// Version and licences.
    About,
}

impl Section {
    /// Every part, in order.
    pub const ALL: [Self; 6] = [
        Self::General,
        Self::Pictures,
        Self::Computing,
        Self::Keys,
        Self::Log,
        Self::About,
    ];

    /// Key of its name among the texts.
    pub fn key(self) -> &'static str {
        match self {
            Self::General => "settings-general",
            Self::Pictures => "settings-pictures",
            Self::Computing => "settings-computing",
            Self::Keys => "settings-keys",
            Self::Log => "settings-log",
            Self::About => "settings-about",
        }
    }
}

/// A key that was chosen and is that of other commands already.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Clash {
    /// The command it was chosen for.
    pub id: String,
    /// The key.
    pub key: KeyboardShortcut,
    /// The commands that have it.
    pub others: Vec<String>,
    /// Whether the two can change their keys: there is one other, and nothing else is in the way.
    pub can_swap: bool,
}

/// What the page knows.
#[derive(Debug, Default)]
pub struct SettingsPage {
    /// What is shown.
    pub section: Section,
    /// The command that the next key is chosen for.
    pub recording: Option<String>,
    /// A key that was not taken.
    pub clash: Option<Clash>,
    /// The last lines of the log, or why they cannot be read; `None` until they have been.
    pub log: Option<Result<Vec<String>, String>>,
}
