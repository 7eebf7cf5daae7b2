//! Pictures and models that come from files.

use std::path::{Path, PathBuf};

use super::{form, regenerate};
use crate::gallery::SaveEvent;
use crate::job::ModelRef;
use crate::ui::commands::UiCommand;
use crate::ui::model::notifications::{Level, Text};
use crate::ui::model::state::file_name;
use crate::ui::page::PageContext;
use crate::ui::pages::studio::StudioPage;
use crate::ui::pages::studio::canvas::beside::Beside;
use crate::ui::services::Services;

/// Asks for the folder of a model.
pub(super) fn choose_model_folder(services: &Services) {
    services.pick_folder("dialog-model-folder", |path| UiCommand::UseModel(ModelRef::Path(path)));
}

/// Asks for a picture to open.
pub(super) fn choose_picture(services: &Services) {
    services.pick_picture("dialog-picture", UiCommand::OpenPicture);
}

/// Opens a picture and takes its settings once it is read.
pub(in crate::ui) fn open_picture(page: &mut StudioPage, ctx: &PageContext<'_>, path: PathBuf) {
    if let Some(pictures) = &ctx.services.pictures {
        pictures.open(path.clone());
        page.state.restoring = Some(path);
    }
}

/// Shows a saved picture; its thumbnail stands in until it is read.
pub(super) fn show_picture(page: &mut StudioPage, ctx: &PageContext<'_>, path: PathBuf) {
    if let Some(pictures) = &ctx.services.pictures {
        pictures.open(path.clone());
    }
    page.state.show_picture(path);
}

/// Shows another saved run beside the one on the canvas.
pub(super) fn show_beside(page: &mut StudioPage, ctx: &PageContext<'_>, path: PathBuf) {
    if let Some(pictures) = &ctx.services.pictures {
        pictures.open(path.clone());
    }
    page.state.beside = Some(Beside::new(path));
}

/// Fills the form with the settings of the picture on the canvas.
pub(super) fn use_settings(page: &mut StudioPage, ctx: &mut PageContext<'_>) {
    let Some(path) = page.state.shown_path().map(Path::to_owned) else {
        return;
    };
    restore(page, ctx, &path);
}

/// Takes in what was read of a picture, if the page waits for it, and goes on with what it was read for.
pub(in crate::ui) fn take_saved(page: &mut StudioPage, ctx: &mut PageContext<'_>, event: &SaveEvent) {
    let (SaveEvent::Opened { path, .. }
    | SaveEvent::OpenFailed { path, .. }
    | SaveEvent::TrajectoryOpened { path, .. }
    | SaveEvent::TrajectoryMissing { path, .. }) = event
    else {
        return;
    };
    if !page.waits_for(path) {
        return;
    }
    page.state.take_saved(event);
    if matches!(event, SaveEvent::Opened { .. }) {
        if page.state.restoring.take_if(|restoring| restoring == path).is_some() {
            restore(page, ctx, path);
        }
        regenerate::go_on_if_wanted(page, ctx, path);
    }
}

fn restore(page: &mut StudioPage, ctx: &mut PageContext<'_>, path: &Path) {
    let file = [("file", file_name(path))];
    let Some(record) = page.state.shown_record(ctx.state).cloned() else {
        ctx.state
            .notices
            .notify(Level::Info, Text::new("notice-no-settings", file));
        return;
    };
    form::restore(page, ctx, &record.request, None);
    ctx.state
        .notices
        .notify(Level::Info, Text::new("notice-restored", file));
}
