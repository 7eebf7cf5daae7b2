//! What is on disk: models, adapters and embeddings in the models folder and in those of other programs.
//!
//! What a file is and for which models is told by the names and shapes in its header, the folder it is in, or its
//! ending, in this order: enough for a list, while the engine's `describe` has the last word on whether it can be used.
//! No tensor is read, and no folder but the models folder is written to.

mod cover;
mod folders;
mod hashes;
mod header;
mod kind;
mod notes;
mod scan;
mod usage;

use std::path::{Path, PathBuf};

pub use hashes::Hashes;
pub use kind::ModelKind;

pub(super) use cover::thumbnail;
pub(super) use scan::kind_of;

use super::HubError;
use cover::Cover;

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

/// Something that is installed.
#[derive(Debug, Clone, PartialEq)]
pub struct InstalledModel {
    /// File, or folder in the diffusers layout.
    pub path: PathBuf,
    /// Name for people: that of the file without its ending.
    pub name: String,
    /// What it is.
    pub kind: ModelKind,
    /// For which models, e.g. `SDXL`, if its header tells.
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
    pub hashes: Option<Hashes>,
    /// When a job used it last, in seconds since 1970-01-01 UTC.
    pub last_used_unix_secs: Option<i64>,
    cover: Cover,
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
    pub items: Vec<std::sync::Arc<InstalledModel>>,
    /// Folders of other programs that were found and are not shown yet.
    pub offered: Vec<(PathBuf, FolderOwner)>,
    /// Folders that should be shown and are not there.
    pub missing: Vec<PathBuf>,
}

/// Looks at the disk for the [`super::Hub`].
#[derive(Debug, Clone)]
pub(super) struct ModelLibrary {
    pub(super) models_dir: PathBuf,
    pub(super) usage_file: PathBuf,
    pub(super) hash_cache: PathBuf,
    /// Where other programs are looked for.
    pub(super) look_in: Vec<PathBuf>,
}

impl ModelLibrary {
    /// Everything in the models folder and in `folders`.
    pub(super) fn scan(&self, folders: &[PathBuf]) -> InstalledModels {
        let mut shelf = scan::scan(&self.models_dir, folders);
        let (used, known) = (usage::read(&self.usage_file), hashes::Cache::read(&self.hash_cache));
        for item in &mut shelf.items {
            let item = std::sync::Arc::make_mut(item);
            item.last_used_unix_secs = used.get(&usage::key(&item.path)).copied();
            item.hashes = known.get(&item.path);
        }
        shelf.offered = folders::offered(&self.look_in, folders);
        shelf
    }

    /// The hashes of a file, from the cache if it knows them.
    pub(super) fn hashes(&self, path: &Path) -> Result<Hashes, HubError> {
        hashes::hashes(path, &self.hash_cache)
    }

    /// Takes note that these are used now.
    pub(super) fn used(&self, paths: &[PathBuf]) -> Result<(), HubError> {
        usage::note(&self.usage_file, paths)
    }

    /// Puts an item of the models folder into the system's trash, with what lies beside it and belongs to it.
    pub(super) fn remove(&self, path: &Path) -> Result<(), HubError> {
        let real = |path: &Path| path.canonicalize().map_err(HubError::io(path));
        let (root, found) = (real(&self.models_dir)?, real(path)?);
        let is_link = path.is_symlink();
        if is_link || !found.starts_with(&root) || found == root {
            return Err(HubError::NotOurs { path: path.to_owned() });
        }
        let mut all = vec![path.to_owned()];
        if path.is_file() {
            all.extend(notes::companions(path).into_iter().filter(|path| path.is_file()));
        }
        trash::delete_all(&all).map_err(|source| HubError::Trash {
            path: path.to_owned(),
            source,
        })
    }
}
