//! What the page knows: a pure function of what it was told.

use std::ops::Range;
use std::path::PathBuf;
use std::sync::Arc;

use super::entry_cache::EntryCache;
use super::layout::GridLayout;
use super::search::Search;
use super::selection::Selection;
use crate::gallery::{
    EntryId, IndexEvent, IndexRequest, LabelCount, MetadataChange, PictureEntry, SearchResult, SortOrder, Ticket,
};
use crate::ui::commands::{Go, PageNotice, SelectMode};
use crate::ui::i18n::Value;
use crate::ui::model::notifications::Text;
use crate::ui::model::state::file_name;

/// Sides that the cells of the grid can be given, in points.
pub const SIDES: std::ops::RangeInclusive<f32> = 64.0..=320.0;
/// Shortest time between two searches because pictures came or went, in seconds.
const REFRESH_SECS: f64 = 0.4;
/// The same while files are being looked at and pictures come all the time.
const REFRESH_SCANNING_SECS: f64 = 2.0;
/// As many chosen pictures are known wholly, wherever they are.
const MAX_CHOSEN_KNOWN: usize = 16;

/// How far the index is with looking at the files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Scanning {
    /// Files looked at.
    pub done: usize,
    /// Files there are, once that is known.
    pub total: Option<usize>,
}

/// What the page knows.
#[derive(Debug)]
pub struct GalleryState {
    /// The search field.
    pub search: Search,
    /// What is chosen.
    pub selection: Selection,
    /// In which order pictures are shown.
    pub order: SortOrder,
    /// Least side of a cell in points, within [`SIDES`].
    pub side: f32,
    /// Tags, the most used first.
    pub tags: Vec<LabelCount>,
    /// Collections, by name.
    pub collections: Vec<LabelCount>,
    /// How far the files are looked at; none when that is done.
    pub scanning: Option<Scanning>,
    /// Files that have the name of a picture and cannot be read as one.
    pub unreadable: usize,
    /// Folders that are not there for now.
    pub lost: Vec<PathBuf>,
    /// Whether one picture is looked at in large.
    pub is_previewing: bool,
    /// Whether the side with the details is shown.
    pub is_details_shown: bool,
    /// Where thumbnails are kept for the next time; nowhere if there is none.
    pub thumbnail_dir: Option<PathBuf>,
    /// Days since 1970-01-01 by the clock on the wall.
    pub today: i32,
    found: Option<Arc<SearchResult>>,
    entries: EntryCache,
    layout: GridLayout,
    /// Room of the grid in points.
    room: (f32, f32),
    in_sight: Range<usize>,
    /// Counts what moves pictures from their place.
    pub(super) generation: u64,
    /// Counts how often the picture at the keyboard was to be brought into sight.
    pub(super) reveals: u64,
    /// Counts how often the field for tags was to have the keyboard.
    pub(super) taggings: u64,
    /// Counts how often the search field was to have the keyboard.
    pub(super) findings: u64,
    are_labels_due: bool,
    changed_at: Option<f64>,
    searched_at: f64,
    /// How often pictures were put into the trash and not brought back.
    undoable: usize,
    /// What the pictures found were looked for by.
    found_by: (String, SortOrder),
    /// Counts how often something else was looked for.
    pub(super) searches: u64,
}

impl Default for GalleryState {
    fn default() -> Self {
        let mut search = Search::default();
        search.replace(String::new());
        Self {
            search,
            selection: Selection::default(),
            order: SortOrder::default(),
            side: 160.0,
            tags: Vec::new(),
            collections: Vec::new(),
            scanning: None,
            unreadable: 0,
            lost: Vec::new(),
            is_previewing: false,
            is_details_shown: true,
            thumbnail_dir: None,
            today: 0,
            found: None,
            entries: EntryCache::default(),
            layout: GridLayout::default(),
            room: (0.0, 0.0),
            in_sight: 0..0,
            generation: 0,
            reveals: 0,
            taggings: 0,
            findings: 0,
            are_labels_due: true,
            changed_at: None,
            searched_at: f64::NEG_INFINITY,
            undoable: 0,
            found_by: (String::new(), SortOrder::default()),
            searches: 0,
        }
    }
}

impl GalleryState {
    /// What was found last; `None` before the first answer.
    pub fn found(&self) -> Option<&SearchResult> {
        self.found.as_deref()
    }

    /// The pictures found, in order.
    pub fn ids(&self) -> &[EntryId] {
        self.found.as_ref().map_or(&[], |found| &found.ids)
    }

    /// All that is known of a picture, if it is known already.
    pub fn entry(&self, id: EntryId) -> Option<&Arc<PictureEntry>> {
        self.entries.get(id)
    }

    /// The picture the keyboard is at.
    pub fn focused(&self) -> Option<&Arc<PictureEntry>> {
        self.entry(self.selection.focused_id()?)
    }

    /// What a verb is about: the chosen pictures, else the one at the keyboard.
    pub fn subjects(&self) -> Vec<EntryId> {
        let chosen = self.found().map(|found| self.selection.ids(found)).unwrap_or_default();
        if chosen.is_empty() {
            self.selection.focused_id().into_iter().collect()
        } else {
            chosen
        }
    }

    pub(super) fn layout(&self) -> &GridLayout {
        &self.layout
    }

    pub(super) fn room(&self) -> (f32, f32) {
        self.room
    }

    pub(super) fn in_sight(&self) -> &Range<usize> {
        &self.in_sight
    }

    /// Takes in what the index service has to tell; the result is what the user should hear of it at once.
    pub fn apply(&mut self, event: IndexEvent) -> Option<PageNotice> {
        match event {
            IndexEvent::Found { ticket, found } => self.take_found(ticket, found),
            IndexEvent::BadQuery { ticket, error } => {
                if self.search.answered(ticket) {
                    self.search.error = Some(error);
                }
            }
            IndexEvent::Entries { ticket, entries } => self.entries.take(ticket, entries),
            IndexEvent::Changed(entries) => {
                self.entries.put(entries);
                self.are_labels_due = true;
            }
            IndexEvent::Completions { ticket, completions } => self.search.take_completions(ticket, completions),
            IndexEvent::Labels { tags, collections } => {
                self.tags = tags;
                self.collections = collections;
            }
            IndexEvent::ContentChanged => {
                self.changed_at.get_or_insert(f64::NEG_INFINITY);
                self.are_labels_due = true;
            }
            IndexEvent::Scanning { done, total } => self.scanning = Some(Scanning { done, total }),
            IndexEvent::Scanned { unreadable, .. } => {
                self.scanning = None;
                self.unreadable = unreadable;
            }
            IndexEvent::Trashed { count } => {
                self.undoable += 1;
                return Some(PageNotice::Undoable(Text::new("gallery-trashed", [("count", count)])));
            }
            IndexEvent::Restored { count } => {
                return Some(PageNotice::Info(Text::new("gallery-restored", [("count", count)])));
            }
            IndexEvent::FolderLost(folder) => {
                let values = [("folder", folder.display().to_string())];
                if !self.lost.contains(&folder) {
                    self.lost.push(folder);
                }
                return Some(PageNotice::Error(Text::new("gallery-folder-lost", values)));
            }
            IndexEvent::FolderFound(folder) => {
                self.lost.retain(|lost| *lost != folder);
                let values = [("folder", folder.display().to_string())];
                return Some(PageNotice::Info(Text::new("gallery-folder-found", values)));
            }
            IndexEvent::TooSlow(files) => {
                let file = files.first().map(|file| file_name(file)).unwrap_or_default();
                let values = [("count", Value::from(files.len())), ("file", Value::from(file))];
                return Some(PageNotice::Error(Text::new("gallery-too-slow", values)));
            }
            IndexEvent::Failed { message } => {
                self.entries.look_again(); // marks that were shown before they were kept
                self.search.give_up();
                return Some(PageNotice::Error(Text::new("gallery-failed", [("reason", message)])));
            }
        }
        None
    }

    fn take_found(&mut self, ticket: Ticket, found: Arc<SearchResult>) {
        if !self.search.answered(ticket) {
            return; // a newer search is under way
        }
        self.search.error = None;
        let found_by = (self.search.text.clone(), self.order);
        if found_by != self.found_by {
            self.found_by = found_by;
            self.searches += 1;
        }
        self.selection.follow(&found);
        self.is_previewing &= !found.ids.is_empty();
        self.found = Some(found);
        self.entries.look_again();
        self.lay_out();
    }

    fn lay_out(&mut self) {
        if let Some(found) = &self.found {
            let (width, side) = (f64::from(self.room.0), f64::from(self.side));
            self.layout = GridLayout::new(&found.days, found.ids.len(), width, side);
        }
        self.generation += 1;
        self.want_known();
    }

    /// Asks what is due now.
    ///
    /// * `now`: by the clock of the window, in seconds.
    ///
    /// Returns how long until something else is due, in seconds.
    pub fn ask_what_is_due(&mut self, now: f64, mut ask: impl FnMut(IndexRequest) -> Ticket) -> Option<f64> {
        let refresh_secs = if self.scanning.is_some() {
            REFRESH_SCANNING_SECS
        } else {
            REFRESH_SECS
        };
        let is_refresh_due = self.changed_at.is_some() && now - self.searched_at >= refresh_secs;
        if self.search.is_due(now) || (is_refresh_due && !self.search.is_waiting()) {
            let ticket = ask(IndexRequest::Search {
                text: self.search.text.clone(),
                order: self.order,
            });
            self.search.asked(ticket);
            self.changed_at = None;
            self.searched_at = now;
        }
        if let Some((text, caret)) = self.search.completion_due(now) {
            let ticket = ask(IndexRequest::Complete { text, caret });
            self.search.completion_asked(ticket);
        }
        let missing = self.entries.missing();
        if !missing.is_empty() {
            let ticket = ask(IndexRequest::Entries(missing.clone()));
            self.entries.asked(ticket, missing);
        }
        if std::mem::take(&mut self.are_labels_due) {
            ask(IndexRequest::Labels);
        }
        let until_refresh = self
            .changed_at
            .map(|_| (self.searched_at + refresh_secs - now).max(0.02));
        [self.search.secs_left(now), until_refresh]
            .into_iter()
            .flatten()
            .reduce(f64::min)
    }

    /// Says how large the grid is and how it is filled.
    pub(super) fn set_room(&mut self, width: f32, height: f32) {
        let is_wider = width != self.room.0;
        self.room = (width, height);
        if is_wider {
            self.lay_out();
        }
    }

    pub(super) fn set_side(&mut self, side: f32) {
        self.side = side.clamp(*SIDES.start(), *SIDES.end());
        self.lay_out();
    }

    pub(super) fn set_order(&mut self, order: SortOrder) {
        self.order = order;
        let text = std::mem::take(&mut self.search.text);
        self.search.replace(text);
    }

    pub(super) fn set_in_sight(&mut self, range: Range<usize>) {
        self.in_sight = range;
        self.want_known();
    }

    /// Wants to know the pictures in sight, those a screen before and after them, and the few that are chosen.
    fn want_known(&mut self) {
        let ids = self.ids();
        let sight = self.in_sight.start.min(ids.len())..self.in_sight.end.min(ids.len());
        let margin = sight.len().min(400);
        let after = sight.end..(sight.end + margin).min(ids.len());
        let before = sight.start.saturating_sub(margin)..sight.start;
        let mut wanted: Vec<EntryId> = [sight, after, before]
            .into_iter()
            .flat_map(|range| &ids[range])
            .copied()
            .collect();
        wanted.extend(self.selection.focused_id());
        if self.selection.len() <= MAX_CHOSEN_KNOWN {
            wanted.extend(self.subjects());
        }
        self.entries.want(wanted);
    }

    /// Moves the keyboard.
    pub(super) fn go(&mut self, go: Go, is_extending: bool) {
        let Some(found) = self.found.clone() else { return };
        if found.ids.is_empty() {
            return;
        }
        let to = match self.selection.focus() {
            Some(from) => self.layout.go(from, go, f64::from(self.room.1)),
            None if go == Go::Last => found.ids.len() - 1,
            None => self.in_sight.start.min(found.ids.len() - 1),
        };
        let choice = if is_extending && !self.is_previewing {
            SelectMode::Range
        } else {
            SelectMode::Only
        };
        self.choose_in(&found, to, choice);
        self.reveals += 1;
    }

    pub(super) fn choose(&mut self, index: usize, choice: SelectMode) {
        if let Some(found) = self.found.clone() {
            self.choose_in(&found, index, choice);
        }
    }

    fn choose_in(&mut self, found: &SearchResult, index: usize, choice: SelectMode) {
        self.selection.choose(found, index, choice);
        self.want_known();
    }

    pub(super) fn choose_all(&mut self) {
        if let Some(found) = self.found.clone() {
            self.selection.choose_all(&found);
        }
    }

    /// Looks at the picture at the keyboard in large, or no longer.
    pub(super) fn toggle_preview(&mut self) {
        if self.selection.focus().is_none() {
            self.go(Go::First, false);
        }
        self.is_previewing = !self.is_previewing && self.selection.focus().is_some();
        self.reveals += 1;
    }

    /// Closes what is open, the uppermost first; else chooses nothing.
    pub(super) fn leave(&mut self) {
        if self.search.is_explained {
            self.search.is_explained = false;
        } else if self.is_previewing {
            self.is_previewing = false;
        } else {
            self.selection.choose_none();
        }
    }

    /// Gives the keyboard to the field for tags, showing it if needed.
    pub(super) fn edit_tags(&mut self) {
        if self.subjects().is_empty() {
            return;
        }
        self.is_previewing = false;
        self.is_details_shown = true;
        self.taggings += 1;
    }

    /// Whether all pictures that a verb is about are favourites, as far as they are known.
    pub(super) fn all_favourites(&self) -> bool {
        let subjects = self.subjects();
        let mut known = subjects.iter().filter_map(|id| self.entry(*id)).peekable();
        known.peek().is_some() && known.all(|entry| entry.user_metadata.is_favourite)
    }

    /// Whether something that went to the trash can be brought back.
    pub(super) fn can_undo(&self) -> bool {
        self.undoable > 0
    }

    /// Whether something was put into the trash that was not brought back since; that is taken as brought back now.
    pub(super) fn take_undo(&mut self) -> bool {
        let can_undo = self.undoable > 0;
        self.undoable = self.undoable.saturating_sub(1);
        can_undo
    }

    /// Shows a change of marks before the index has it.
    pub(super) fn mark(&mut self, ids: &[EntryId], change: &MetadataChange) {
        self.entries.mark(ids, change);
    }
}
