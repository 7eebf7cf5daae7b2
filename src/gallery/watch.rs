//! The system's events about changes in the folders.

use std::path::{Path, PathBuf};

use notify::event::{AccessKind, AccessMode, EventKind};
use notify::{RecommendedWatcher, RecursiveMode, Watcher as _};

/// An event of the system.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum FolderEvent {
    /// Something happened to these files or folders.
    Changed(Vec<PathBuf>),
    /// Events were lost: all files should be scanned.
    Lost,
}

/// Watches folders until it is dropped.
pub(super) struct Watch {
    /// Kept, since dropping it ends the watching.
    _watcher: Option<RecommendedWatcher>,
    /// Whether the system watches all of them; where it does not, somebody has to look from time to time.
    pub(super) is_whole: bool,
}

impl Watch {
    /// Watches `folders` and all that is in them; takes its time where that is much.
    ///
    /// * `send`: called from a thread of its own, with paths that begin as the folders do.
    pub(super) fn begin(folders: &[PathBuf], send: impl Fn(FolderEvent) + Send + 'static) -> Self {
        let true_names: Vec<(PathBuf, PathBuf)> = folders
            .iter()
            .filter_map(|folder| Some((folder.canonicalize().ok()?, folder.clone())))
            .collect();
        let on_event = {
            let true_names = true_names.clone();
            move |event| {
                if let Some(event) = understood(event, &true_names) {
                    send(event);
                }
            }
        };
        let mut watcher = match notify::recommended_watcher(on_event) {
            Ok(watcher) => watcher,
            Err(error) => {
                tracing::warn!("the system watches no folders, so they are looked at from time to time: {error}");
                return Self {
                    _watcher: None,
                    is_whole: false,
                };
            }
        };
        let mut is_whole = true;
        for (true_name, folder) in true_names {
            if let Err(error) = watcher.watch(&true_name, RecursiveMode::Recursive) {
                tracing::warn!(
                    "a folder is looked at from time to time only: {error}: {}",
                    folder.display()
                );
                is_whole = false;
            }
        }
        Self {
            _watcher: Some(watcher),
            is_whole,
        }
    }
}

impl std::fmt::Debug for Watch {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Watch")
            .field("is_whole", &self.is_whole)
            .finish_non_exhaustive()
    }
}

/// What an event means for a gallery; nothing if a file was only read.
fn understood(event: notify::Result<notify::Event>, true_names: &[(PathBuf, PathBuf)]) -> Option<FolderEvent> {
    let event = match event {
        Ok(event) if event.need_rescan() => return Some(FolderEvent::Lost),
        Ok(event) => event,
        Err(error) => {
            tracing::warn!("what changed in a folder was not told: {error}");
            return Some(FolderEvent::Lost);
        }
    };
    let is_change = match event.kind {
        EventKind::Access(access) => access == AccessKind::Close(AccessMode::Write),
        _ => true,
    };
    let paths: Vec<PathBuf> = event
        .paths
        .iter()
        .filter_map(|path| named_as_given(path, true_names))
        .filter(|path| is_change && !path.as_os_str().is_empty())
        .collect();
    (!paths.is_empty()).then_some(FolderEvent::Changed(paths))
}

/// The path under the name that its folder was given by; `None` for what is hidden in it.
fn named_as_given(path: &Path, true_names: &[(PathBuf, PathBuf)]) -> Option<PathBuf> {
    let (rest, folder) = true_names
        .iter()
        .find_map(|(true_name, folder)| Some((path.strip_prefix(true_name).ok()?, folder)))?;
    let is_hidden = rest.iter().any(|part| part.as_encoded_bytes().starts_with(b"."));
    (!is_hidden).then(|| folder.join(rest))
}
