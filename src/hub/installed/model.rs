//! What is known of a file or folder of weights without reading its tensors.

use std::path::PathBuf;
use std::sync::Arc;

use super::kind::ModelKind;
use crate::formats::FileHashes;

/// Whose folder something is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum FolderOwner {
    /// This program's models folder.
    Hareru,
    /// `ComfyUI`.
    ComfyUi,
    /// A1111 and Forge.
    A1111,
    /// `InvokeAI`.
    InvokeAi,
    /// A folder or file that the user added.
    User,
}

impl FolderOwner {
    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Hareru => "Hareru",
            Self::ComfyUi => "ComfyUI",
            Self::A1111 => "A1111 / Forge",
            Self::InvokeAi => "InvokeAI",
            Self::User => "",
        }
    }
}

/// Where the picture of an item is.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) enum Cover {
    /// Nowhere.
    #[default]
    None,
    /// A file.
    File(PathBuf),
    /// In the header of the item's own file.
    Embedded,
}

/// Something that is installed.
#[derive(Debug, Clone, PartialEq)]
pub struct InstalledModel {
    /// File, or folder in the diffusers layout.
    pub path: PathBuf,
    /// Name for people: that of the file without its ending.
    pub name: String,
    /// What it is.
    pub kind: ModelKind,
    /// For which models, e.g. `SDXL`, if its header says so.
    pub family: Option<&'static str>,
    /// Bytes on disk.
    pub bytes: u64,
    /// Whose folder it is in; only what is in the program's own can be removed.
    pub owner: FolderOwner,
    /// Words that call what it has learned.
    pub trigger_words: Vec<String>,
    /// The weight that is said to be good, of an adapter.
    pub preferred_weight: Option<f64>,
    /// Why it cannot be read, in one line.
    pub error: Option<String>,
    /// Its hashes, if they are known without reading it.
    pub hashes: Option<FileHashes>,
    /// When a job used it last, in seconds since 1970-01-01 UTC.
    pub last_used_unix_secs: Option<i64>,
    pub(super) cover: Cover,
}

impl InstalledModel {
    /// Whether it brings a picture, which may still turn out to be broken.
    pub fn has_cover(&self) -> bool {
        self.cover != Cover::None
    }

    /// Whether it is in the program's own folder.
    pub fn is_ours(&self) -> bool {
        self.owner == FolderOwner::Hareru
    }
}

/// All that is installed.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct InstalledModels {
    /// In order of kind, then name.
    pub items: Vec<Arc<InstalledModel>>,
    /// Folders of other programs that were found and are not shown yet.
    pub offered: Vec<(PathBuf, FolderOwner)>,
    /// Folders that should be shown and are not there.
    pub missing: Vec<PathBuf>,
}
