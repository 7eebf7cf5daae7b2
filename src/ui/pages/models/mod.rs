//! Models, adapters and embeddings: what is there, what can be fetched.

mod actions;
mod card;
mod command;
mod downloads;
mod folders;
mod panel;
mod words;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::hub::{Download, DownloadState, HubEvent, InstalledModel, InstalledModels, ModelKind};
use crate::job::{GenerateRequest, JobId, ModelRef, RgbImage};
use crate::ui::model::notifications::{Level, Notices, Text};
use crate::ui::model::state::file_name;

pub(in crate::ui) use actions::{carry_out, start, tick};
pub use command::ModelsCommand;
pub(in crate::ui) use panel::ModelsPanel;

/// What the page knows.
#[derive(Debug)]
pub struct ModelsPage {
    /// What is installed.
    pub shelf: Arc<InstalledModels>,
    /// Whether the folders have been looked at.
    pub is_scanned: bool,
    /// What is shown.
    pub kind: ModelKind,
    /// Downloads that go on, wait or are over, in the order they began.
    pub downloads: Vec<Download>,
    /// Pictures of items; `None` while one is read, and where there is none.
    covers: BTreeMap<PathBuf, Option<Arc<RgbImage>>>,
    /// Files whose hashes are being computed.
    hashing: BTreeSet<PathBuf>,
    /// Trigger words that came into the prompt with an item.
    added_words: BTreeMap<PathBuf, Vec<String>>,
    /// How often the search field was asked for.
    num_searches: usize,
    /// The job whose models were noted as used.
    noted: Option<JobId>,
}

impl Default for ModelsPage {
    fn default() -> Self {
        Self {
            shelf: Arc::default(),
            is_scanned: false,
            kind: ModelKind::Model,
            downloads: Vec::new(),
            covers: BTreeMap::new(),
            hashing: BTreeSet::new(),
            added_words: BTreeMap::new(),
            num_searches: 0,
            noted: None,
        }
    }
}

impl ModelsPage {
    /// What is installed of a kind, in order of name.
    pub fn of_kind(&self, kind: ModelKind) -> impl Iterator<Item = &Arc<InstalledModel>> {
        self.shelf.items.iter().filter(move |item| item.kind == kind)
    }

    /// Models that can be chosen, in order of name.
    pub fn models(&self) -> impl Iterator<Item = ModelRef> {
        let usable = self.of_kind(ModelKind::Model).filter(|item| item.error.is_none());
        usable.map(|item| ModelRef::Path(item.path.clone()))
    }

    /// What is at this path.
    pub fn item(&self, path: &Path) -> Option<&Arc<InstalledModel>> {
        self.shelf.items.iter().find(|item| item.path == path)
    }

    /// Takes in what the hub has told; the result says whether the folders should be looked at again.
    pub(super) fn apply(&mut self, event: HubEvent, notices: &mut Notices) -> bool {
        match event {
            HubEvent::Download(download) => return self.take_download(download, notices),
            HubEvent::Discarded(id) => self.downloads.retain(|download| download.id != id),
            HubEvent::Installed(shelf) => {
                self.covers
                    .retain(|path, _| shelf.items.iter().any(|item| item.path == *path));
                self.shelf = shelf;
                self.is_scanned = true;
            }
            HubEvent::Thumbnail { path, picture } => {
                self.covers.insert(path, picture);
            }
            HubEvent::Hashed { path, hashes } => {
                self.hashing.remove(&path);
                match hashes {
                    Ok(hashes) => self.change(&path, |item| item.hashes = Some(hashes)),
                    Err(reason) => {
                        let values = [("file", file_name(&path)), ("reason", reason)];
                        notices.notify(Level::Error, Text::new("models-not-hashed", values));
                    }
                }
            }
            HubEvent::Removed(path) => {
                let file = [("file", file_name(&path))];
                notices.notify(Level::Info, Text::new("models-removed", file));
                return true;
            }
            HubEvent::Failed { message } => {
                let reason = [("reason", message)];
                notices.notify(Level::Error, Text::new("models-failed", reason));
            }
        }
        false
    }

    fn take_download(&mut self, download: Download, notices: &mut Notices) -> bool {
        let is_over = matches!(download.state, DownloadState::Finished(_));
        if let DownloadState::Finished(path) = &download.state {
            let file = [("file", file_name(path))];
            notices.notify(Level::Info, Text::new("models-fetched", file));
        }
        match self.downloads.iter_mut().find(|known| known.id == download.id) {
            // Told by two threads, so an older word may come after it.
            Some(known) if known.state == DownloadState::Stopping && download.state == DownloadState::Running => {
                known.done_bytes = download.done_bytes;
            }
            Some(known) => *known = download,
            None => self.downloads.push(download),
        }
        is_over
    }

    fn change(&mut self, path: &Path, change: impl FnOnce(&mut InstalledModel)) {
        let shelf = Arc::make_mut(&mut self.shelf);
        if let Some(item) = shelf.items.iter_mut().find(|item| item.path == path) {
            change(Arc::make_mut(item));
        }
    }
}

/// Everything installed that a request uses.
fn used_by(request: &GenerateRequest) -> Vec<PathBuf> {
    let mut used = Vec::new();
    let mut add_model = |model: &ModelRef| {
        if let ModelRef::Path(path) = model {
            used.push(path.clone());
        }
    };
    add_model(&request.model);
    if let Some(refiner) = &request.refiner {
        add_model(&refiner.model);
    }
    used.extend(request.loras.iter().map(|lora| lora.path.clone()));
    used.extend(request.embeddings.iter().cloned());
    used.extend(request.vae.iter().cloned());
    used.extend(request.controls.iter().map(|control| control.model.clone()));
    used.extend(request.references.iter().map(|reference| reference.adapter.clone()));
    used
}
