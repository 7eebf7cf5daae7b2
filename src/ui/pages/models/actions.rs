//! What each command of the page does.

use std::path::PathBuf;

use super::ModelsPage;
use crate::config::Settings;
use crate::hub::{DownloadState, Hub};
use crate::job::JobError;
use crate::ui::commands::{ModelsCommand, UiCommand};
use crate::ui::model::installed::used_by;
use crate::ui::model::notifications::{Level, Text};
use crate::ui::page::PageContext;

impl ModelsPage {
    /// Does what the page was asked for. Returns at once.
    pub(super) fn carry_out(&mut self, command: ModelsCommand, ctx: &mut PageContext<'_>) {
        match command {
            ModelsCommand::ShowKind(kind) => self.kind = Some(kind),
            ModelsCommand::Search => self.is_search_wanted = true,
            ModelsCommand::Rescan => ctx.services.scan_models(),
            ModelsCommand::ReadCover(path) => self.read_cover(path, ctx),
            ModelsCommand::ComputeHashes(path) => {
                if let Some(hub) = &ctx.services.hub {
                    hub.compute_hashes(path.clone());
                    self.hashing.insert(path);
                }
            }
            ModelsCommand::Delete(path) => {
                ctx.services.send(UiCommand::TakeOutOfForm(path.clone()));
                if let Some(hub) = &ctx.services.hub {
                    hub.remove(path);
                }
            }
            ModelsCommand::OpenFolder(path) => ctx.services.open_folder(path),
            ModelsCommand::ChooseFile => ctx.services.pick_model("models-dialog-file", add_path),
            ModelsCommand::ChooseFolder => ctx.services.pick_folder("models-dialog-folder", add_path),
            ModelsCommand::AddPath(path) => change_folders(ctx, |settings| {
                if !settings.model_folders.contains(&path) {
                    settings.model_folders.push(path);
                }
            }),
            ModelsCommand::ForgetPath(path) => {
                change_folders(ctx, |settings| settings.model_folders.retain(|known| *known != path));
            }
            ModelsCommand::Fetch { what, prefer_fp16 } => {
                let fetched = ctx.services.hub.as_ref().map(|hub| hub.fetch(&what, prefer_fp16));
                if let Some(Err(error)) = fetched {
                    let reason = [("reason", &JobError::from(&error))];
                    ctx.state
                        .notices
                        .notify(Level::Error, Text::new("models-failed", reason));
                }
            }
            ModelsCommand::Stop(id) => {
                if let Some(hub) = &ctx.services.hub {
                    hub.cancel(id);
                }
                let mut downloads = ctx.state.installed.downloads.iter_mut();
                if let Some(download) = downloads.find(|download| download.id == id) {
                    download.state = DownloadState::Stopping;
                }
            }
            ModelsCommand::Resume(id) => {
                if let Some(hub) = &ctx.services.hub {
                    hub.resume(id);
                }
            }
            ModelsCommand::Discard(id) => {
                let is_over = |state: &DownloadState| matches!(state, DownloadState::Finished(_));
                let downloads = &mut ctx.state.installed.downloads;
                downloads.retain(|download| download.id != id || !is_over(&download.state));
                if let Some(hub) = &ctx.services.hub {
                    hub.discard(id);
                }
            }
        }
    }

    /// Takes in what the hub has to tell, and has the folders looked through again if they changed.
    pub(super) fn drain_hub(&mut self, ctx: &mut PageContext<'_>) {
        let mut is_stale = false;
        while let Some(event) = ctx.services.hub.as_ref().and_then(Hub::poll) {
            is_stale |= self.apply(event, &mut ctx.state.installed, &mut ctx.state.notices);
        }
        if is_stale {
            ctx.services.scan_models();
        }
        self.note_used(ctx);
    }

    /// Notes what the job on the canvas uses, once.
    fn note_used(&mut self, ctx: &mut PageContext<'_>) {
        let Some(run) = &ctx.state.run else { return };
        if self.noted.replace(run.job) == Some(run.job) {
            return;
        }
        let used = used_by(&run.request);
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
        let now = now.map_or(0, |now| now.as_secs().cast_signed());
        for path in &used {
            let installed = &mut ctx.state.installed;
            installed.change(path, |item| item.last_used_unix_secs = Some(now));
        }
        if let Some(hub) = ctx.services.hub.as_ref().filter(|_| !used.is_empty()) {
            hub.used(used);
        }
    }

    fn read_cover(&mut self, path: PathBuf, ctx: &PageContext<'_>) {
        let Some(item) = ctx.state.installed.item(&path).cloned() else {
            return;
        };
        if self.covers.contains_key(&path) {
            return;
        }
        self.covers.insert(path, None);
        if let Some(hub) = &ctx.services.hub {
            hub.thumbnail(item);
        }
    }
}

fn change_folders(ctx: &mut PageContext<'_>, change: impl FnOnce(&mut Settings)) {
    ctx.services.change_settings(change);
    ctx.services.scan_models();
}

fn add_path(path: PathBuf) -> UiCommand {
    UiCommand::Models(ModelsCommand::AddPath(path))
}
