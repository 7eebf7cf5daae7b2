//! Everything the page can be asked to do.

use std::path::PathBuf;

use egui::{Key, KeyboardShortcut, Modifiers};

use crate::hub::{DownloadId, ModelKind};

/// One thing to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ModelsCommand {
    /// Shows what there is of a kind.
    ShowKind(ModelKind),
    /// Gives the keyboard to the search field.
    Search,
    /// Looks at the folders again.
    Rescan,
    /// Reads the picture of an item.
    ReadCover(PathBuf),
    /// Computes the hashes of a file.
    ComputeHashes(PathBuf),
    /// Puts an item of the models folder into the system's trash.
    Delete(PathBuf),
    /// Shows the folder of an item in the system's file manager.
    OpenFolder(PathBuf),
    /// Asks for a file to show.
    ChooseFile,
    /// Asks for a folder to show.
    ChooseFolder,
    /// Shows a file, or what is in a folder, from now on.
    AddPath(PathBuf),
    /// Shows it no longer; nothing in it is touched.
    ForgetPath(PathBuf),
    /// Fetches a model.
    Fetch {
        /// See [`crate::hub::RepoRef`].
        what: String,
        /// Whether half-precision files are taken where there are any.
        prefer_fp16: bool,
    },
    /// Stops a download; what came so far is kept.
    Stop(DownloadId),
    /// Goes on with one that has stopped.
    Resume(DownloadId),
    /// Takes one away that has stopped, and what came of it; one that is over goes off the list.
    Discard(DownloadId),
}

impl ModelsCommand {
    /// Those that have a key, which is heard while the page is shown.
    pub const WITH_SHORTCUT: &[Self] = &[Self::Search, Self::Rescan, Self::ChooseFile, Self::ChooseFolder];

    /// Key of its name among the texts; its attribute `.tip` says what it does.
    pub fn key(&self) -> Option<&'static str> {
        Some(match self {
            Self::Search => "models-search",
            Self::Rescan => "models-rescan",
            Self::ChooseFile => "models-add-file",
            Self::ChooseFolder => "models-add-folder",
            Self::ComputeHashes(_) => "models-compute-hashes",
            Self::Delete(_) => "models-delete",
            Self::OpenFolder(_) => "models-open-folder",
            Self::AddPath(_) => "models-add",
            Self::ForgetPath(_) => "models-forget",
            Self::Fetch { .. } => "models-fetch",
            Self::Stop(_) => "models-stop",
            Self::Resume(_) => "models-resume",
            Self::Discard(_) => "models-discard",
            Self::ShowKind(_) | Self::ReadCover(_) => return None,
        })
    }

    /// Its keys; the first is the one that is told.
    pub fn shortcuts(&self) -> &'static [KeyboardShortcut] {
        const SHIFTED: Modifiers = Modifiers::COMMAND.plus(Modifiers::SHIFT);
        const SEARCH: &[KeyboardShortcut] = &[KeyboardShortcut::new(Modifiers::COMMAND, Key::F)];
        const RESCAN: &[KeyboardShortcut] = &[KeyboardShortcut::new(Modifiers::NONE, Key::F5)];
        const FILE: &[KeyboardShortcut] = &[KeyboardShortcut::new(SHIFTED, Key::A)];
        const FOLDER: &[KeyboardShortcut] = &[KeyboardShortcut::new(SHIFTED, Key::F)];
        match self {
            Self::Search => SEARCH,
            Self::Rescan => RESCAN,
            Self::ChooseFile => FILE,
            Self::ChooseFolder => FOLDER,
            _ => &[],
        }
    }
}
