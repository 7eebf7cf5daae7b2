//! Which pictures are read in the background.

use std::path::Path;

use super::state::InputStatus;
use super::worker::Task;
use crate::ui::model::state::AppState;
use crate::ui::pages::studio::StudioPage;

/// Has a picture read unless it was, and forgets those that nothing refers to.
pub(super) fn read_picture(page: &mut StudioPage, path: &Path) {
    let input = &mut page.state.image_input;
    if matches!(input.look(path), Some(InputStatus::Reading | InputStatus::Done(_))) {
        return;
    }
    let form = &page.draft.request;
    let mut used: Vec<&Path> = form.init.iter().map(|init| init.file.as_path()).collect();
    used.extend(form.controls.iter().map(|control| control.picture.as_path()));
    used.extend(form.references.iter().map(|reference| reference.picture.as_path()));
    used.extend(input.drop_menu.as_deref());
    input
        .looks
        .retain(|(known, look)| used.contains(&known.as_path()) || matches!(look, InputStatus::Reading));
    input.set_look(path, InputStatus::Reading);
    page.worker.ask(Task::ReadPicture(path.to_owned()));
}

/// Has the pictures read that restored settings name, but for those that the user must be asked about.
pub(super) fn read_restored(page: &mut StudioPage, app: &AppState) {
    let form = &page.draft.request;
    let pictures = form.init.iter().map(|init| &init.file);
    let pictures = pictures.chain(form.controls.iter().map(|control| &control.picture));
    let pictures = pictures.chain(form.references.iter().map(|reference| &reference.picture));
    let unknown = pictures
        .into_iter()
        .find(|path| page.state.image_input.look(path).is_none() && !app.is_stranger(path));
    if let Some(path) = unknown.cloned() {
        read_picture(page, &path);
    }
}
