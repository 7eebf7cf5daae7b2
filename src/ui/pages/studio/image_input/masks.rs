//! The mask of the picture to start from: opened, painted, and saved beside the gallery as soon as a stroke ends.

use std::path::PathBuf;

use super::worker::Task;
use crate::job::{Mask, RgbImage};
use crate::ui::app::Studio;
use crate::ui::commands::{MaskEdit, UiCommand};
use crate::ui::model::notifications::{Level, Text};
use crate::ui::model::state::AppState;
use crate::ui::pages::studio::mask::{MaskDocument, Saved};

impl AppState {
    /// Whether the mask stands on the canvas.
    pub fn is_mask_shown(&self) -> bool {
        self.page == crate::ui::commands::PageId::Studio && self.image_input.mask.is_open
    }
}

/// Opens the mask, or closes it; without a picture to start from there is none.
pub(super) fn toggle(studio: &mut Studio) {
    if studio.state.image_input.mask.is_open {
        return close(studio);
    }
    let Some(picture) = studio.draft.request.init.as_ref().map(|init| init.file.clone()) else {
        return;
    };
    super::preview::close(studio);
    if let Some(sweeping) = &mut studio.state.sweeping {
        sweeping.is_shown = false;
    }
    studio.draft.request.mask.get_or_insert_with(Mask::default);
    super::reading::read_picture(studio, &picture);
    let editor = &mut studio.state.image_input.mask;
    editor.belong_to(&picture);
    editor.is_open = true;
}

/// Shows the mask no longer; what was painted stays.
pub(super) fn close(studio: &mut Studio) {
    edit(studio, MaskEdit::End);
    studio.state.image_input.mask.is_open = false;
}

/// Does something to the mask while it is shown.
pub(super) fn edit(studio: &mut Studio, edit: MaskEdit) {
    let editor = &mut studio.state.image_input.mask;
    if let Some(document) = editor.document.as_mut().filter(|_| editor.is_open) {
        document.edit(edit);
    }
}

/// Begins a mask whose picture is there, and has it saved when it has changed.
pub(super) fn tick(studio: &mut Studio) {
    let Some(init) = &studio.draft.request.init else {
        studio.state.image_input.mask.is_open = false;
        return;
    };
    if init.file != studio.state.image_input.mask.picture {
        studio.state.image_input.mask.is_open = false; // another picture, from elsewhere
        return;
    }
    let file = studio.draft.request.mask.as_ref().map(|mask| mask.file.clone());
    let editor = &mut studio.state.image_input.mask;
    if editor.file != file.unwrap_or_default() && editor.reading.is_none() && !editor.is_unsaved() {
        editor.document = None; // the form has taken up another one
    }
    begin(studio);
    let editor = &mut studio.state.image_input.mask;
    let Some(document) = &editor.document else { return };
    let version = document.version();
    if document.is_stroking() || version == editor.saved.asked {
        return;
    }
    editor.saved.asked = version;
    if document.is_blank() {
        editor.saved.done = version;
        set_file(studio, PathBuf::new());
        return;
    }
    let task = Task::KeepMask {
        version,
        size_px: document.size_px(),
        pixels: document.pixels().clone(),
    };
    studio.worker.ask(task);
}

/// The mask as it was saved, or a blank one.
fn begin(studio: &mut Studio) {
    let editor = &studio.state.image_input.mask;
    if editor.document.is_some() || !editor.is_open || editor.reading.is_some() {
        return;
    }
    let Some(looked) = studio.state.image_input.looked(&editor.picture) else {
        return;
    };
    let document = MaskDocument::of_picture(looked.pixels.width_px, looked.pixels.height_px);
    let file = studio.draft.request.mask.as_ref().map(|mask| mask.file.clone());
    let editor = &mut studio.state.image_input.mask;
    if let Some(file) = file.filter(|file| !file.as_os_str().is_empty()) {
        editor.file.clone_from(&file);
        editor.reading = Some(file.clone());
        studio.worker.ask(Task::ReadMask(file));
    } else {
        editor.file = PathBuf::new();
        editor.set(document);
    }
}

/// Takes in a mask that was saved earlier.
pub(super) fn take_read(studio: &mut Studio, file: &PathBuf, read: Result<RgbImage, String>) {
    let input = &mut studio.state.image_input;
    if input.mask.reading.as_ref() != Some(file) {
        return;
    }
    input.mask.reading = None;
    let Some(looked) = input.looked(&input.mask.picture) else {
        return;
    };
    let mut document = MaskDocument::of_picture(looked.pixels.width_px, looked.pixels.height_px);
    match read {
        Ok(mask) => {
            let is_inverted = studio.draft.request.mask.as_ref().is_some_and(|mask| mask.is_inverted);
            let levels: Vec<u8> = mask.pixels.iter().step_by(3).copied().collect();
            document.load(mask.width_px, mask.height_px, &levels);
            input.mask.set(document);
            if let Some(document) = input.mask.document.as_mut().filter(|_| is_inverted) {
                document.edit(MaskEdit::Invert); // white is where to paint from now on
            }
        }
        Err(reason) => {
            input.mask.set(document);
            let text = Text::new("mask-unreadable", [("reason", reason)]);
            studio.state.notices.notify(Level::Error, text);
            if is_of_form(studio) {
                set_file(studio, PathBuf::new()); // it is painted anew
            }
        }
    }
    if let Some(mask) = &mut studio.draft.request.mask {
        mask.is_inverted = false;
    }
}

/// Notes that a mask is saved, or why not.
pub(super) fn take_kept(studio: &mut Studio, version: u64, kept: Result<PathBuf, String>) {
    let editor = &mut studio.state.image_input.mask;
    match kept {
        Ok(file) if editor.saved.asked == version => {
            editor.saved.done = version;
            if is_of_form(studio) {
                set_file(studio, file);
            }
        }
        Ok(_) => {} // a newer one is on its way
        Err(reason) => {
            editor.saved = Saved {
                asked: version,
                done: version,
            };
            studio.state.image_input.is_generate_waiting = false;
            if is_of_form(studio) {
                set_file(studio, PathBuf::new()); // none is better than an older one
            }
            let text = Text::new("mask-not-saved", [("reason", reason)]);
            studio.state.notices.notify(Level::Error, text);
        }
    }
    if studio.state.image_input.is_generate_waiting && !studio.state.image_input.mask.is_unsaved() {
        studio.state.image_input.is_generate_waiting = false;
        studio.send(UiCommand::Generate);
    }
}

fn set_file(studio: &mut Studio, file: PathBuf) {
    studio.state.image_input.mask.file.clone_from(&file);
    studio.draft.request.mask.get_or_insert_with(Mask::default).file = file;
    if studio.state.is_preview_shown() {
        super::preview::want(studio);
    }
}

/// Whether the mask is one that the form asks for.
fn is_of_form(studio: &Studio) -> bool {
    let form = &studio.draft.request;
    let picture = form.init.as_ref().map(|init| init.file.as_path());
    form.mask.is_some() && picture == Some(studio.state.image_input.mask.picture.as_path())
}

/// Whether making a picture must wait for the mask; then it is made once that is saved.
pub(super) fn holds_generate(studio: &mut Studio) -> bool {
    close(studio);
    let holds = is_of_form(studio) && studio.state.image_input.mask.is_unsaved();
    studio.state.image_input.is_generate_waiting = holds;
    holds
}
