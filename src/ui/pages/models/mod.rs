//! Models, adapters and embeddings: what is there, what can be fetched.

mod actions;
mod card;
mod downloads;
mod folders;
mod panel;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use egui::Ui;

use downloads::DownloadForm;

use crate::hub::{Download, DownloadState, HubEvent, ModelKind};
use crate::job::{JobId, RgbImage};
use crate::ui::commands::{ModelsCommand, PageId, UiCommand};
use crate::ui::model::installed::Installed;
use crate::ui::model::notifications::{Level, Notices, Text};
use crate::ui::model::state::file_name;
use crate::ui::page::{Handled, Page, PageContext};
use crate::ui::panel::PanelContext;
use crate::ui::services::WEIGHT_ENDINGS;

/// The page and what it knows.
#[derive(Default)]
pub(in crate::ui) struct ModelsPage {
    /// The kind that is shown.
    kind: Option<ModelKind>,
    /// Pictures of items; `None` while one is read, and where there is none.
    covers: BTreeMap<PathBuf, Option<Arc<RgbImage>>>,
    /// Files whose hashes are being computed.
    hashing: BTreeSet<PathBuf>,
    /// What is searched for.
    search: String,
    /// Whether the search field is to have the keyboard.
    is_search_wanted: bool,
    /// The job whose models were noted as used.
    noted: Option<JobId>,
    /// What is being typed below the list.
    form: DownloadForm,
}

impl Page for ModelsPage {
    fn ui(&mut self, ui: &mut Ui, ctx: &mut PanelContext<'_>) {
        self.show(ui, ctx);
    }

    fn command(&mut self, command: UiCommand, ctx: &mut PageContext<'_>) -> Handled {
        match command {
            UiCommand::Models(command) => self.carry_out(command, ctx),
            UiCommand::OpenDropped(paths) if ctx.state.page == PageId::Models => {
                let (models, others): (Vec<_>, Vec<_>) = paths.into_iter().partition(|path| is_model(path));
                for path in models {
                    self.carry_out(ModelsCommand::AddPath(path), ctx);
                }
                if !others.is_empty() {
                    return Handled::No(UiCommand::OpenDropped(others));
                }
            }
            other => return Handled::No(other),
        }
        Handled::Yes
    }

    fn tick(&mut self, ctx: &mut PageContext<'_>) {
        self.drain_hub(ctx);
    }
}

/// Whether a dropped file or folder is looked into for models.
fn is_model(path: &Path) -> bool {
    let ending = path.extension().unwrap_or_default().to_ascii_lowercase();
    path.is_dir() || WEIGHT_ENDINGS.iter().any(|known| ending == *known)
}

impl ModelsPage {
    fn kind(&self) -> ModelKind {
        self.kind.unwrap_or(ModelKind::Model)
    }

    /// Takes in what the hub has told; the result says whether the folders should be looked at again.
    fn apply(&mut self, event: HubEvent, installed: &mut Installed, notices: &mut Notices) -> bool {
        match event {
            HubEvent::Download(download) => return take_download(download, installed, notices),
            HubEvent::Discarded(id) => installed.downloads.retain(|download| download.id != id),
            HubEvent::Installed(models) => {
                self.covers
                    .retain(|path, _| models.items.iter().any(|item| item.path == *path));
                installed.models = models;
                installed.is_scanned = true;
            }
            HubEvent::Thumbnail { path, picture } => {
                self.covers.insert(path, picture);
            }
            HubEvent::Hashed { path, hashes } => {
                self.hashing.remove(&path);
                match hashes {
                    Ok(hashes) => installed.change(&path, |item| item.hashes = Some(hashes)),
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
            HubEvent::Failed { error } => {
                let reason = [("reason", &*error)];
                notices.notify(Level::Error, Text::new("models-failed", reason));
            }
        }
        false
    }
}

/// Notes how far a download is; the result says whether the folders should be looked at again.
fn take_download(download: Download, installed: &mut Installed, notices: &mut Notices) -> bool {
    let is_over = matches!(download.state, DownloadState::Finished(_));
    if let DownloadState::Finished(path) = &download.state {
        let file = [("file", file_name(path))];
        notices.notify(Level::Info, Text::new("models-fetched", file));
    }
    match installed.downloads.iter_mut().find(|known| known.id == download.id) {
        // Told by two threads, so an older word may come after it.
        Some(known) if known.state == DownloadState::Stopping && download.state == DownloadState::Running => {
            known.done_bytes = download.done_bytes;
        }
        Some(known) => *known = download,
        None => installed.downloads.push(download),
    }
    is_over
}
