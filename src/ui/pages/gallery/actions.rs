//! What each command of the page does.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use egui::{Context, Event, Key, Modifiers};

use super::{GalleryPage, copying, dates};
use crate::gallery::{IndexRequest, MetadataChange, PictureEntry};
use crate::ui::commands::{CompareCommand, GalleryCommand, PageId, PageNotice, UiCommand};
use crate::ui::model::notifications::{Level, NoticeAction, Notices, Text};
use crate::ui::page::PageContext;
use crate::ui::services::Services;
use crate::ui::widgets::tab_stop::leaves_keys_to_page;

/// As many pictures can be held against each other.
const COMPARABLE: std::ops::RangeInclusive<usize> = 2..=9;

impl GalleryPage {
    /// Does what the page was asked for. Returns at once.
    pub(super) fn carry_out(&mut self, command: GalleryCommand, ctx: &mut PageContext<'_>) {
        let now = ctx.egui.input(|input| input.time);
        let page = &mut self.state;
        match command {
            GalleryCommand::Go(go, is_extending) => page.go(go, is_extending),
            GalleryCommand::ChooseAll => page.choose_all(),
            GalleryCommand::Leave => page.leave(),
            GalleryCommand::Open => self.open(ctx.services),
            GalleryCommand::Preview => page.toggle_preview(),
            GalleryCommand::Rate(rating) => self.mark(MetadataChange::Rate(rating), ctx.services),
            GalleryCommand::Favourite => {
                let is_favourite = page.all_favourites();
                self.mark(MetadataChange::Favourite(!is_favourite), ctx.services);
            }
            GalleryCommand::EditTags => page.edit_tags(),
            GalleryCommand::Trash => {
                let ids = page.subjects();
                if !ids.is_empty() {
                    ask(ctx.services, IndexRequest::Trash(ids));
                }
            }
            GalleryCommand::UndoTrash => {
                if page.take_undo() {
                    ctx.state.notices.close_newest_with(NoticeAction::UndoTrash);
                    ask(ctx.services, IndexRequest::UndoTrash);
                }
            }
            GalleryCommand::Compare => self.compare(ctx),
            GalleryCommand::CopyImage => self.with_focused(ctx.services, copying::copy_image),
            GalleryCommand::CopyPrompt => {
                if let Some(entry) = page.focused() {
                    ctx.egui.copy_text(entry.prompt.clone());
                    let text = Text::key("gallery-copied-prompt");
                    ctx.state.notices.notify(Level::Info, text);
                }
            }
            GalleryCommand::CopySettings => self.with_focused(ctx.services, copying::copy_settings),
            GalleryCommand::Reveal => {
                self.with_focused(ctx.services, |services, entry| services.open_folder(entry.path.clone()));
            }
            GalleryCommand::Find => page.findings += 1,
            GalleryCommand::ExplainSearch => page.search.is_explained ^= true,
            GalleryCommand::ToggleDetails => page.is_details_shown ^= true,
            GalleryCommand::Choose(index, choice) => page.choose(index, choice),
            GalleryCommand::Mark(change) => self.mark(change, ctx.services),
            GalleryCommand::Type { text, caret } => page.search.typed(text, caret, now),
            GalleryCommand::SearchFor(text) => page.search.replace(text),
            GalleryCommand::Remember => page.search.remember(),
            GalleryCommand::SetOrder(order) => page.set_order(order),
            GalleryCommand::SetSide(side) => page.set_side(side),
            GalleryCommand::GridSize { width, height } => page.set_room(width, height),
            GalleryCommand::InSight(range) => page.set_in_sight(range),
            GalleryCommand::AddFolder => ctx.services.pick_folder("gallery-choose-folder", |folder| {
                UiCommand::Gallery(GalleryCommand::Watch(folder))
            }),
            GalleryCommand::Watch(folder) => watch(ctx.services, |folders| {
                if !folders.contains(&folder) {
                    folders.push(folder);
                }
            }),
            GalleryCommand::Unwatch(folder) => {
                watch(ctx.services, |folders| folders.retain(|other| *other != folder));
            }
            GalleryCommand::OpenFolder(folder) => ctx.services.open_folder(folder),
            GalleryCommand::Rescan => ask(ctx.services, IndexRequest::Rescan),
            GalleryCommand::PutText(text) => ctx.egui.copy_text(text),
            GalleryCommand::Notify(notice) => notify(notice, &mut ctx.state.notices),
        }
    }

    /// Takes keys and asks the index what is due, while the page is shown.
    pub(super) fn tick_shown(&mut self, ctx: &PageContext<'_>) {
        self.state.today = dates::today();
        handle_keys(ctx);
        let now = ctx.egui.input(|input| input.time);
        let Some(index) = &ctx.services.index else { return };
        let left = self.state.ask_what_is_due(now, |request| index.request(request));
        if let Some(left) = left {
            ctx.egui.request_repaint_after(Duration::from_secs_f64(left));
        }
    }

    /// Has Escape close the preview, and never stop a job over it. The result says whether Escape is for something above
    /// the preview, a field or a menu, so that no key may mean a command now.
    pub(super) fn close_preview_on_escape(&self, ctx: &PageContext<'_>) -> bool {
        if !self.state.is_previewing || !ctx.egui.input(|input| input.key_pressed(Key::Escape)) {
            return false;
        }
        if !has_keys(ctx.egui) {
            return true;
        }
        ctx.egui
            .input_mut(|input| input.consume_key(Modifiers::NONE, Key::Escape));
        ctx.services.send(UiCommand::Gallery(GalleryCommand::Leave));
        false
    }

    fn with_focused(&self, services: &Services, act: impl FnOnce(&Services, &Arc<PictureEntry>)) {
        if let Some(entry) = self.state.focused() {
            act(services, entry);
        }
    }

    fn open(&mut self, services: &Services) {
        let Some(entry) = self.state.focused() else { return };
        let path = entry.path.clone();
        self.state.is_previewing = false;
        services.send(UiCommand::ShowPage(PageId::Studio));
        services.send(UiCommand::ShowPicture(path));
    }

    fn mark(&mut self, change: MetadataChange, services: &Services) {
        let ids = self.state.subjects();
        if ids.is_empty() {
            return;
        }
        self.state.mark(&ids, &change);
        ask(services, IndexRequest::EditMetadata { ids, change });
    }

    fn compare(&mut self, ctx: &mut PageContext<'_>) {
        let ids = self.state.subjects();
        if !COMPARABLE.contains(&ids.len()) {
            let text = Text::new("gallery-compare-count", [("count", ids.len())]);
            ctx.state.notices.notify(Level::Info, text);
            return;
        }
        let known = ids.iter().filter_map(|id| self.state.entry(*id));
        let paths: Vec<PathBuf> = known.map(|entry| entry.path.clone()).collect();
        self.state.is_previewing = false;
        ctx.services.send(UiCommand::Compare(CompareCommand::Show(paths)));
        ctx.services.send(UiCommand::ShowPage(PageId::Compare));
    }
}

/// Whether keys are for the page: no field has the keyboard, and no menu is open.
fn has_keys(ctx: &Context) -> bool {
    let is_taken = ctx.egui_wants_keyboard_input() && !leaves_keys_to_page(ctx);
    !is_taken && !egui::Popup::is_any_open(ctx)
}

/// Takes the keys that are no shortcuts: the system's own key for copying, and Escape while no menu and no field has it.
fn handle_keys(ctx: &PageContext<'_>) {
    if !has_keys(ctx.egui) {
        return;
    }
    let (is_copy, is_escape) = ctx.egui.input(|input| {
        let is_copy = input.events.iter().any(|event| matches!(event, Event::Copy));
        (is_copy, input.key_pressed(Key::Escape))
    });
    let pressed = [(is_copy, GalleryCommand::CopyImage), (is_escape, GalleryCommand::Leave)];
    for (_, command) in pressed.into_iter().filter(|(is_pressed, _)| *is_pressed) {
        ctx.services.send(UiCommand::Gallery(command));
        ctx.egui.request_repaint();
    }
}

/// Notifies the user of something that the page found out.
pub(super) fn notify(notice: PageNotice, notices: &mut Notices) {
    match notice {
        PageNotice::Info(text) => notices.notify(Level::Info, text),
        PageNotice::Error(text) => notices.notify(Level::Error, text),
        PageNotice::Undoable(text) => {
            notices.notify_with_action(Level::Info, text, NoticeAction::UndoTrash);
        }
    }
}

pub(super) fn ask(services: &Services, request: IndexRequest) {
    if let Some(index) = &services.index {
        index.request(request);
    }
}

fn watch(services: &mut Services, change: impl FnOnce(&mut Vec<PathBuf>)) {
    services.change_settings(|settings| change(&mut settings.watched_folders));
    ask(services, IndexRequest::Watch(services.settings.watched_folders.clone()));
}
