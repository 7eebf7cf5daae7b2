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
use crate::config::Paths;
use crate::engine;
use crate::hub::ModelKind;
use crate::job::{Control, Event, InitPicture, InitWay, Mask, ModelRef, Outpaint, Reference, ReferencePart, Takes};
use crate::ui::app::Studio;
use crate::ui::commands::{CompareCommand, ImageInputCommand, InputImage, PageId, Target, UiCommand};
use crate::ui::model::notifications::{Level, Text};
use crate::ui::model::state::file_name;
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
pub(in crate::ui) fn carry_out(studio: &mut Studio, _ctx: &egui::Context, command: ImageInputCommand) {
    match command {
        ImageInputCommand::Choose => choose(studio),
        ImageInputCommand::Paste => studio.worker.ask(Task::Clipboard),
        ImageInputCommand::PasteImage(image) => studio.worker.ask(Task::KeepPasted(image)),
        ImageInputCommand::PasteText(text) => studio.worker.ask(Task::Named(text)),
        ImageInputCommand::ShowDropMenuOfShown => {
            if let Some(path) = studio.state.shown_path().map(Path::to_owned) {
                offer(studio, path);
            }
        }
        ImageInputCommand::ShowDropMenu(path) => offer(studio, path),
        ImageInputCommand::Read(path) => read_picture(studio, &path),
        ImageInputCommand::Use(target, path) => take(studio, target, &path),
        ImageInputCommand::Compare(path) => {
            studio.state.image_input.drop_menu = None;
            studio.send(UiCommand::Compare(CompareCommand::Show(vec![path])));
        }
        ImageInputCommand::CloseDropMenu => studio.state.image_input.drop_menu = None,
        ImageInputCommand::Remove(brought) => remove(studio, brought),
        ImageInputCommand::Preview => preview::want(studio),
        ImageInputCommand::ClosePreview => preview::close(studio),
        ImageInputCommand::EditMask => masks::toggle(studio),
        ImageInputCommand::SetOutpaint(outpaint) => studio.draft.request.outpaint = outpaint,
        ImageInputCommand::Mask(edit) => masks::edit(studio, edit),
        ImageInputCommand::SetBrush(brush) => studio.state.image_input.mask.brush = brush,
        ImageInputCommand::SmallerBrush => resize_brush(studio, false),
        ImageInputCommand::LargerBrush => resize_brush(studio, true),
        ImageInputCommand::ToggleEraser => {
            studio.state.image_input.mask.brush.is_eraser ^= studio.state.image_input.mask.is_open;
        }
    }
}

fn resize_brush(studio: &mut Studio, is_larger: bool) {
    let editor = &mut studio.state.image_input.mask;
    if editor.is_open {
        editor.brush = editor.brush.resized(is_larger);
    }
}

/// Does what pictures that are brought in make of other commands; whether nothing more is to be done.
pub(in crate::ui) fn intercepts(studio: &mut Studio, command: &UiCommand) -> bool {
    match command {
        UiCommand::Generate => {
            preview::close(studio);
            masks::holds_generate(studio)
        }
        UiCommand::ShowPicture(_) | UiCommand::OpenPicture(_) | UiCommand::ShowLive | UiCommand::ShowStep(_) => {
            preview::close(studio);
            masks::close(studio);
            studio.state.image_input.drop_menu = None;
            false
        }
        _ => false,
    }
}

/// Takes what is pasted, and the keys of targets while they are shown, out of the input.
pub(in crate::ui) fn handle_input(studio: &Studio, ctx: &egui::Context) {
    let send = |command| studio.send(UiCommand::ImageInput(command));
    if let Some(path) = &studio.state.image_input.drop_menu {
        ctx.input_mut(|input| {
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
    let hovered = ctx.input(|input| input.raw.hovered_files.first().and_then(|file| file.path.clone()));
    if let Some(path) =
        hovered.filter(|path| pasting::is_picture(path) && studio.state.image_input.look(path).is_none())
    {
        send(ImageInputCommand::Read(path));
    }
    if ctx.egui_wants_keyboard_input() && !leaves_keys_to_page(ctx) {
        return; // it belongs to the field
    }
    let closes = if studio.state.is_mask_shown() {
        Some(ImageInputCommand::EditMask)
    } else {
        studio
            .state
            .is_preview_shown()
            .then_some(ImageInputCommand::ClosePreview)
    };
    if let Some(close) = closes.filter(|_| studio.state.jobs.is_engine_idle())
        && ctx.input_mut(|input| input.consume_key(Modifiers::NONE, Key::Escape))
    {
        send(close);
    }
    ctx.input(|input| {
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
pub(in crate::ui) fn open_dropped(studio: &mut Studio, paths: Vec<PathBuf>) {
    let (pictures, models): (Vec<_>, Vec<_>) = paths.into_iter().partition(|path| pasting::is_picture(path));
    for path in models {
        let path = match path.parent().filter(|_| path.ends_with(MODEL_INDEX)) {
            Some(folder) => folder.to_owned(),
            None => path,
        };
        studio.send(UiCommand::UseModel(ModelRef::Path(path)));
    }
    match <[PathBuf; 1]>::try_from(pictures) {
        Ok([path]) => offer(studio, path),
        Err(none) if none.is_empty() => {}
        Err(several) => studio.send(UiCommand::Compare(CompareCommand::Show(several))),
    }
}

fn choose(studio: &Studio) {
    studio.services.pick_picture("bring-dialog", |path| {
        UiCommand::ImageInput(ImageInputCommand::ShowDropMenu(path))
    });
}

fn offer(studio: &mut Studio, path: PathBuf) {
    // First, so that the choices do not change once the picture is read.
    studio.worker.ask(Task::FindAdapters(adapter_folders(studio)));
    read_picture(studio, &path);
    studio.state.image_input.drop_menu = Some(path);
}

/// Where adapters are looked for.
fn adapter_folders(studio: &Studio) -> Vec<PathBuf> {
    let own = Paths::of_user().models_dir;
    let others = studio.services.settings.model_folders.iter().cloned();
    std::iter::once(own).chain(others).collect()
}

fn take(studio: &mut Studio, target: Target, path: &Path) {
    if let Some(reason) = studio.state.target_refusal(&studio.draft, target, path) {
        studio.state.notices.notify(Level::Error, reason); // what is offered stays, for another choice
        return;
    }
    studio.state.image_input.drop_menu = None;
    if target == Target::ReadSettings {
        files::open_picture(studio, path.to_owned());
        studio.state.page = PageId::Studio;
        return;
    }
    read_picture(studio, path);
    studio.state.page = PageId::Studio;
    studio.state.sides.is_form_shown = true;
    form::mark(studio);
    studio.state.branching = None; // the form is that of another run now
    match target {
        Target::Restyle | Target::StartFrom | Target::PaintInto => start_from(studio, target, path),
        Target::Style => refer(studio, path, ReferencePart::Style),
        Target::Content => refer(studio, path, ReferencePart::Content),
        Target::Outlines => follow(studio, path),
        Target::ReadSettings => {}
    }
}

fn start_from(studio: &mut Studio, target: Target, path: &Path) {
    let shown = match studio.state.image_input.says(path) {
        Says::How(record) => record.request.prompt.clone(),
        Says::Nothing | Says::NotRead => String::new(),
    };
    let way = match target {
        Target::Restyle => InitWay::Inversion { prompt: shown },
        _ => InitWay::Noise,
    };
    let form = &mut studio.draft.request;
    form.init = Some(InitPicture {
        file: path.to_owned(),
        strength: target.strength(),
        way,
    });
    form.mask = None;
    form.outpaint = Outpaint::default();
    preview::close(studio);
    if target == Target::PaintInto {
        studio.draft.request.mask = Some(Mask::default());
        if !studio.state.image_input.mask.is_open {
            masks::toggle(studio);
        }
    } else {
        masks::close(studio);
    }
    studio.state.image_input.fitting = Some(path.to_owned());
    fit(studio);
}

fn refer(studio: &mut Studio, path: &Path, part: ReferencePart) {
    if let Some(adapter) = studio.state.image_input.adapters.references.first().cloned() {
        studio.draft.request.references.push(Reference {
            adapter,
            picture: path.to_owned(),
            part,
            ..Reference::default()
        });
    }
}

fn follow(studio: &mut Studio, path: &Path) {
    if let Some(model) = studio.state.image_input.adapters.controls.first().cloned() {
        studio.draft.request.controls.push(Control {
            preprocessor: preprocessor_for(&model, &engine::preprocessors()),
            model,
            picture: path.to_owned(),
            ..Control::default()
        });
    }
    if studio.draft.request.init.is_none() {
        studio.state.image_input.fitting = Some(path.to_owned());
        fit(studio);
    }
}

/// Gives the form the proportions of the picture that waits for it, once it is read.
fn fit(studio: &mut Studio) {
    let Some(path) = &studio.state.image_input.fitting else {
        return;
    };
    let pixels = match studio.state.image_input.look(path) {
        Some(InputStatus::Done(looked)) => Arc::clone(&looked.pixels),
        Some(InputStatus::Reading) => return,
        Some(InputStatus::Failed(_)) | None => {
            studio.state.image_input.fitting = None;
            return;
        }
    };
    studio.state.image_input.fitting = None;
    let takes = studio
        .state
        .model(&studio.draft.request.model)
        .map_or_else(Takes::default, |info| info.takes);
    let defaults = &studio.draft.defaults;
    let native = (defaults.request.width_px, defaults.request.height_px);
    let multiple = defaults.size_multiple_px;
    let size = fitted_size((pixels.width_px, pixels.height_px), native, multiple, takes);
    (studio.draft.request.width_px, studio.draft.request.height_px) = size;
}

fn remove(studio: &mut Studio, brought: InputImage) {
    let form = &mut studio.draft.request;
    match brought {
        InputImage::Start => {
            form.init = None;
            form.mask = None;
            form.outpaint = Outpaint::default();
            preview::close(studio);
            masks::close(studio);
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
pub(in crate::ui) fn take_event(studio: &mut Studio, event: &Event) -> bool {
    preview::take_event(studio, event)
}

/// Takes in what was done elsewhere, and has done what is due; called before every frame.
pub(in crate::ui) fn tick(studio: &mut Studio, _ctx: &egui::Context) {
    while let Some(done) = studio.worker.poll() {
        match done {
            Done::ReadPicture(path, looked) => {
                let look = match looked {
                    Ok(looked) => InputStatus::Done(looked),
                    Err(reason) => {
                        let values = [("file", file_name(&path)), ("reason", reason.clone())];
                        let text = Text::new("notice-not-opened", values);
                        studio.state.notices.notify(Level::Error, text);
                        InputStatus::Failed(reason)
                    }
                };
                studio.state.image_input.set_look(&path, look);
                fit(studio);
            }
            Done::Pasted(Ok(Some(path))) => offer(studio, path),
            Done::Pasted(Ok(None)) => {
                studio
                    .state
                    .notices
                    .notify(Level::Info, Text::key("bring-nothing-pasted"));
            }
            Done::Pasted(Err(reason)) => {
                let text = Text::new("bring-not-pasted", [("reason", reason)]);
                studio.state.notices.notify(Level::Error, text);
            }
            Done::KeptMask(version, kept) => masks::take_kept(studio, version, kept),
            Done::ReadMask(file, read) => masks::take_read(studio, &file, read),
            Done::Found(adapters) => {
                let items = studio.state.installed.models.items.iter();
                let controls = items.filter(|item| item.kind == ModelKind::Control);
                let paths = controls.map(|item| item.path.as_path());
                studio.state.image_input.adapters = adapters.with(paths);
            }
        }
    }
    read_restored(studio);
    masks::tick(studio);
    preview::tick(studio);
}
