//! Everything the page can be asked to do.

use std::path::PathBuf;

use crate::config::PictureFormat;

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

/// One thing to do.
#[derive(Debug, Clone, PartialEq)]
pub enum SettingsCommand {
    /// Shows a part of the page.
    Show(Section),
    /// Text and controls of this size, 1 is normal.
    SetScale(f32),
    /// Lets nothing move by itself, or lets it.
    ReduceMotion(bool),
    /// Asks for the folder of the gallery.
    ChooseGallery,
    /// Keeps pictures there from the next start on; `None` for the usual place.
    SetGallery(Option<PathBuf>),
    /// Asks for a folder to show in the gallery.
    ChooseWatched,
    /// Shows a folder in the gallery.
    Watch(PathBuf),
    /// Shows a folder no longer.
    Unwatch(PathBuf),
    /// Saves pictures as such files.
    SetFormat(PictureFormat),
    /// Saves those that lose a little in this quality, 1 to 100.
    SetQuality(u8),
    /// Names pictures so.
    SetNameTemplate(String),
    /// Computes there from the next start on; `None` for the best there is.
    SetDevice(Option<String>),
    /// Computes with so many threads from the next start on; `None` for one for each core.
    SetThreads(Option<usize>),
    /// Waits for the key of a command, by its id.
    Record(String),
    /// Waits no longer.
    StopRecording,
    /// Has two commands change their keys.
    Swap,
    /// Leaves the key with the command that has it.
    LeaveClash,
    /// Takes the key of a command away.
    Unbind(String),
    /// Gives a command the keys it came with.
    ResetKey(String),
    /// Gives all commands the keys they came with.
    ResetKeys,
    /// Reads the end of the log.
    ReadLog,
    /// The end of the log, or why it cannot be read.
    TakeLog(Result<Vec<String>, String>),
    /// Shows the log's folder.
    OpenLogFolder,
}
