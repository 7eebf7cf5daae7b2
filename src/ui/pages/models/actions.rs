//! What each command of the page does.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::words;
use super::{ModelsCommand, used_by};
use crate::config::Settings;
use crate::hub::{DownloadState, Hub, ModelKind};
use crate::job::{LoraSpec, ModelRef};
use crate::ui::app::Studio;
use crate::ui::commands::UiCommand;
use crate::ui::model::notifications::{Level, Text};

/// Starts the hub, if there is one to start, and has it look at the folders.
pub(in crate::ui) fn start(studio: &mut Studio) {
    let Some(start) = &studio.services.start_hub else {
        return;
    };
    match start(Arc::clone(&studio.repaint)) {
        Ok(hub) => studio.hub = Some(hub),
        Err(reason) => tell_failed(studio, reason),
    }
    scan(studio);
}

/// Does what the page was asked for. Returns at once.
pub(in crate::ui) fn carry_out(studio: &mut Studio, _ctx: &egui::Context, command: ModelsCommand) {
    match command {
        ModelsCommand::ShowKind(kind) => studio.state.models_page.kind = kind,
        ModelsCommand::Search => studio.state.models_page.num_searches += 1,
        ModelsCommand::Rescan => scan(studio),
        ModelsCommand::Put(path) => put(studio, &path),
        ModelsCommand::TakeOut(path) => take_out(studio, &path),
        ModelsCommand::ReadCover(path) => read_cover(studio, path),
        ModelsCommand::ComputeHashes(path) => {
            if let Some(hub) = &studio.hub {
                hub.compute_hashes(path.clone());
                studio.state.models_page.hashing.insert(path);
            }
        }
        ModelsCommand::Delete(path) => {
            take_out(studio, &path);
            if let Some(hub) = &studio.hub {
                hub.remove(path);
            }
        }
        ModelsCommand::OpenFolder(path) => open_folder(path),
        ModelsCommand::ChooseFile => {
            let title = studio.language.tr("models-dialog-file");
            studio.services.dialogs.pick_model(title, answer(studio));
        }
        ModelsCommand::ChooseFolder => {
            let title = studio.language.tr("models-dialog-folder");
            studio.services.dialogs.pick_folder(title, answer(studio));
        }
        ModelsCommand::AddPath(path) => change_folders(studio, |settings| {
            if !settings.model_folders.contains(&path) {
                settings.model_folders.push(path);
            }
        }),
        ModelsCommand::ForgetPath(path) => {
            change_folders(studio, |settings| settings.model_folders.retain(|known| *known != path));
        }
        ModelsCommand::Fetch { what, prefer_fp16 } => {
            let fetched = studio.hub.as_ref().map(|hub| hub.fetch(&what, prefer_fp16));
            if let Some(Err(error)) = fetched {
                tell_failed(studio, error.one_line());
            }
        }
        ModelsCommand::Stop(id) => {
            if let Some(hub) = &studio.hub {
                hub.cancel(id);
            }
            let mut downloads = studio.state.models_page.downloads.iter_mut();
            if let Some(download) = downloads.find(|download| download.id == id) {
                download.state = DownloadState::Stopping;
            }
        }
        ModelsCommand::Resume(id) => {
            if let Some(hub) = &studio.hub {
                hub.resume(id);
            }
        }
        ModelsCommand::Discard(id) => {
            let is_over = |state: &DownloadState| matches!(state, DownloadState::Finished(_));
            let downloads = &mut studio.state.models_page.downloads;
            downloads.retain(|download| download.id != id || !is_over(&download.state));
            if let Some(hub) = &studio.hub {
                hub.discard(id);
            }
        }
    }
}

/// Takes in what other threads have to tell; called before every frame, whichever page is shown.
pub(in crate::ui) fn tick(studio: &mut Studio, _ctx: &egui::Context) {
    let mut is_stale = false;
    while let Some(event) = studio.hub.as_ref().and_then(Hub::poll) {
        is_stale |= studio.state.models_page.apply(event, &mut studio.state.notices);
    }
    if is_stale {
        scan(studio);
    }
    note_used(studio);
}

/// Notes what the job on the canvas uses, once.
fn note_used(studio: &mut Studio) {
    let Some(run) = &studio.state.run else { return };
    if studio.state.models_page.noted == Some(run.job) {
        return;
    }
    studio.state.models_page.noted = Some(run.job);
    let used = used_by(&run.request);
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    let now = now.map_or(0, |now| now.as_secs().cast_signed());
    for path in &used {
        let page = &mut studio.state.models_page;
        page.change(path, |item| item.last_used_unix_secs = Some(now));
    }
    if let Some(hub) = studio.hub.as_ref().filter(|_| !used.is_empty()) {
        hub.used(used);
    }
}

fn scan(studio: &Studio) {
    if let Some(hub) = &studio.hub {
        hub.scan(studio.settings.model_folders.clone());
    }
}

fn put(studio: &mut Studio, path: &Path) {
    let Some(item) = studio.state.models_page.item(path).cloned() else {
        return;
    };
    match item.kind {
        ModelKind::Model => studio.send(UiCommand::UseModel(ModelRef::Path(path.to_owned()))),
        ModelKind::Vae => studio.draft.request.vae = Some(path.to_owned()),
        ModelKind::Lora => {
            if !studio.draft.request.loras.iter().any(|lora| lora.path == path) {
                let weight = item.preferred_weight.unwrap_or(1.0);
                studio.draft.request.loras.push(LoraSpec::new(path, weight));
                put_words(studio, path, &item.trigger_words);
            }
        }
        ModelKind::Embedding => {
            if !studio.draft.request.embeddings.iter().any(|known| known == path) {
                studio.draft.request.embeddings.push(path.to_owned());
                put_words(studio, path, &item.trigger_words);
            }
        }
        ModelKind::Control | ModelKind::Upscaler => {} // need a picture; they are chosen where one is
    }
}

fn put_words(studio: &mut Studio, path: &Path, trigger_words: &[String]) {
    let added = words::put_in(&mut studio.draft.request.prompt, trigger_words);
    let known = &mut studio.state.models_page.added_words;
    known.entry(path.to_owned()).or_default().extend(added);
}

fn take_out(studio: &mut Studio, path: &Path) {
    let draft = &mut studio.draft;
    draft.request.loras.retain(|lora| lora.path != path);
    draft.request.embeddings.retain(|known| known != path);
    if draft.request.vae.as_deref() == Some(path) {
        draft.request.vae = None;
    }
    if let Some(added) = studio.state.models_page.added_words.remove(path) {
        words::take_out(&mut draft.request.prompt, &added);
    }
}

fn read_cover(studio: &mut Studio, path: PathBuf) {
    let page = &mut studio.state.models_page;
    let Some(item) = page.item(&path).cloned() else { return };
    if page.covers.contains_key(&path) {
        return;
    }
    page.covers.insert(path, None);
    if let Some(hub) = &studio.hub {
        hub.thumbnail(item);
    }
}

fn change_folders(studio: &mut Studio, change: impl FnOnce(&mut Settings)) {
    change(&mut studio.settings);
    (studio.services.keep_settings)(studio.settings.clone());
    scan(studio);
}

/// What a file picker does with its answer.
fn answer(studio: &Studio) -> Box<dyn FnOnce(PathBuf) + Send> {
    let (commands, repaint) = (studio.commands.clone(), Arc::clone(&studio.repaint));
    Box::new(move |path| {
        commands.send(UiCommand::Models(ModelsCommand::AddPath(path)));
        repaint();
    })
}

/// On a thread of its own: the desktop may take its time.
fn open_folder(path: PathBuf) {
    let folder = if path.is_dir() {
        Some(path)
    } else {
        path.parent().map(Path::to_owned)
    };
    let Some(folder) = folder else { return };
    let started = std::thread::Builder::new().name("desktop".to_owned()).spawn(move || {
        if let Err(error) = opener::open(&folder) {
            tracing::warn!("the file manager could not be opened: {error}");
        }
    });
    if let Err(error) = started {
        tracing::warn!("could not start a thread: {error}");
    }
}

fn tell_failed(studio: &mut Studio, reason: String) {
    let reason = [("reason", reason)];
    studio
        .state
        .notices
        .notify(Level::Error, Text::new("models-failed", reason));
}
