//! Everything the page can be asked to do.

use std::path::PathBuf;

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
