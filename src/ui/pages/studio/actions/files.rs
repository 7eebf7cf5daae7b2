//! Pictures and models that come from files.

use std::path::{Path, PathBuf};

use super::form;
use crate::job::ModelRef;
use crate::ui::app::Studio;
use crate::ui::commands::UiCommand;
use crate::ui::model::notifications::{Level, Text};
use crate::ui::model::state::file_name;
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
pub(in crate::ui) fn open_picture(studio: &mut Studio, path: PathBuf) {
    if let Some(pictures) = &studio.services.pictures {
        pictures.open(path.clone());
        studio.state.restoring = Some(path);
    }
}

/// Shows a saved picture; its thumbnail stands in until it is read.
pub(super) fn show_picture(studio: &mut Studio, path: PathBuf) {
    if let Some(pictures) = &studio.services.pictures {
        pictures.open(path.clone());
    }
    studio.state.show_picture(path);
}

/// Shows another saved run beside the one on the canvas.
pub(super) fn show_beside(studio: &mut Studio, path: PathBuf) {
    if let Some(pictures) = &studio.services.pictures {
        pictures.open(path.clone());
    }
    studio.state.beside = Some(Beside::new(path));
}

/// Fills the form with the settings of the picture on the canvas.
pub(super) fn use_settings(studio: &mut Studio) {
    let Some(path) = studio.state.shown_path().map(Path::to_owned) else {
        return;
    };
    restore(studio, &path);
}

/// Fills the form if this picture was opened for that.
pub(in crate::ui) fn take_settings_if_wanted(studio: &mut Studio, path: &Path) {
    if studio.state.restoring.as_deref() == Some(path) {
        studio.state.restoring = None;
        restore(studio, path);
    }
}

fn restore(studio: &mut Studio, path: &Path) {
    let file = [("file", file_name(path))];
    let Some(record) = studio.state.shown_record().cloned() else {
        studio
            .state
            .notices
            .notify(Level::Info, Text::new("notice-no-settings", file));
        return;
    };
    form::restore(studio, &record.request, None);
    studio
        .state
        .notices
        .notify(Level::Info, Text::new("notice-restored", file));
}
