//! The index and the folders, looked after.

use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use super::{Message, TICK, Worker, is_due};
use crate::gallery::GalleryError;
use crate::gallery::index::{Health, Index, OpenedIndex, health};
use crate::gallery::index_request::IndexEvent;
use crate::gallery::index_service::scan::is_present;
use crate::gallery::watch::Watch;

/// Messages that may wait before the system's events are left out, for which everything is looked at instead.
const MAX_MESSAGES: usize = 256;
/// How often all files are scanned where the system does not report changes.
const POLL: Duration = Duration::from_mins(1);
/// How often an index in memory tries to become a file.
const RETRY: Duration = Duration::from_secs(30);
/// Shortest time between two reports that another program has the index in use.
const BUSY: Duration = Duration::from_mins(1);
/// An index that is damaged so often within [`BUSY`] is not kept in its file for now: the disk may be failing.
const MAX_DAMAGES: u32 = 3;

impl Worker {
    /// Opens the index; in memory if there is no other way.
    ///
    /// * `damaged`: the one before, which is set aside.
    pub(super) fn open(&mut self, damaged: Option<Index>) {
        self.opened_at = Instant::now();
        self.scan = None;
        if !self.gallery.is_dir() {
            self.use_index_in_memory(); // nothing has been saved yet, or its disk is away
            return;
        }
        match Index::open_after(&self.gallery, damaged) {
            Ok(OpenedIndex { index, set_aside }) => {
                self.index = index;
                if let Some(aside) = set_aside {
                    self.fail(format!(
                        "the index of the gallery was damaged or of another version, so it is made anew from the \
                         pictures; the old one is kept: {}",
                        aside.display()
                    ));
                }
            }
            Err(error) => {
                self.fail(format!(
                    "the index of the gallery cannot be written, so it is kept in memory for now: {}",
                    error.one_line()
                ));
                self.use_index_in_memory();
            }
        }
        self.know_roots();
    }

    /// Replaces the index by an empty one in memory.
    fn use_index_in_memory(&mut self) {
        match Index::in_memory(&self.gallery) {
            Ok(index) => self.index = index,
            Err(error) => self.fail(error.one_line()),
        }
        self.know_roots();
    }

    fn know_roots(&mut self) {
        let roots = match &self.watched {
            Some(folders) => self.index.set_watched(folders),
            None => self.index.roots(),
        };
        match roots {
            Ok(roots) => self.roots = roots,
            Err(error) => self.fail(error.one_line()),
        }
        self.others_version = self.index.others_version().unwrap_or_default();
    }

    /// Tries again to open the index in a file.
    fn open_quietly(&mut self) {
        self.opened_at = Instant::now();
        if let Ok(OpenedIndex { index, .. }) = Index::open(&self.gallery) {
            self.index = index;
            self.scan = None;
            self.know_roots();
            self.is_scan_due = true;
        }
    }

    /// Replaces the watched folders.
    pub(in crate::gallery::index_service) fn set_watched(&mut self, folders: Vec<PathBuf>) {
        if self.watched.as_ref() == Some(&folders) {
            return;
        }
        self.scan = None;
        if let Some(roots) = self.with_index(|index| index.set_watched(&folders)) {
            self.roots = roots;
        }
        let is_kept = |folder: &PathBuf| *folder == self.gallery || folders.contains(folder);
        self.presence.retain(|folder, _| is_kept(folder));
        self.lost.retain(is_kept);
        self.watched = Some(folders);
        self.send(IndexEvent::ContentChanged);
        self.watch_and_scan();
    }

    /// Watches the folders; once they are watched, all files are scanned.
    pub(in crate::gallery::index_service) fn watch_and_scan(&mut self) {
        self.watch = None;
        self.watch_number += 1;
        if self.options.poll.is_some() {
            self.is_scan_due = true;
            return;
        }
        let number = self.watch_number;
        let folders: Vec<PathBuf> = self
            .roots
            .all()
            .map(|(_, folder)| folder.to_owned())
            .filter(|folder| folder.is_dir())
            .collect();
        let messages = self.own_messages.clone();
        let has_lost_events = self.has_lost_events.clone();
        let begin = move || {
            let sender = messages.clone();
            let watch = Watch::begin(&folders, move |event| {
                if sender.len() >= MAX_MESSAGES || sender.send(Message::FolderEvent(event)).is_err() {
                    has_lost_events.store(true, Ordering::Relaxed);
                }
            });
            messages.send(Message::Watching(number, watch)).ok(); // the thread may have ended
        };
        let thread = std::thread::Builder::new().name("gallery-watch".to_owned());
        if let Err(error) = thread.spawn(begin) {
            tracing::warn!("folders are not watched: {error}");
            self.is_scan_due = true;
        }
    }

    /// Scans all files soon.
    pub(in crate::gallery::index_service) fn scan_soon(&mut self) {
        self.is_scan_due = true;
    }

    /// Scans all files soon; pictures of folders that are empty now are removed from the index.
    pub(in crate::gallery::index_service) fn rescan(&mut self) {
        if !self.index.is_kept() {
            self.open(None);
        }
        self.is_scan_due = true;
        self.is_empty_believed = true;
    }

    /// Checks that the folders and the index are still in their places.
    pub(super) fn look_after(&mut self) {
        if self.looked_after_at.is_some_and(|at| at.elapsed() < TICK) && self.requests.is_empty() {
            return;
        }
        if !self.index.is_in_place() && self.gallery.is_dir() {
            tracing::info!("the index of the gallery was taken away or overwritten; it is made anew");
            let damaged = self.without_index();
            self.open(damaged);
            self.send(IndexEvent::ContentChanged);
            self.is_scan_due = true;
        }
        if self.looked_after_at.is_some_and(|at| at.elapsed() < TICK) {
            return;
        }
        self.looked_after_at = Some(Instant::now());
        if !self.index.is_kept() && self.gallery.is_dir() {
            let is_new = self.presence.get(&self.gallery) == Some(&false);
            if is_new || self.opened_at.elapsed() >= RETRY {
                self.open_quietly();
            }
        }
        self.look_for_folders();
        self.look_for_others();
        let poll = self.options.poll.unwrap_or(POLL);
        let is_polled = self.options.poll.is_some() || self.watch.as_ref().is_some_and(|watch| !watch.is_whole);
        if is_polled && self.scan.is_none() && self.scanned_at.elapsed() >= poll {
            self.is_scan_due = true;
        }
    }

    /// Reports whether another program has changed the index.
    fn look_for_others(&mut self) {
        let version = self.index.others_version();
        if let Ok(version) = version
            && version != self.others_version
        {
            self.others_version = version;
            self.send(IndexEvent::ContentChanged);
        }
    }

    /// Reports folders that have vanished or come back.
    fn look_for_folders(&mut self) {
        if self.touched_at.is_some() {
            return; // what happened there is not known yet
        }
        let folders: Vec<(i64, PathBuf)> = self
            .roots
            .all()
            .map(|(root, folder)| (root, folder.to_owned()))
            .collect();
        let mut is_any_back = false;
        for (root, folder) in folders {
            let is_there = is_present(&folder)
                || folder.is_dir() && (self.is_empty_believed || self.index.num_below(root).is_ok_and(|num| num == 0));
            let was_there = self.presence.insert(folder.clone(), is_there);
            let is_gallery = folder == self.gallery; // which need not be there before the first picture is saved
            if is_there && was_there != Some(true) {
                is_any_back |= was_there.is_some();
                if self.lost.remove(&folder) {
                    self.send(IndexEvent::FolderFound(folder));
                }
            } else if !is_there && (was_there == Some(true) || was_there.is_none() && !is_gallery) {
                self.lost.insert(folder.clone());
                self.send(IndexEvent::FolderLost(folder));
            }
        }
        if is_any_back {
            self.watch_and_scan();
        }
    }

    /// Does work with the index; if that turns out to be damaged or no longer writable, once more with the next one.
    pub(in crate::gallery::index_service) fn with_index<T>(
        &mut self,
        work: impl Fn(&mut Index) -> Result<T, GalleryError>,
    ) -> Option<T> {
        match work(&mut self.index) {
            Ok(done) => return Some(done),
            Err(error) => {
                if !self.recover(&error) {
                    return None;
                }
            }
        }
        work(&mut self.index).map_err(|error| self.fail(error.one_line())).ok()
    }

    /// Whether there is another index now.
    pub(super) fn recover(&mut self, error: &GalleryError) -> bool {
        let message = error.one_line();
        match health(error) {
            Some(Health::Damaged) => {
                tracing::warn!("{message}");
                let damaged = self.without_index();
                if self.is_damaged_too_often() {
                    self.fail(format!("{message}; it is kept in memory for now"));
                    self.opened_at = Instant::now();
                    drop(damaged);
                    self.use_index_in_memory();
                } else {
                    self.open(damaged);
                }
            }
            Some(Health::Unwritable) => {
                self.fail(format!("{message}; it is kept in memory for now"));
                self.opened_at = Instant::now();
                self.use_index_in_memory();
            }
            Some(Health::Busy) => {
                if is_due(self.busy_reported_at, BUSY) {
                    self.busy_reported_at = Some(Instant::now());
                    self.fail(format!("{message}; another program has it in use"));
                }
                return false;
            }
            None => {
                self.fail(message);
                return false;
            }
        }
        self.scan = None;
        self.is_scan_due = true;
        self.send(IndexEvent::ContentChanged);
        true
    }

    /// Counts one more damage of the index; whether there were too many lately.
    fn is_damaged_too_often(&mut self) -> bool {
        let (since, num) = self
            .damages
            .filter(|(since, _)| since.elapsed() < BUSY)
            .unwrap_or_else(|| (Instant::now(), 0));
        self.damages = Some((since, num + 1));
        num + 1 > MAX_DAMAGES
    }

    /// Takes the index out and puts an empty one in memory in its place.
    fn without_index(&mut self) -> Option<Index> {
        let stand_in = Index::in_memory(&self.gallery).ok()?;
        Some(std::mem::replace(&mut self.index, stand_in))
    }

    /// Where the user metadata of pictures in watched folders is.
    pub(in crate::gallery::index_service) fn watched_metadata_dir(&self) -> PathBuf {
        Index::own_folder(&self.gallery).join("marks")
    }

    /// Whether a folder was there when it was last looked for.
    pub(in crate::gallery::index_service) fn is_root_there(&self, root: i64) -> bool {
        let folder = self.roots.all().find(|(number, _)| *number == root);
        folder.is_some_and(|(_, folder): (i64, &Path)| folder.is_dir())
    }
}
