//! What each command does.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use egui::{Event as Input, Key, Modifiers};

use super::masks;
use super::pasting;
use super::preview;
use super::reading::{read_picture, read_restored};
use super::state::InputStatus;
use super::target::{Says, fitted_size, preprocessor_for};
use super::worker::{Done, Task};
use crate::engine;
use crate::job::{Control, Event, InitPicture, InitWay, Mask, ModelRef, Outpaint, Reference, ReferencePart, Takes};
use crate::ui::commands::{CompareCommand, ImageInputCommand, InputImage, PageId, Target, UiCommand};
use crate::ui::model::notifications::{Level, Text};
use crate::ui::model::state::file_name;
use crate::ui::page::PageContext;
use crate::ui::pages::studio::StudioPage;
use crate::ui::pages::studio::actions::{files, form};
use crate::ui::widgets::tab_stop::leaves_keys_to_page;

/// The file every model in the diffusers layout has.
const MODEL_INDEX: &str = "model_index.json";
/// Keys of the targets.
const NUMBERS: [Key; Target::ALL.len()] = [
    Key::Num1,
    Key::Num2,
    Key::Num3,
    Key::Num4,
    Key::Num5,
    Key::Num6,
    Key::Num7,
];

/// Does what was asked for. Returns at once.
pub(in crate::ui) fn carry_out(page: &mut StudioPage, ctx: &mut PageContext<'_>, command: ImageInputCommand) {
    match command {
        ImageInputCommand::Choose => choose(ctx),
        ImageInputCommand::Paste => page.worker.ask(Task::Clipboard(Arc::clone(&ctx.services.clipboard))),
        ImageInputCommand::PasteImage(image) => page.worker.ask(Task::KeepPasted(image)),
        ImageInputCommand::PasteText(text) => page.worker.ask(Task::Named(text)),
        ImageInputCommand::ShowDropMenuOfShown => {
            if let Some(path) = page.state.shown_path().map(Path::to_owned) {
                offer(page, path);
            }
        }
        ImageInputCommand::ShowDropMenu(path) => offer(page, path),
        ImageInputCommand::Read(path) => read_picture(page, &path),
        ImageInputCommand::Use(target, path) => take(page, ctx, target, &path),
        ImageInputCommand::Compare(path) => {
            page.state.image_input.drop_menu = None;
            ctx.services.send(UiCommand::Compare(CompareCommand::Show(vec![path])));
        }
        ImageInputCommand::CloseDropMenu => page.state.image_input.drop_menu = None,
        ImageInputCommand::Remove(brought) => remove(page, ctx, brought),
        ImageInputCommand::Preview => preview::want(page, ctx),
        ImageInputCommand::ClosePreview => preview::close(page, ctx),
        ImageInputCommand::EditMask => masks::toggle(page, ctx),
        ImageInputCommand::SetOutpaint(outpaint) => page.draft.request.outpaint = outpaint,
        ImageInputCommand::Mask(edit) => masks::edit(page, edit),
        ImageInputCommand::SetBrush(brush) => page.state.image_input.mask.brush = brush,
        ImageInputCommand::SmallerBrush => resize_brush(page, false),
        ImageInputCommand::LargerBrush => resize_brush(page, true),
        ImageInputCommand::ToggleEraser => {
            page.state.image_input.mask.brush.is_eraser ^= page.state.image_input.mask.is_open;
        }
    }
}

fn resize_brush(page: &mut StudioPage, is_larger: bool) {
    let editor = &mut page.state.image_input.mask;
    if editor.is_open {
        editor.brush = editor.brush.resized(is_larger);
    }
}

/// Closes the preview and the mask; whether making a picture must wait until that is saved.
pub(in crate::ui) fn holds_generate(page: &mut StudioPage, ctx: &PageContext<'_>) -> bool {
    preview::close(page, ctx);
    masks::holds_generate(page)
}

/// Takes the preview, the mask and the choice of targets off the canvas.
pub(in crate::ui) fn make_way(page: &mut StudioPage, ctx: &PageContext<'_>) {
    preview::close(page, ctx);
    masks::close(page);
    page.state.image_input.drop_menu = None;
}

/// Takes what is pasted, and the keys of targets while they are shown, out of the input.
pub(in crate::ui) fn handle_input(page: &StudioPage, ctx: &PageContext<'_>) {
    let send = |command| ctx.services.send(UiCommand::ImageInput(command));
    if let Some(path) = &page.state.image_input.drop_menu {
        ctx.egui.input_mut(|input| {
            if input.consume_key(Modifiers::NONE, Key::Escape) {
                send(ImageInputCommand::CloseDropMenu);
            }
            for (key, target) in NUMBERS.into_iter().zip(Target::ALL) {
                if input.consume_key(Modifiers::NONE, key) {
                    send(ImageInputCommand::Use(target, path.clone()));
                }
            }
        });
    }
    let hovered = ctx
        .egui
        .input(|input| input.raw.hovered_files.first().and_then(|file| file.path.clone()));
    if let Some(path) = hovered.filter(|path| pasting::is_picture(path) && page.state.image_input.look(path).is_none())
    {
        send(ImageInputCommand::Read(path));
    }
    if ctx.egui.egui_wants_keyboard_input() && !leaves_keys_to_page(ctx.egui) {
        return; // it belongs to the field
    }
    let closes = if page.state.is_mask_shown(ctx.state) {
        Some(ImageInputCommand::EditMask)
    } else {
        page.state
            .is_preview_shown(ctx.state)
            .then_some(ImageInputCommand::ClosePreview)
    };
    if let Some(close) = closes.filter(|_| ctx.state.jobs.is_engine_idle())
        && ctx
            .egui
            .input_mut(|input| input.consume_key(Modifiers::NONE, Key::Escape))
    {
        send(close);
    }
    ctx.egui.input(|input| {
        for event in &input.events {
            match event {
                Input::PasteImage(image) => send(ImageInputCommand::PasteImage(Arc::clone(image))),
                Input::Paste(text) => send(ImageInputCommand::PasteText(text.clone())),
                _ => {}
            }
        }
    });
}

/// Takes in what was dropped: one picture is offered, several are compared, everything else is a model.
pub(in crate::ui) fn open_dropped(page: &mut StudioPage, ctx: &PageContext<'_>, paths: Vec<PathBuf>) {
    let (pictures, models): (Vec<_>, Vec<_>) = paths.into_iter().partition(|path| pasting::is_picture(path));
    for path in models {
        let path = match path.parent().filter(|_| path.ends_with(MODEL_INDEX)) {
            Some(folder) => folder.to_owned(),
            None => path,
        };
        ctx.services.send(UiCommand::UseModel(ModelRef::Path(path)));
    }
    match <[PathBuf; 1]>::try_from(pictures) {
        Ok([path]) => offer(page, path),
        Err(none) if none.is_empty() => {}
        Err(several) => ctx.services.send(UiCommand::Compare(CompareCommand::Show(several))),
    }
}

fn choose(ctx: &PageContext<'_>) {
    ctx.services.pick_picture("bring-dialog", |path| {
        UiCommand::ImageInput(ImageInputCommand::ShowDropMenu(path))
    });
}

fn offer(page: &mut StudioPage, path: PathBuf) {
    read_picture(page, &path);
    page.state.image_input.drop_menu = Some(path);
}

fn take(page: &mut StudioPage, ctx: &mut PageContext<'_>, target: Target, path: &Path) {
    if let Some(reason) = page.state.target_refusal(ctx.state, &page.draft, target, path) {
        ctx.state.notices.notify(Level::Error, reason); // what is offered stays, for another choice
        return;
    }
    page.state.image_input.drop_menu = None;
    ctx.state.strangers.accept(path); // it was the user who brought it
    if target == Target::ReadSettings {
        files::open_picture(page, ctx, path.to_owned());
        ctx.state.page = PageId::Studio;
        return;
    }
    read_picture(page, path);
    ctx.state.page = PageId::Studio;
    ctx.state.sides.is_form_shown = true;
    form::mark(page);
    page.state.branching = None; // the form is that of another run now
    match target {
        Target::Restyle | Target::StartFrom | Target::PaintInto => start_from(page, ctx, target, path),
        Target::Style => refer(page, path, ReferencePart::Style),
        Target::Content => refer(page, path, ReferencePart::Content),
        Target::Outlines => follow(page, ctx, path),
        Target::ReadSettings => {}
    }
}

fn start_from(page: &mut StudioPage, ctx: &mut PageContext<'_>, target: Target, path: &Path) {
    let shown = match page.state.image_input.says(path) {
        Says::How(record) => record.request.prompt.clone(),
        Says::Nothing | Says::NotRead => String::new(),
    };
    let way = match target {
        Target::Restyle => InitWay::Inversion { prompt: shown },
        _ => InitWay::Noise,
    };
    let form = &mut page.draft.request;
    form.init = Some(InitPicture {
        file: path.to_owned(),
        strength: target.strength(),
        way,
    });
    form.mask = None;
    form.outpaint = Outpaint::default();
    preview::close(page, ctx);
    if target == Target::PaintInto {
        page.draft.request.mask = Some(Mask::default());
        if !page.state.image_input.mask.is_open {
            masks::toggle(page, ctx);
        }
    } else {
        masks::close(page);
    }
    page.state.image_input.fitting = Some(path.to_owned());
    fit(page, ctx);
}

fn refer(page: &mut StudioPage, path: &Path, part: ReferencePart) {
    if let Some(adapter) = page.state.image_input.adapters.references.first().cloned() {
        page.draft.request.references.push(Reference {
            adapter,
            picture: path.to_owned(),
            part,
            ..Reference::default()
        });
    }
}

fn follow(page: &mut StudioPage, ctx: &PageContext<'_>, path: &Path) {
    if let Some(model) = page.state.image_input.adapters.controls.first().cloned() {
        page.draft.request.controls.push(Control {
            preprocessor: preprocessor_for(&model, &engine::preprocessors()),
            model,
            picture: path.to_owned(),
            ..Control::default()
        });
    }
    if page.draft.request.init.is_none() {
        page.state.image_input.fitting = Some(path.to_owned());
        fit(page, ctx);
    }
}

/// Gives the form the proportions of the picture that waits for it, once it is read.
fn fit(page: &mut StudioPage, ctx: &PageContext<'_>) {
    let Some(path) = &page.state.image_input.fitting else {
        return;
    };
    let pixels = match page.state.image_input.look(path) {
        Some(InputStatus::Done(looked)) => Arc::clone(&looked.pixels),
        Some(InputStatus::Reading) => return,
        Some(InputStatus::Failed(_)) | None => {
            page.state.image_input.fitting = None;
            return;
        }
    };
    page.state.image_input.fitting = None;
    let takes = ctx
        .state
        .model(&page.draft.request.model)
        .map_or_else(Takes::default, |info| info.takes);
    let defaults = &page.draft.defaults;
    let native = (defaults.request.width_px, defaults.request.height_px);
    let multiple = defaults.size_multiple_px;
    let size = fitted_size((pixels.width_px, pixels.height_px), native, multiple, takes);
    (page.draft.request.width_px, page.draft.request.height_px) = size;
}

fn remove(page: &mut StudioPage, ctx: &PageContext<'_>, brought: InputImage) {
    let form = &mut page.draft.request;
    match brought {
        InputImage::Start => {
            form.init = None;
            form.mask = None;
            form.outpaint = Outpaint::default();
            preview::close(page, ctx);
            masks::close(page);
        }
        InputImage::Control(place) if place < form.controls.len() => {
            form.controls.remove(place);
        }
        InputImage::Reference(place) if place < form.references.len() => {
            form.references.remove(place);
        }
        InputImage::Control(_) | InputImage::Reference(_) => {}
    }
}

/// Takes in what the engine says of previews; whether it was about one.
pub(in crate::ui) fn take_event(page: &mut StudioPage, ctx: &mut PageContext<'_>, event: &Event) -> bool {
    preview::take_event(page, ctx, event)
}

/// Takes in what was done elsewhere, and has done what is due; called before every frame.
pub(in crate::ui) fn tick(page: &mut StudioPage, ctx: &mut PageContext<'_>) {
    page.state.image_input.find_adapters(&ctx.state.installed);
    while let Some(done) = page.worker.poll() {
        match done {
            Done::ReadPicture(path, looked) => {
                let look = match looked {
                    Ok(looked) => InputStatus::Done(looked),
                    Err(reason) => {
                        let values = [("file", file_name(&path)), ("reason", reason.clone())];
                        let text = Text::new("notice-not-opened", values);
                        ctx.state.notices.notify(Level::Error, text);
                        InputStatus::Failed(reason)
                    }
                };
                page.state.image_input.set_look(&path, look);
                fit(page, ctx);
            }
            Done::Pasted(Ok(Some(path))) => offer(page, path),
            Done::Pasted(Ok(None)) => {
                ctx.state.notices.notify(Level::Info, Text::key("bring-nothing-pasted"));
            }
            Done::Pasted(Err(reason)) => {
                let text = Text::new("bring-not-pasted", [("reason", reason)]);
                ctx.state.notices.notify(Level::Error, text);
            }
            Done::KeptMask(version, kept) => masks::take_kept(page, ctx, version, kept),
            Done::ReadMask(file, read) => masks::take_read(page, ctx, &file, read),
        }
    }
    read_restored(page, ctx.state);
    masks::tick(page, ctx);
    preview::tick(page, ctx);
}
