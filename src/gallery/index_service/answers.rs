//! How the index service answers requests.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::reading::read_all;
use super::scan::is_same;
use super::walk::{Sighting, Walk, marks_ms, sight};
use super::worker::Worker;
use crate::gallery::formats::{endings, has_picture_name};
use crate::gallery::index::{GALLERY_ROOT, Reading, day_of};
use crate::gallery::index_request::{IndexEvent, IndexRequest, Ticket};
use crate::gallery::query::{Query, complete};
use crate::gallery::trajectory_file::trajectory_path;
use crate::gallery::user_metadata_file::{beside, read_user_metadata, write_user_metadata};
use crate::gallery::{EntryId, GalleryError, MetadataChange, PictureEntry, SortOrder, UserMetadata};

/// Files that are looked at one by one; of more, everything is.
const MAX_TOUCHED: usize = 1000;

impl Worker {
    pub(super) fn answer(&mut self, ticket: Ticket, request: IndexRequest) {
        match request {
            IndexRequest::Search { text, order } => self.search(ticket, &text, order),
            IndexRequest::Entries(ids) => self.send_entries(ticket, &ids),
            IndexRequest::Find(paths) => {
                let ids = self.ids_of(&paths);
                self.send_entries(ticket, &ids);
            }
            IndexRequest::EditMetadata { ids, change } => self.mark(&ids, &change),
            IndexRequest::Trash(ids) => self.trash(&ids),
            IndexRequest::UndoTrash => self.undo_trash(),
            IndexRequest::Complete { text, caret } => {
                let completions = complete(&text, caret, |key| {
                    self.with_index(|index| index.values(key)).unwrap_or_default()
                });
                self.send(IndexEvent::Completions { ticket, completions });
            }
            IndexRequest::Labels => {
                if let Some((tags, collections)) = self.with_index(|index| index.labels()) {
                    self.send(IndexEvent::Labels { tags, collections });
                }
            }
            IndexRequest::AddPicture(path) => self.look_at(BTreeSet::from([path])),
            IndexRequest::Watch(folders) => self.set_watched(folders),
            IndexRequest::Rescan => self.rescan(),
        }
    }

    fn send_entries(&mut self, ticket: Ticket, ids: &[EntryId]) {
        if let Some(entries) = self.with_index(|index| index.entries(ids)) {
            let entries = entries.into_iter().map(Arc::new).collect();
            self.send(IndexEvent::Entries { ticket, entries });
        }
    }

    /// The pictures of files, of those that are known.
    fn ids_of(&mut self, paths: &[PathBuf]) -> Vec<EntryId> {
        let find = |path: &PathBuf| {
            let root = self.roots.root_of(path)?;
            self.with_index(|index| index.known_file(root, path))??.id
        };
        paths.iter().filter_map(find).collect()
    }

    fn search(&mut self, ticket: Ticket, text: &str, order: SortOrder) {
        let today = day_of(jiff::Timestamp::now().as_second());
        let condition = match Query::parse(text, today) {
            Ok(query) => query.condition(),
            Err(error) => return self.send(IndexEvent::BadQuery { ticket, error }),
        };
        if let Some(found) = self.with_index(|index| index.search(&condition, order)) {
            let found = Arc::new(found);
            self.send(IndexEvent::Found { ticket, found });
        }
    }

    fn mark(&mut self, ids: &[EntryId], change: &MetadataChange) {
        let Some(entries) = self.with_index(|index| index.entries(ids)) else {
            return;
        };
        let mut changed: Vec<(EntryId, UserMetadata, Option<i64>)> = Vec::new();
        let mut failures: Vec<String> = Vec::new();
        for entry in entries {
            match self.edit_file(&entry, change) {
                Ok(user_metadata) => changed.push((entry.id, user_metadata, marks_ms(&entry.path))),
                Err(error) => failures.push(error.one_line()),
            }
        }
        self.fail_with(&failures);
        if changed.is_empty() || self.with_index(|index| index.set_marks(&changed)).is_none() {
            return;
        }
        let ids: Vec<EntryId> = changed.into_iter().map(|(id, ..)| id).collect();
        self.send_changed(&ids);
    }

    /// Changes the user metadata in its file.
    fn edit_file(&self, entry: &PictureEntry, change: &MetadataChange) -> Result<UserMetadata, GalleryError> {
        let foreign = self.watched_metadata_dir();
        let is_own = self.roots.root_of(&entry.path) == Some(GALLERY_ROOT);
        let foreign = (!is_own).then_some(foreign.as_path());
        let mut user_metadata = match read_user_metadata(&entry.path, foreign) {
            Ok(user_metadata) => user_metadata,
            Err(error) => {
                tracing::warn!("{}", error.one_line());
                entry.user_metadata.clone()
            }
        };
        user_metadata.apply(change);
        write_user_metadata(&entry.path, &user_metadata, foreign)?;
        Ok(user_metadata)
    }

    fn trash(&mut self, ids: &[EntryId]) {
        let Some(entries) = self.with_index(|index| index.entries(ids)) else {
            return;
        };
        let (own, foreign): (Vec<PictureEntry>, Vec<PictureEntry>) = entries
            .into_iter()
            .partition(|entry| self.roots.root_of(&entry.path) == Some(GALLERY_ROOT));
        if let Some(first) = foreign.first() {
            let path = first.path.display();
            self.fail(format!("pictures of watched folders are left where they are: {path}"));
        }
        if own.is_empty() {
            return;
        }
        let groups = own.into_iter().map(|entry| with_what_is_beside(entry.path)).collect();
        let outcome = self.trash.take(groups);
        self.look_at(outcome.files.into_iter().collect());
        self.send(IndexEvent::Trashed {
            count: outcome.done.len(),
        });
        self.fail_with(&outcome.failures);
    }

    fn undo_trash(&mut self) {
        let Some(outcome) = self.trash.restore() else {
            return self.fail("nothing was put into the trash that could be brought back".to_owned());
        };
        self.look_at(outcome.files.into_iter().collect());
        self.send(IndexEvent::Restored {
            count: outcome.done.len(),
        });
        self.fail_with(&outcome.failures);
    }

    /// Reports the first of several failures, and how many there are.
    fn fail_with(&self, failures: &[String]) {
        match failures {
            [] => {}
            [only] => self.fail(only.clone()),
            [first, others @ ..] => self.fail(format!("{first} (and {} more)", others.len())),
        }
    }

    /// Looks at files and folders that were touched, and has the index know them as they are now.
    pub(super) fn look_at(&mut self, paths: BTreeSet<PathBuf>) {
        if paths.len() > MAX_TOUCHED {
            return self.scan_soon();
        }
        let mut sightings: Vec<Sighting> = Vec::new();
        let mut gone: Vec<PathBuf> = Vec::new();
        for path in pictures_of(paths) {
            let Some(root) = self.roots.root_of(&path) else {
                continue;
            };
            if path.is_dir() {
                let mut walk = Walk::below(root, &path, &self.roots);
                sightings.extend(std::iter::from_fn(|| walk.next_folder()).flatten());
            } else if !has_picture_name(&path) {
                if !path.exists() && self.is_root_there(root) {
                    let below = self.with_index(|index| index.known_below(&path)); // it may have been a folder
                    gone.extend(below.unwrap_or_default());
                }
            } else if let Some(sighting) = sight(root, &path) {
                sightings.push(sighting);
            } else if self.is_root_there(root) {
                gone.push(path);
            }
        }
        let user_metadata = self.watched_metadata_dir();
        let mut readings: Vec<Reading> = gone.into_iter().map(Reading::Gone).collect();
        sightings.retain(|sighting| {
            let known = self.with_index(|index| index.known_file(sighting.root, &sighting.path));
            !known.flatten().is_some_and(|known| is_same(&known, sighting))
        });
        let read = read_all(sightings, &user_metadata, &self.is_ending);
        self.send_too_slow(read.too_slow);
        readings.extend(read.readings);
        if readings.is_empty() {
            return;
        }
        match self.with_index(|index| index.write(&readings)) {
            Some(written) => self.send_written(&written),
            None => self.touch(readings.iter().map(|reading| reading.path().to_owned()).collect()),
        }
    }
}

/// A picture, its run and the file of its user metadata.
fn with_what_is_beside(picture: PathBuf) -> Vec<PathBuf> {
    let (run, user_metadata) = (trajectory_path(&picture), beside(&picture));
    vec![picture, run, user_metadata]
}

/// The pictures of that name but for its ending.
fn that_exist(path: &Path) -> impl Iterator<Item = PathBuf> {
    let pictures = endings().map(|ending| path.with_extension(ending));
    pictures.filter(|picture| picture.exists())
}

/// For files that lie beside pictures the pictures, for all else itself.
fn pictures_of(paths: BTreeSet<PathBuf>) -> BTreeSet<PathBuf> {
    let mut pictures = BTreeSet::new();
    for path in paths {
        let ends_in = |ending: &str| path.as_os_str().as_encoded_bytes().ends_with(ending.as_bytes());
        if ends_in(".trajectory.safetensors") {
            pictures.extend(that_exist(&path.with_extension("")));
        } else if ends_in(".xmp") {
            let picture = path.with_extension("");
            if has_picture_name(&picture) {
                pictures.insert(picture);
            } else {
                pictures.extend(that_exist(&path));
            }
        } else {
            pictures.insert(path);
        }
    }
    pictures
}
