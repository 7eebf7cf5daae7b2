//! What each command of the page does.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use egui::{Event, Key};

use super::GalleryCommand;
use super::desktop;
use super::page::PageNotice;
use crate::gallery::{IndexRequest, IndexService, MetadataChange, PictureEntry};
use crate::ui::app::Studio;
use crate::ui::commands::CompareCommand;
use crate::ui::commands::UiCommand;
use crate::ui::model::notifications::{Level, Text};
use crate::ui::pages::PageId;
use crate::ui::widgets::tab_stop::leaves_keys_to_page;

/// Longest time a frame spends taking in what the index service tells; the rest waits for the next.
const DRAIN_BUDGET: Duration = Duration::from_millis(4);
/// As many pictures can be held against each other.
const COMPARABLE: std::ops::RangeInclusive<usize> = 2..=9;

/// Does what the page was asked for. Returns at once.
pub(in crate::ui) fn carry_out(studio: &mut Studio, ctx: &egui::Context, command: GalleryCommand) {
    let now = ctx.input(|input| input.time);
    let page = &mut studio.state.gallery;
    match command {
        GalleryCommand::Go(go, is_extending) => page.go(go, is_extending),
        GalleryCommand::ChooseAll => page.choose_all(),
        GalleryCommand::Leave => page.leave(),
        GalleryCommand::Open => open(studio),
        GalleryCommand::Preview => page.toggle_preview(),
        GalleryCommand::Rate(rating) => mark(studio, MetadataChange::Rate(rating)),
        GalleryCommand::Favourite => favourite(studio),
        GalleryCommand::EditTags => page.edit_tags(),
        GalleryCommand::Trash => trash(studio),
        GalleryCommand::UndoTrash => undo_trash(studio),
        GalleryCommand::Compare => compare(studio),
        GalleryCommand::CopyImage => with_focused(studio, desktop::copy_image),
        GalleryCommand::CopyPrompt => copy_prompt(studio, ctx),
        GalleryCommand::CopySettings => with_focused(studio, desktop::copy_settings),
        GalleryCommand::Reveal => with_focused(studio, desktop::reveal),
        GalleryCommand::Find => page.findings += 1,
        GalleryCommand::ExplainSearch => page.search.is_explained ^= true,
        GalleryCommand::ToggleDetails => page.is_details_shown ^= true,
        GalleryCommand::Choose(index, choice) => page.choose(index, choice),
        GalleryCommand::Mark(change) => mark(studio, change),
        GalleryCommand::Type { text, caret } => page.search.typed(text, caret, now),
        GalleryCommand::SearchFor(text) => page.search.replace(text),
        GalleryCommand::Remember => page.search.remember(),
        GalleryCommand::SetOrder(order) => page.set_order(order),
        GalleryCommand::SetSide(side) => page.set_side(side),
        GalleryCommand::GridSize { width, height } => page.set_room(width, height),
        GalleryCommand::InSight(range) => page.set_in_sight(range),
        GalleryCommand::AddFolder => add_folder(studio),
        GalleryCommand::Watch(folder) => watch(studio, |folders| {
            if !folders.contains(&folder) {
                folders.push(folder);
            }
        }),
        GalleryCommand::Unwatch(folder) => watch(studio, |folders| folders.retain(|other| *other != folder)),
        GalleryCommand::OpenFolder(folder) => desktop::open_folder(studio, folder),
        GalleryCommand::Rescan => ask(studio, IndexRequest::Rescan),
        GalleryCommand::PutText(text) => ctx.copy_text(text),
        GalleryCommand::Notify(told) => tell(studio, told),
    }
}

/// Takes in what other threads have to tell; called before every frame, whichever page is shown.
pub(in crate::ui) fn tick(studio: &mut Studio, ctx: &egui::Context) {
    drain(studio);
    if studio.state.page != PageId::Gallery {
        return; // what is due is asked for when it is looked at
    }
    studio.state.gallery.today = super::dates::today();
    handle_keys(studio, ctx);
    let now = ctx.input(|input| input.time);
    let Some(library) = &studio.services.index else { return };
    let left = studio
        .state
        .gallery
        .ask_what_is_due(now, |question| library.request(question));
    if let Some(left) = left {
        ctx.request_repaint_after(Duration::from_secs_f64(left));
    }
}

fn drain(studio: &mut Studio) {
    let deadline = Instant::now() + DRAIN_BUDGET;
    while let Some(event) = studio.services.index.as_ref().and_then(IndexService::poll) {
        studio.state.compare.take_library(&event);
        if let Some(told) = studio.state.gallery.apply(event) {
            tell(studio, told);
        }
        if Instant::now() > deadline {
            (studio.services.repaint)();
            return;
        }
    }
}

/// Hears what is not a shortcut: the system's own key for copying, and Escape while no menu and no field has it.
fn handle_keys(studio: &Studio, ctx: &egui::Context) {
    let is_taken = ctx.egui_wants_keyboard_input() && !leaves_keys_to_page(ctx);
    if is_taken || egui::Popup::is_any_open(ctx) {
        return;
    }
    let (is_copy, is_escape) = ctx.input(|input| {
        let is_copy = input.events.iter().any(|event| matches!(event, Event::Copy));
        (is_copy, input.key_pressed(Key::Escape))
    });
    if is_copy {
        studio
            .services
            .commands
            .send(UiCommand::Gallery(GalleryCommand::CopyImage));
        ctx.request_repaint();
    }
    if is_escape {
        studio.services.commands.send(UiCommand::Gallery(GalleryCommand::Leave));
        ctx.request_repaint();
    }
}

fn tell(studio: &mut Studio, told: PageNotice) {
    let notices = &mut studio.state.notices;
    match told {
        PageNotice::Info(text) => notices.notify(Level::Info, text),
        PageNotice::Error(text) => notices.notify(Level::Error, text),
        PageNotice::Undoable(text) => {
            let undo = UiCommand::Gallery(GalleryCommand::UndoTrash);
            notices.notify_with_action(Level::Info, text, undo);
        }
    }
}

fn ask(studio: &Studio, question: IndexRequest) {
    if let Some(library) = &studio.services.index {
        library.request(question);
    }
}

fn with_focused(studio: &Studio, act: impl FnOnce(&Studio, &Arc<PictureEntry>)) {
    if let Some(entry) = studio.state.gallery.focused() {
        act(studio, entry);
    }
}

fn open(studio: &mut Studio) {
    let Some(entry) = studio.state.gallery.focused() else {
        return;
    };
    let path = entry.path.clone();
    studio.state.gallery.is_previewing = false;
    studio.services.commands.send(UiCommand::ShowPage(PageId::Studio));
    studio.services.commands.send(UiCommand::ShowPicture(path));
}

fn mark(studio: &mut Studio, change: MetadataChange) {
    let page = &mut studio.state.gallery;
    let ids = page.subjects();
    if ids.is_empty() {
        return;
    }
    page.mark(&ids, &change);
    ask(studio, IndexRequest::EditMetadata { ids, change });
}

fn favourite(studio: &mut Studio) {
    let is_favourite = studio.state.gallery.all_favourites();
    mark(studio, MetadataChange::Favourite(!is_favourite));
}

fn trash(studio: &Studio) {
    let ids = studio.state.gallery.subjects();
    if !ids.is_empty() {
        ask(studio, IndexRequest::Trash(ids));
    }
}

fn undo_trash(studio: &mut Studio) {
    if studio.state.gallery.take_undo() {
        ask(studio, IndexRequest::UndoTrash);
    }
}

fn compare(studio: &mut Studio) {
    let page = &studio.state.gallery;
    let ids = page.subjects();
    if !COMPARABLE.contains(&ids.len()) {
        let count = [("count", ids.len())];
        tell(studio, PageNotice::Info(Text::new("gallery-compare-count", count)));
        return;
    }
    let paths: Vec<PathBuf> = ids
        .iter()
        .filter_map(|id| Some(page.entry(*id)?.path.clone()))
        .collect();
    studio.state.gallery.is_previewing = false;
    studio
        .services
        .commands
        .send(UiCommand::Compare(CompareCommand::Show(paths)));
    studio.services.commands.send(UiCommand::ShowPage(PageId::Compare));
}

fn copy_prompt(studio: &mut Studio, ctx: &egui::Context) {
    let Some(entry) = studio.state.gallery.focused() else {
        return;
    };
    ctx.copy_text(entry.prompt.clone());
    tell(studio, PageNotice::Info(Text::key("gallery-copied-prompt")));
}

fn add_folder(studio: &Studio) {
    studio.services.pick_folder("gallery-choose-folder", |folder| {
        UiCommand::Gallery(GalleryCommand::Watch(folder))
    });
}

fn watch(studio: &mut Studio, change: impl FnOnce(&mut Vec<PathBuf>)) {
    studio
        .services
        .change_settings(|settings| change(&mut settings.watched_folders));
    ask(
        studio,
        IndexRequest::Watch(studio.services.settings.watched_folders.clone()),
    );
}
