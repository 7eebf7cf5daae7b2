//! A model on its way: its plan and its files in a folder of their own, which becomes the model when all are there.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use super::HubError;
use super::choice::{FileChoice, MODEL_INDEX, choose, ending, is_weights};
use super::disk_space;
use super::download_lock::DownloadLock;
use super::http::Client;
use super::installed::{self, ModelKind};
use super::repo::RepoRef;
use super::source::{HubSource, RemoteFile};
use super::transfer::{Stop, Transfer};
use crate::config::{MAX_OWN_FILE_BYTES, PendingFile, read_regular};

/// What names of folders of unfinished downloads begin with; what is installed never does.
const STAGING_PREFIX: &str = ".hareru-fetch-";
/// The plan in such a folder.
const PLAN: &str = "plan.json";
/// The folder of files in it.
const FILES: &str = "files";
/// What files end with that are not whole.
const PART: &str = ".part";
/// Names of files that say nothing.
const NAMELESS: [&str; 4] = [
    "diffusion_pytorch_model",
    "pytorch_model",
    "model",
    "pytorch_lora_weights",
];

/// All that a download needs to be taken up again. It names a commit, so that its files cannot change meanwhile.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub(super) struct DownloadPlan {
    pub(super) what: RepoRef,
    pub(super) commit: String,
    pub(super) is_folder: bool,
    pub(super) files: Vec<RemoteFile>,
}

impl DownloadPlan {
    /// Asks the hub which files there are and chooses.
    pub(super) fn make(
        source: &HubSource,
        client: &Client,
        what: &RepoRef,
        prefer_fp16: bool,
    ) -> Result<Self, HubError> {
        let found = source.files(client, what)?;
        let has_index = what.file.is_none() && found.files.iter().any(|file| file.path == MODEL_INDEX);
        let index = has_index
            .then(|| source.small_file(client, (what, &found.commit), MODEL_INDEX))
            .transpose()?;
        let (is_folder, files) = match choose(what, &found.files, index.as_deref(), prefer_fp16)? {
            FileChoice::File(file) => (false, vec![file]),
            FileChoice::Folder(files) => (true, files),
        };
        Ok(Self {
            what: what.clone(),
            commit: found.commit,
            is_folder,
            files,
        })
    }

    pub(super) fn total_bytes(&self) -> u64 {
        self.files.iter().fold(0, |sum, file| sum.saturating_add(file.bytes))
    }

    /// Files of weights of which the hub gives no checksum.
    pub(super) fn without_checksum(&self) -> Vec<String> {
        let files = self
            .files
            .iter()
            .filter(|file| file.sha256.is_none() && is_weights(&file.path));
        files.map(|file| file.path.clone()).collect()
    }

    /// Name of what it becomes.
    fn name(&self) -> String {
        let file = self.files.first().filter(|_| !self.is_folder);
        let Some(file) = file else {
            return self.what.slug();
        };
        let name = file.path.rsplit('/').next().unwrap_or(&file.path);
        let stem = name.split('.').next().unwrap_or(name);
        if stem.is_empty() || NAMELESS.contains(&stem) {
            format!("{}.{}", self.what.name(), ending(name))
        } else {
            name.to_owned()
        }
    }
}

/// The folder of a download that is not finished.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Staging {
    folder: PathBuf,
}

impl Staging {
    /// That of a repository or a file of it.
    pub(super) fn of(models_dir: &Path, what: &RepoRef) -> Self {
        let folder = models_dir.join(format!("{STAGING_PREFIX}{}", what.slug()));
        Self { folder }
    }

    /// Keeps other programs from working on it.
    ///
    /// # Errors
    /// As [`DownloadLock::take`].
    pub(super) fn lock(&self) -> Result<DownloadLock, HubError> {
        let mut path = self.folder.clone().into_os_string();
        path.push(".lock");
        DownloadLock::take(path.into())
    }

    /// Those that an earlier run of the program left, with their plans, in order of name.
    pub(super) fn left_over(models_dir: &Path) -> Vec<(Self, DownloadPlan)> {
        let mut found: Vec<_> = fs::read_dir(models_dir)
            .into_iter()
            .flatten()
            .filter_map(|entry| {
                let entry = entry.ok()?;
                let is_one = entry.file_name().to_str()?.starts_with(STAGING_PREFIX);
                let staging = Self { folder: entry.path() };
                let plan = is_one.then(|| staging.plan()).flatten()?;
                Some((staging, plan))
            })
            .collect();
        found.sort_by(|a, b| a.0.folder.cmp(&b.0.folder));
        found
    }

    /// The plan, if one was made.
    pub(super) fn plan(&self) -> Option<DownloadPlan> {
        let text = read_regular(&self.folder.join(PLAN), MAX_OWN_FILE_BYTES).ok()?;
        let plan: DownloadPlan = serde_json::from_slice(&text).ok()?;
        let is_safe = plan.files.iter().all(|file| super::repo::is_safe_path(&file.path));
        (is_safe && !plan.files.is_empty()).then_some(plan)
    }

    /// Keeps the plan. Files of an older one stay only if they are among those of the new one, as they are.
    pub(super) fn keep_plan(&self, plan: &DownloadPlan) -> Result<(), HubError> {
        if self.plan().is_none_or(|old| old != *plan) {
            self.discard()?;
        }
        let mut builder = fs::DirBuilder::new();
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700); // what is in it is nobody's business yet
        let made = builder.recursive(true).create(&self.folder);
        made.map_err(HubError::io(&self.folder))?;
        let path = self.folder.join(PLAN);
        let text = serde_json::to_vec_pretty(plan).map_err(|error| HubError::Io {
            path: path.clone(),
            source: error.into(),
        })?;
        PendingFile::replace(&path, &text).map_err(HubError::io(&path))
    }

    /// Bytes that are there.
    pub(super) fn done_bytes(&self, plan: &DownloadPlan) -> u64 {
        plan.files.iter().map(|file| self.done_of(file)).sum()
    }

    fn done_of(&self, file: &RemoteFile) -> u64 {
        let length = |path: PathBuf| fs::metadata(path).map(|metadata| metadata.len()).ok();
        let done = length(self.path(file)).or_else(|| length(self.part(file)));
        done.unwrap_or_default().min(file.bytes)
    }

    fn path(&self, file: &RemoteFile) -> PathBuf {
        self.folder.join(FILES).join(&file.path)
    }

    fn part(&self, file: &RemoteFile) -> PathBuf {
        let mut path = self.path(file).into_os_string();
        path.push(PART);
        path.into()
    }

    /// Takes everything away that came so far.
    pub(super) fn discard(&self) -> Result<(), HubError> {
        match fs::remove_dir_all(&self.folder) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(HubError::io(&self.folder)(error)),
            _ => Ok(()),
        }
    }

    /// Fetches what is missing. `progress` is called with the bytes of all files that are there.
    ///
    /// # Errors
    /// As [`Transfer::run`]; [`HubError::DiskFull`] before anything is fetched if the rest would not fit.
    pub(super) fn fetch(
        &self,
        plan: &DownloadPlan,
        (source, client): (&HubSource, &Client),
        stop: &Stop,
        progress: &mut dyn FnMut(u64),
    ) -> Result<(), HubError> {
        disk_space::check(&self.folder, plan.total_bytes().saturating_sub(self.done_bytes(plan)))?;
        for file in &plan.files {
            stop.check()?;
            let path = self.path(file);
            if path.is_file() {
                continue; // has been checked before it got its name
            }
            let folder = path.parent().unwrap_or(&self.folder);
            fs::create_dir_all(folder).map_err(HubError::io(folder))?;
            let part = self.part(file);
            if !part.exists()
                && let Some(cached) = source.cached(&plan.what, file)
            {
                fs::copy(&cached, &part).map_err(HubError::writing(&part, file.bytes))?; // checked below like anything else
            }
            let url = source.file_url(&plan.what, &plan.commit, &file.path);
            let transfer = Transfer {
                client,
                url: &url,
                token: source.token.as_deref(),
                file,
                stop,
            };
            let others = self.done_bytes(plan).saturating_sub(self.done_of(file));
            transfer.run(&part, &mut |bytes| progress(others + bytes))?;
            fs::rename(&part, &path).map_err(HubError::io(&path))?;
        }
        Ok(())
    }

    /// Makes the model of it, where models of its kind are: one that is there already is never written over.
    ///
    /// # Errors
    /// [`HubError::Exists`], or [`HubError::Io`].
    pub(super) fn publish(&self, plan: &DownloadPlan, models_dir: &Path) -> Result<PathBuf, HubError> {
        let files = self.folder.join(FILES);
        let from = match plan.files.first() {
            Some(file) if !plan.is_folder => self.path(file),
            _ => files,
        };
        let folder = match installed::kind_of(&from) {
            ModelKind::Model => models_dir.to_owned(),
            other => models_dir.join(other.folder_name()),
        };
        fs::create_dir_all(&folder).map_err(HubError::io(&folder))?;
        let to = folder.join(plan.name());
        if to.exists() {
            return Err(HubError::Exists { path: to });
        }
        rename_to_new(&from, &to)?;
        self.discard()?;
        Ok(to)
    }

    /// Where it would be if it were installed already, judged by its name.
    pub(super) fn installed(plan: &DownloadPlan, models_dir: &Path) -> Option<PathBuf> {
        let folders = ModelKind::ALL.map(|kind| models_dir.join(kind.folder_name()));
        let mut places = std::iter::once(models_dir.to_owned()).chain(folders);
        places.find_map(|folder| Some(folder.join(plan.name())).filter(|path| path.exists()))
    }
}

/// Gives a file or folder another name, unless that is taken meanwhile.
fn rename_to_new(from: &Path, to: &Path) -> Result<(), HubError> {
    // A file would be replaced by a plain renaming. Some file systems know no second name of a file.
    let renamed = match fs::hard_link(from, to) {
        Ok(()) => fs::remove_file(from),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Err(error),
        Err(_no_links) => fs::rename(from, to),
    };
    renamed.map_err(|source| match source.kind() {
        ErrorKind::AlreadyExists | ErrorKind::DirectoryNotEmpty => HubError::Exists { path: to.to_owned() },
        _ => HubError::io(to)(source),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_should_be_renamed_to_a_name_that_is_taken() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        fs::write(path("file"), "new").unwrap();
        fs::write(path("taken"), "old").unwrap();
        for name in ["folder", "taken folder"] {
            fs::create_dir(path(name)).unwrap();
            fs::write(path(name).join("a"), name).unwrap();
        }
        for (from, to) in [("file", "taken"), ("folder", "taken folder")] {
            let error = rename_to_new(&path(from), &path(to)).unwrap_err();
            assert!(matches!(error, HubError::Exists { .. }), "{from}: {error}");
            rename_to_new(&path(from), &path(&format!("{from} elsewhere"))).unwrap();
            assert!(!path(from).exists(), "{from}");
        }
        assert_eq!(fs::read_to_string(path("taken")).unwrap(), "old");
        assert_eq!(fs::read_to_string(path("taken folder/a")).unwrap(), "taken folder");
        assert_eq!(fs::read_to_string(path("file elsewhere")).unwrap(), "new");
        assert_eq!(fs::read_to_string(path("folder elsewhere/a")).unwrap(), "folder");
    }
}
