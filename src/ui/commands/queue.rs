//! Everything the page can be asked to do.

use egui::{Key, KeyboardShortcut, Modifiers};

use crate::ui::model::jobs::QueueId;

/// One thing to do. Those without a name of a job are about the selected one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum QueueCommand {
    /// Lets no job begin, or lets them begin again.
    TogglePause,
    /// Takes away all that waits.
    Clear,
    /// Empties the list of jobs that have ended.
    ClearDone,
    /// Selects the job above.
    SelectPrevious,
    /// Selects the job below.
    SelectNext,
    /// Moves the selected job one place forward.
    MoveUp,
    /// Moves the selected job one place back.
    MoveDown,
    /// Makes the selected job the next.
    MoveFirst,
    /// Makes the selected job the last.
    MoveLast,
    /// Takes away or stops the selected job.
    CancelSelected,
    /// Puts the selected job in once more.
    DuplicateSelected,
    /// Selects a job.
    Select(QueueId),
    /// Moves a job to a place among those that wait, from 0.
    MoveTo(QueueId, usize),
    /// Takes a job away, or stops it.
    Cancel(QueueId),
    /// Puts a job in once more, with other seeds.
    Duplicate(QueueId),
    /// Puts a job that has ended in again.
    Retry(QueueId),
    /// Shows the picture of a job that has ended.
    Show(QueueId),
}

impl QueueCommand {
    /// Those that have a key, which is heard while the page is shown.
    pub const WITH_SHORTCUT: &[Self] = &[
        Self::TogglePause,
        Self::SelectPrevious,
        Self::SelectNext,
        Self::MoveUp,
        Self::MoveDown,
        Self::MoveFirst,
        Self::MoveLast,
        Self::CancelSelected,
        Self::DuplicateSelected,
        Self::Clear,
        Self::ClearDone,
    ];

    /// Key of its name among the texts; its attribute `.tip` says what it does.
    pub fn key(&self) -> Option<&'static str> {
        Some(match self {
            Self::TogglePause => "queue-pause",
            Self::Clear => "queue-clear",
            Self::ClearDone => "queue-clear-done",
            Self::SelectPrevious => "queue-select-previous",
            Self::SelectNext => "queue-select-next",
            Self::MoveUp => "queue-move-up",
            Self::MoveDown => "queue-move-down",
            Self::MoveFirst => "queue-move-first",
            Self::MoveLast => "queue-move-last",
            Self::CancelSelected => "queue-cancel",
            Self::DuplicateSelected => "queue-duplicate",
            _ => return None,
        })
    }

    /// Its keys; the first is the one that is told.
    pub fn shortcuts(&self) -> &'static [KeyboardShortcut] {
        const fn plain(key: Key) -> KeyboardShortcut {
            KeyboardShortcut::new(Modifiers::NONE, key)
        }
        const fn alt(key: Key) -> KeyboardShortcut {
            KeyboardShortcut::new(Modifiers::ALT, key)
        }
        const PAUSE: &[KeyboardShortcut] = &[plain(Key::P)];
        const PREVIOUS: &[KeyboardShortcut] = &[plain(Key::ArrowUp)];
        const NEXT: &[KeyboardShortcut] = &[plain(Key::ArrowDown)];
        const UP: &[KeyboardShortcut] = &[alt(Key::ArrowUp)];
        const DOWN: &[KeyboardShortcut] = &[alt(Key::ArrowDown)];
        const FIRST: &[KeyboardShortcut] = &[alt(Key::Home)];
        const LAST: &[KeyboardShortcut] = &[alt(Key::End)];
        const CANCEL: &[KeyboardShortcut] = &[plain(Key::Delete)];
        const DUPLICATE: &[KeyboardShortcut] = &[KeyboardShortcut::new(Modifiers::COMMAND, Key::D)];
        match self {
            Self::TogglePause => PAUSE,
            Self::SelectPrevious => PREVIOUS,
            Self::SelectNext => NEXT,
            Self::MoveUp => UP,
            Self::MoveDown => DOWN,
            Self::MoveFirst => FIRST,
            Self::MoveLast => LAST,
            Self::CancelSelected => CANCEL,
            Self::DuplicateSelected => DUPLICATE,
            _ => &[],
        }
    }
}
