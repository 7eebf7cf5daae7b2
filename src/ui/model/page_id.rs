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
    pub fn shortcut(self) -> KeyboardShortcut {
        let key = match self {
            Self::Studio => Key::Num1,
            Self::Gallery => Key::Num2,
            Self::Compare => Key::Num3,
            Self::Models => Key::Num4,
            Self::Queue => Key::Num5,
            Self::Settings => Key::Comma,
        };
        KeyboardShortcut::new(Modifiers::COMMAND, key)
    }
}
