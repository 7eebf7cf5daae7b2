//! The mask of the picture to start from: opened, painted, and saved beside the gallery as soon as a stroke ends.

use std::path::PathBuf;

use super::worker::Task;
use crate::job::{Mask, RgbImage};
use crate::ui::commands::{MaskEdit, UiCommand};
use crate::ui::model::notifications::{Level, Text};
use crate::ui::model::state::AppState;
use crate::ui::page::PageContext;
use crate::ui::pages::studio::StudioPage;
use crate::ui::pages::studio::mask::{MaskDocument, Saved};

/// Opens the mask, or closes it; without a picture to start from there is none.
pub(super) fn toggle(page: &mut StudioPage, ctx: &mut PageContext<'_>) {
    if page.state.image_input.mask.is_open {
        return close(page);
    }
    let Some(picture) = page.draft.request.init.as_ref().map(|init| init.file.clone()) else {
        return;
    };
    super::preview::close(page, ctx);
    if let Some(sweeping) = &mut ctx.state.sweeping {
        sweeping.is_shown = false;
    }
    page.draft.request.mask.get_or_insert_with(Mask::default);
    super::reading::read_picture(page, &picture);
    let editor = &mut page.state.image_input.mask;
    editor.belong_to(&picture);
    editor.is_open = true;
}

/// Shows the mask no longer; what was painted stays.
pub(super) fn close(page: &mut StudioPage) {
    edit(page, MaskEdit::End);
    page.state.image_input.mask.is_open = false;
}

/// Does something to the mask while it is shown.
pub(super) fn edit(page: &mut StudioPage, edit: MaskEdit) {
    let editor = &mut page.state.image_input.mask;
    if let Some(document) = editor.document.as_mut().filter(|_| editor.is_open) {
        document.edit(edit);
    }
}

/// Begins a mask whose picture is there, and has it saved when it has changed.
pub(super) fn tick(page: &mut StudioPage, ctx: &PageContext<'_>) {
    let Some(init) = &page.draft.request.init else {
        page.state.image_input.mask.is_open = false;
        return;
    };
    if init.file != page.state.image_input.mask.picture {
        page.state.image_input.mask.is_open = false; // another picture, from elsewhere
        return;
    }
    let file = page.draft.request.mask.as_ref().map(|mask| mask.file.clone());
    let editor = &mut page.state.image_input.mask;
    if editor.file != file.unwrap_or_default() && editor.reading.is_none() && !editor.is_unsaved() {
        editor.document = None; // the form has taken up another one
    }
    begin(page, ctx.state);
    let editor = &mut page.state.image_input.mask;
    let Some(document) = &editor.document else { return };
    let version = document.version();
    if document.is_stroking() || version == editor.saved.asked {
        return;
    }
    editor.saved.asked = version;
    if document.is_blank() {
        editor.saved.done = version;
        set_file(page, ctx, PathBuf::new());
        return;
    }
    let task = Task::KeepMask {
        version,
        size_px: document.size_px(),
        pixels: document.pixels().clone(),
    };
    page.worker.ask(task);
}

/// The mask as it was saved, or a blank one.
fn begin(page: &mut StudioPage, app: &AppState) {
    let editor = &page.state.image_input.mask;
    if editor.document.is_some() || !editor.is_open || editor.reading.is_some() {
        return;
    }
    let Some(looked) = page.state.image_input.looked(&editor.picture) else {
        return;
    };
    let document = MaskDocument::of_picture(looked.pixels.width_px, looked.pixels.height_px);
    let file = page.draft.request.mask.as_ref().map(|mask| mask.file.clone());
    let editor = &mut page.state.image_input.mask;
    if file.as_ref().is_some_and(|file| app.is_stranger(file)) {
        return; // the form asks about it
    }
    if let Some(file) = file.filter(|file| !file.as_os_str().is_empty()) {
        editor.file.clone_from(&file);
        editor.reading = Some(file.clone());
        page.worker.ask(Task::ReadMask(file));
    } else {
        editor.file = PathBuf::new();
        editor.set(document);
    }
}

/// Takes in a mask that was saved earlier.
pub(super) fn take_read(
    page: &mut StudioPage,
    ctx: &mut PageContext<'_>,
    file: &PathBuf,
    read: Result<RgbImage, String>,
) {
    let input = &mut page.state.image_input;
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
            let is_inverted = page.draft.request.mask.as_ref().is_some_and(|mask| mask.is_inverted);
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
            ctx.state.notices.notify(Level::Error, text);
            if is_of_form(page) {
                set_file(page, ctx, PathBuf::new()); // it is painted anew
            }
        }
    }
    if let Some(mask) = &mut page.draft.request.mask {
        mask.is_inverted = false;
    }
}

/// Notes that a mask is saved, or why not.
pub(super) fn take_kept(page: &mut StudioPage, ctx: &mut PageContext<'_>, version: u64, kept: Result<PathBuf, String>) {
    let editor = &mut page.state.image_input.mask;
    match kept {
        Ok(file) if editor.saved.asked == version => {
            editor.saved.done = version;
            if is_of_form(page) {
                set_file(page, ctx, file);
            }
        }
        Ok(_) => {} // a newer one is on its way
        Err(reason) => {
            editor.saved = Saved {
                asked: version,
                done: version,
            };
            page.state.image_input.is_generate_waiting = false;
            if is_of_form(page) {
                set_file(page, ctx, PathBuf::new()); // none is better than an older one
            }
            let text = Text::new("mask-not-saved", [("reason", reason)]);
            ctx.state.notices.notify(Level::Error, text);
        }
    }
    if page.state.image_input.is_generate_waiting && !page.state.image_input.mask.is_unsaved() {
        page.state.image_input.is_generate_waiting = false;
        ctx.services.send(UiCommand::Generate);
    }
}

fn set_file(page: &mut StudioPage, ctx: &PageContext<'_>, file: PathBuf) {
    page.state.image_input.mask.file.clone_from(&file);
    page.draft.request.mask.get_or_insert_with(Mask::default).file = file;
    if page.state.is_preview_shown(ctx.state) {
        super::preview::want(page, ctx);
    }
}

/// Whether the mask is one that the form asks for.
fn is_of_form(page: &StudioPage) -> bool {
    let form = &page.draft.request;
    let picture = form.init.as_ref().map(|init| init.file.as_path());
    form.mask.is_some() && picture == Some(page.state.image_input.mask.picture.as_path())
}

/// Whether making a picture must wait for the mask; then it is made once that is saved.
pub(super) fn holds_generate(page: &mut StudioPage) -> bool {
    close(page);
    let holds = is_of_form(page) && page.state.image_input.mask.is_unsaved();
    page.state.image_input.is_generate_waiting = holds;
    holds
}
