//! What the hub does with what is installed.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::model::InstalledModels;
use super::{folders, notes, scan, usage};
use crate::formats::{FileHashes, HashCache, file_hashes};
use crate::hub::HubError;

/// Looks at the disk for the [`Hub`](crate::hub::Hub).
#[derive(Debug, Clone)]
pub(in crate::hub) struct ModelLibrary {
    pub(in crate::hub) models_dir: PathBuf,
    pub(in crate::hub) usage_file: PathBuf,
    pub(in crate::hub) hash_cache: PathBuf,
    /// Where other programs are looked for.
    pub(in crate::hub) look_in: Vec<PathBuf>,
}

impl ModelLibrary {
    /// Everything in the models folder and in `folders`.
    pub(in crate::hub) fn scan(&self, folders: &[PathBuf]) -> InstalledModels {
        let mut models = scan::scan(&self.models_dir, folders);
        let (used, known) = (usage::read(&self.usage_file), HashCache::read(&self.hash_cache));
        for item in &mut models.items {
            let item = Arc::make_mut(item);
            item.last_used_unix_secs = used.get(&usage::key(&item.path)).copied();
            item.hashes = known.get(&item.path);
        }
        models.offered = folders::offered(&self.look_in, folders);
        models
    }

    /// The hashes of a file, from the cache if it knows them.
    pub(in crate::hub) fn hashes(&self, path: &Path) -> Result<FileHashes, HubError> {
        Ok(file_hashes(path, &self.hash_cache)?)
    }

    /// Takes note that these are used now.
    pub(in crate::hub) fn used(&self, paths: &[PathBuf]) -> Result<(), HubError> {
        usage::note(&self.usage_file, paths)
    }

    /// Puts an item of the models folder into the system's trash, with what lies beside it and belongs to it.
    pub(in crate::hub) fn remove(&self, path: &Path) -> Result<(), HubError> {
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
