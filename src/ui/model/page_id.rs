//! The pages of the window by name.

use egui::{Key, KeyboardShortcut, Modifiers};

/// What fills the window below its first line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PageId {
    /// Where pictures are made.
    #[default]
    Studio,
    /// Where they are kept, found and rated.
    Gallery,
    /// Two to nine of them against each other.
    Compare,
    /// Models, adapters and embeddings.
    Models,
    /// What is being made and what waits.
    Queue,
    /// What the user chose.
    Settings,
}

impl PageId {
    /// Every page, in the order of the tabs.
    pub const ALL: [Self; 6] = [
        Self::Studio,
        Self::Gallery,
        Self::Compare,
        Self::Models,
        Self::Queue,
        Self::Settings,
    ];

    /// Key of its name among the texts; its attribute `.tip` says what it is for.
    pub fn key(self) -> &'static str {
        match self {
            Self::Studio => "page-studio",
            Self::Gallery => "page-gallery",
            Self::Compare => "page-compare",
            Self::Models => "page-models",
            Self::Queue => "page-queue",
            Self::Settings => "page-settings",
        }
    }

    /// The key that shows it.
    pub fn shortcut(self) -> &'static [KeyboardShortcut] {
        const fn with_command(key: Key) -> KeyboardShortcut {
            KeyboardShortcut::new(Modifiers::COMMAND, key)
        }
        const STUDIO: &[KeyboardShortcut] = &[with_command(Key::Num1)];
        const GALLERY: &[KeyboardShortcut] = &[with_command(Key::Num2)];
        const COMPARE: &[KeyboardShortcut] = &[with_command(Key::Num3)];
        const MODELS: &[KeyboardShortcut] = &[with_command(Key::Num4)];
        const QUEUE: &[KeyboardShortcut] = &[with_command(Key::Num5)];
        const SETTINGS: &[KeyboardShortcut] = &[with_command(Key::Comma)];
        match self {
            Self::Studio => STUDIO,
            Self::Gallery => GALLERY,
            Self::Compare => COMPARE,
            Self::Models => MODELS,
            Self::Queue => QUEUE,
            Self::Settings => SETTINGS,
        }
    }
}
