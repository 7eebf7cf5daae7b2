//! What each command does.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use egui::{Event as Input, Key, Modifiers};

use super::command::{BringCommand, Brought};
use super::masks;
use super::pasting;
use super::preview;
use super::state::Look;
use super::target::{Says, Target, fitted_size, preprocessor_for};
use super::workbench::{Done, Task};
use crate::config::Paths;
use crate::engine;
use crate::hub::Kind;
use crate::job::{Control, Event, InitPicture, InitWay, Mask, ModelRef, Outpaint, Reference, ReferencePart, Takes};
use crate::ui::app::Studio;
use crate::ui::commands::UiCommand;
use crate::ui::model::notifications::{Level, Text};
use crate::ui::model::state::file_name;
use crate::ui::pages::Page;
use crate::ui::pages::compare::CompareCommand;
use crate::ui::pages::studio::actions::files;

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
pub(in crate::ui) fn carry_out(studio: &mut Studio, _ctx: &egui::Context, command: BringCommand) {
    match command {
        BringCommand::Choose => choose(studio),
        BringCommand::Paste => studio.workbench.ask(Task::Clipboard),
        BringCommand::OfferPasted(image) => studio.workbench.ask(Task::KeepPasted(image)),
        BringCommand::OfferNamed(text) => studio.workbench.ask(Task::Named(text)),
        BringCommand::OfferShown => {
            if let Some(path) = studio.state.shown_path().map(Path::to_owned) {
                offer(studio, path);
            }
        }
        BringCommand::Offer(path) => offer(studio, path),
        BringCommand::Look(path) => look(studio, &path),
        BringCommand::Take(target, path) => take(studio, target, &path),
        BringCommand::Elsewhere(path) => {
            studio.state.bring.offered = None;
            studio.send(UiCommand::Compare(CompareCommand::Show(vec![path])));
        }
        BringCommand::LeaveOffer => studio.state.bring.offered = None,
        BringCommand::Remove(brought) => remove(studio, brought),
        BringCommand::Preview => preview::want(studio),
        BringCommand::ClosePreview => preview::close(studio),
        BringCommand::EditMask => masks::toggle(studio),
        BringCommand::SetOutpaint(outpaint) => studio.draft.beyond.outpaint = outpaint,
        BringCommand::Mask(edit) => masks::edit(studio, edit),
        BringCommand::SetBrush(brush) => studio.state.bring.mask.brush = brush,
        BringCommand::SmallerBrush => resize_brush(studio, false),
        BringCommand::LargerBrush => resize_brush(studio, true),
        BringCommand::ToggleEraser => studio.state.bring.mask.brush.is_eraser ^= studio.state.bring.mask.is_open,
    }
}

fn resize_brush(studio: &mut Studio, is_larger: bool) {
    let editor = &mut studio.state.bring.mask;
    if editor.is_open {
        editor.brush = editor.brush.resized(is_larger);
    }
}

/// Does what pictures that are brought in make of other commands; whether nothing more is to be done.
pub(in crate::ui) fn takes(studio: &mut Studio, command: &UiCommand) -> bool {
    match command {
        UiCommand::Generate => {
            preview::close(studio);
            masks::holds_generate(studio)
        }
        UiCommand::ShowPicture(_) | UiCommand::OpenPicture(_) | UiCommand::ShowLive | UiCommand::ShowStep(_) => {
            preview::close(studio);
            masks::close(studio);
            studio.state.bring.offered = None;
            false
        }
        _ => false,
    }
}

/// Takes what is pasted, and the keys of targets while they are shown, out of the input.
pub(in crate::ui) fn hear(studio: &Studio, ctx: &egui::Context) {
    let send = |command| studio.send(UiCommand::Bring(command));
    if let Some(path) = &studio.state.bring.offered {
        ctx.input_mut(|input| {
            if input.consume_key(Modifiers::NONE, Key::Escape) {
                send(BringCommand::LeaveOffer);
            }
            for (key, target) in NUMBERS.into_iter().zip(Target::ALL) {
                if input.consume_key(Modifiers::NONE, key) {
                    send(BringCommand::Take(target, path.clone()));
                }
            }
        });
    }
    let hovered = ctx.input(|input| input.raw.hovered_files.first().and_then(|file| file.path.clone()));
    if let Some(path) = hovered.filter(|path| pasting::is_picture(path) && studio.state.bring.look(path).is_none()) {
        send(BringCommand::Look(path));
    }
    if ctx.egui_wants_keyboard_input() {
        return; // it belongs to the field
    }
    let closes = if studio.state.is_mask_shown() {
        Some(BringCommand::EditMask)
    } else {
        studio.state.is_preview_shown().then_some(BringCommand::ClosePreview)
    };
    if let Some(close) = closes.filter(|_| studio.state.queue.is_empty())
        && ctx.input_mut(|input| input.consume_key(Modifiers::NONE, Key::Escape))
    {
        send(close);
    }
    ctx.input(|input| {
        for event in &input.events {
            match event {
                Input::PasteImage(image) => send(BringCommand::OfferPasted(Arc::clone(image))),
                Input::Paste(text) => send(BringCommand::OfferNamed(text.clone())),
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
    let title = studio.language.tr("bring-dialog");
    let (commands, wake) = (studio.commands.clone(), Arc::clone(&studio.wake));
    let answer = move |path| {
        commands.send(UiCommand::Bring(BringCommand::Offer(path)));
        wake();
    };
    studio.services.dialogs.pick_picture(title, Box::new(answer));
}

fn offer(studio: &mut Studio, path: PathBuf) {
    // First, so that the choices do not change once the picture is read.
    studio.workbench.ask(Task::FindAdapters(adapter_folders(studio)));
    look(studio, &path);
    studio.state.bring.offered = Some(path);
}

/// Where adapters are looked for.
fn adapter_folders(studio: &Studio) -> Vec<PathBuf> {
    let own = Paths::of_user().models_dir;
    let others = studio.settings.model_folders.iter().cloned();
    std::iter::once(own).chain(others).collect()
}

/// Has a picture read unless it was, and forgets those that nothing refers to.
pub(super) fn look(studio: &mut Studio, path: &Path) {
    let bring = &mut studio.state.bring;
    if matches!(bring.look(path), Some(Look::Reading | Look::Done(_))) {
        return;
    }
    let beyond = &studio.draft.beyond;
    let mut used: Vec<&Path> = beyond.init.iter().map(|init| init.file.as_path()).collect();
    used.extend(beyond.controls.iter().map(|control| control.picture.as_path()));
    used.extend(beyond.references.iter().map(|reference| reference.picture.as_path()));
    used.extend(bring.offered.as_deref());
    bring
        .looks
        .retain(|(known, look)| used.contains(&known.as_path()) || matches!(look, Look::Reading));
    bring.set_look(path, Look::Reading);
    studio.workbench.ask(Task::Look(path.to_owned()));
}

fn take(studio: &mut Studio, target: Target, path: &Path) {
    if let Some(reason) = studio.state.target_refusal(&studio.draft, target, path) {
        studio.state.notices.tell(Level::Error, reason); // what is offered stays, for another choice
        return;
    }
    studio.state.bring.offered = None;
    if target == Target::ReadSettings {
        files::open_picture(studio, path.to_owned());
        studio.state.page = Page::Studio;
        return;
    }
    look(studio, path);
    studio.state.page = Page::Studio;
    studio.state.sides.is_form_shown = true;
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
    let shown = match studio.state.bring.says(path) {
        Says::How(record) => record.request.prompt.clone(),
        Says::Nothing | Says::NotRead => String::new(),
    };
    let way = match target {
        Target::Restyle => InitWay::Inversion { prompt: shown },
        _ => InitWay::Noise,
    };
    let beyond = &mut studio.draft.beyond;
    beyond.init = Some(InitPicture {
        file: path.to_owned(),
        strength: target.strength(),
        way,
    });
    beyond.mask = None;
    beyond.outpaint = Outpaint::default();
    preview::close(studio);
    if target == Target::PaintInto {
        studio.draft.beyond.mask = Some(Mask::default());
        if !studio.state.bring.mask.is_open {
            masks::toggle(studio);
        }
    } else {
        masks::close(studio);
    }
    studio.state.bring.fitting = Some(path.to_owned());
    fit(studio);
}

fn refer(studio: &mut Studio, path: &Path, part: ReferencePart) {
    if let Some(adapter) = studio.state.bring.adapters.references.first().cloned() {
        studio.draft.beyond.references.push(Reference {
            adapter,
            picture: path.to_owned(),
            part,
            ..Reference::default()
        });
    }
}

fn follow(studio: &mut Studio, path: &Path) {
    if let Some(model) = studio.state.bring.adapters.controls.first().cloned() {
        studio.draft.beyond.controls.push(Control {
            preprocessor: preprocessor_for(&model, &engine::preprocessors()),
            model,
            picture: path.to_owned(),
            ..Control::default()
        });
    }
    if studio.draft.beyond.init.is_none() {
        studio.state.bring.fitting = Some(path.to_owned());
        fit(studio);
    }
}

/// Gives the form the proportions of the picture that waits for it, once it is read.
fn fit(studio: &mut Studio) {
    let Some(path) = &studio.state.bring.fitting else {
        return;
    };
    let pixels = match studio.state.bring.look(path) {
        Some(Look::Done(looked)) => Arc::clone(&looked.pixels),
        Some(Look::Reading) => return,
        Some(Look::Failed(_)) | None => {
            studio.state.bring.fitting = None;
            return;
        }
    };
    studio.state.bring.fitting = None;
    let takes = studio
        .state
        .model(&studio.draft.model)
        .map_or_else(Takes::default, |info| info.takes);
    let defaults = &studio.draft.defaults;
    let native = (defaults.width_px, defaults.height_px);
    let multiple = defaults.size_multiple_px;
    let size = fitted_size((pixels.width_px, pixels.height_px), native, multiple, takes);
    (studio.draft.width_px, studio.draft.height_px) = size;
}

fn remove(studio: &mut Studio, brought: Brought) {
    let beyond = &mut studio.draft.beyond;
    match brought {
        Brought::Start => {
            beyond.init = None;
            beyond.mask = None;
            beyond.outpaint = Outpaint::default();
            preview::close(studio);
            masks::close(studio);
        }
        Brought::Control(place) if place < beyond.controls.len() => {
            beyond.controls.remove(place);
        }
        Brought::Reference(place) if place < beyond.references.len() => {
            beyond.references.remove(place);
        }
        Brought::Control(_) | Brought::Reference(_) => {}
    }
}

/// Takes in what the engine says of previews; whether it was about one.
pub(in crate::ui) fn take_event(studio: &mut Studio, event: &Event) -> bool {
    preview::take_event(studio, event)
}

/// Takes in what was done elsewhere, and has done what is due; called before every frame.
pub(in crate::ui) fn tick(studio: &mut Studio, _ctx: &egui::Context) {
    while let Some(done) = studio.workbench.poll() {
        match done {
            Done::Looked(path, looked) => {
                let look = match looked {
                    Ok(looked) => Look::Done(looked),
                    Err(reason) => {
                        let values = [("file", file_name(&path)), ("reason", reason.clone())];
                        let text = Text::new("notice-not-opened", values);
                        studio.state.notices.tell(Level::Error, text);
                        Look::Failed(reason)
                    }
                };
                studio.state.bring.set_look(&path, look);
                fit(studio);
            }
            Done::Pasted(Ok(Some(path))) => offer(studio, path),
            Done::Pasted(Ok(None)) => {
                studio
                    .state
                    .notices
                    .tell(Level::Info, Text::key("bring-nothing-pasted"));
            }
            Done::Pasted(Err(reason)) => {
                let text = Text::new("bring-not-pasted", [("reason", reason)]);
                studio.state.notices.tell(Level::Error, text);
            }
            Done::KeptMask(version, kept) => masks::take_kept(studio, version, kept),
            Done::ReadMask(file, read) => masks::take_read(studio, &file, read),
            Done::Found(adapters) => {
                let shelf = studio.state.models_page.shelf.items.iter();
                let controls = shelf.filter(|item| item.kind == Kind::Control);
                let paths = controls.map(|item| item.path.as_path());
                studio.state.bring.adapters = adapters.with(paths);
            }
        }
    }
    look_at_restored(studio);
    masks::tick(studio);
    preview::tick(studio);
}

/// Has the pictures read that restored settings name.
fn look_at_restored(studio: &mut Studio) {
    let beyond = &studio.draft.beyond;
    let pictures = beyond.init.iter().map(|init| &init.file);
    let pictures = pictures.chain(beyond.controls.iter().map(|control| &control.picture));
    let pictures = pictures.chain(beyond.references.iter().map(|reference| &reference.picture));
    let unknown = pictures
        .into_iter()
        .find(|path| studio.state.bring.look(path).is_none());
    if let Some(path) = unknown.cloned() {
        look(studio, &path);
    }
}
