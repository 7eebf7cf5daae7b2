//! One look at all files, in small pieces.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};

use super::reading::read_all;
use super::walk::{Sighting, Walk};
use crate::gallery::GalleryError;
use crate::gallery::index::{Index, IndexedFile, Reading, Roots, Written};

/// Files that are read between two looks at the requests.
const BATCH: usize = 64;
/// How long folders are looked through between two looks at the requests.
const WALK_TIME: Duration = Duration::from_millis(10);

/// A scan that is under way. What has not changed since the last one is not read again.
pub(super) struct Scan {
    roots: Roots,
    watched_metadata_dir: PathBuf,
    /// Whether pictures of folders that are empty are removed from the index.
    is_empty_believed: bool,
    is_ending: Arc<AtomicBool>,
    /// Files over which reading took too long, which were not reported yet.
    too_slow: Vec<PathBuf>,
    known: HashMap<PathBuf, IndexedFile>,
    walk: Walk,
    found: HashSet<PathBuf>,
    /// What must be read, the next one last.
    to_read: Vec<Sighting>,
    is_walked: bool,
    looked_at: usize,
}

/// How far a scan is.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Progress {
    /// Files looked at.
    pub(super) done: usize,
    /// Files there are, once that is known.
    pub(super) total: Option<usize>,
    /// What this piece brought.
    pub(super) written: Written,
    /// Whether it was the last one.
    pub(super) is_over: bool,
}

impl Scan {
    /// Begins to look at all files in `roots`.
    ///
    /// * `watched_metadata_dir`: where the user metadata of pictures in watched folders is.
    /// * `is_empty_believed`: whether a folder that is empty is so by its owner's will, and not because a disk was
    ///   pulled out.
    ///
    /// # Errors
    /// [`GalleryError::Index`].
    pub(super) fn begin(
        index: &Index,
        roots: Roots,
        watched_metadata_dir: PathBuf,
        is_empty_believed: bool,
        is_ending: Arc<AtomicBool>,
    ) -> Result<Self, GalleryError> {
        Ok(Self {
            is_empty_believed,
            known: index.known()?,
            walk: Walk::new(&roots),
            roots,
            watched_metadata_dir,
            is_ending,
            too_slow: Vec::new(),
            found: HashSet::new(),
            to_read: Vec::new(),
            is_walked: false,
            looked_at: 0,
        })
    }

    /// Does a small piece. After an error the same piece may be tried again.
    ///
    /// # Errors
    /// [`GalleryError::Index`].
    pub(super) fn step(&mut self, index: &mut Index) -> Result<Progress, GalleryError> {
        let mut progress = Progress::default();
        if !self.is_walked {
            self.walk_on();
        } else if !self.to_read.is_empty() {
            let start = self.to_read.len().saturating_sub(BATCH);
            let read = read_all(
                self.to_read[start..].to_vec(),
                &self.watched_metadata_dir,
                &self.is_ending,
            );
            progress.written = index.write(&read.readings)?;
            self.too_slow.extend(read.too_slow);
            self.to_read.truncate(start);
        } else {
            let gone = self.gone();
            progress.written = index.write(&gone)?;
            progress.is_over = true;
        }
        if self.is_walked {
            progress.total = Some(self.looked_at);
        }
        progress.done = self.looked_at - self.to_read.len();
        Ok(progress)
    }

    fn walk_on(&mut self) {
        let start = Instant::now();
        while start.elapsed() < WALK_TIME {
            let Some(sightings) = self.walk.next_folder() else {
                self.is_walked = true;
                self.to_read.sort_by_key(|sighting| sighting.stamp.modified_ms); // the newest are read first
                return;
            };
            for sighting in sightings {
                self.looked_at += 1;
                self.found.insert(sighting.path.clone());
                if !self
                    .known
                    .get(&sighting.path)
                    .is_some_and(|known| is_same(known, &sighting))
                {
                    self.to_read.push(sighting);
                }
            }
        }
    }

    /// Files over which reading took too long since the last call.
    pub(super) fn take_too_slow(&mut self) -> Vec<PathBuf> {
        std::mem::take(&mut self.too_slow)
    }

    /// The files that are known and no longer there. What is in a folder that could not be looked into, or in one
    /// that was pulled away, is not among them.
    fn gone(&self) -> Vec<Reading> {
        let present: Vec<i64> = self
            .roots
            .all()
            .filter(|(_, folder)| is_present(folder) || self.is_empty_believed && folder.is_dir())
            .map(|(root, _)| root)
            .collect();
        let mut gone: Vec<&PathBuf> = self
            .known
            .iter()
            .filter(|(path, known)| {
                present.contains(&known.root)
                    && !self.found.contains(*path)
                    && !self
                        .walk
                        .closed
                        .iter()
                        .any(|folder| path.starts_with(folder) && folder.exists())
            })
            .map(|(path, _)| path)
            .collect();
        gone.sort();
        gone.into_iter().cloned().map(Reading::Gone).collect()
    }
}

/// Whether the index has a file as it is; of one that cannot be read only the file itself counts.
pub(super) fn is_same(known: &IndexedFile, sighting: &Sighting) -> bool {
    let (a, b) = (known.stamp, sighting.stamp);
    let is_same_file = a.bytes == b.bytes && a.modified_ms == b.modified_ms;
    let is_same_beside = known.id.is_none() || (a.has_run, a.marks_ms) == (b.has_run, b.marks_ms);
    known.root == sighting.root && is_same_file && is_same_beside
}

/// Whether a folder is there. One that is suddenly empty is taken for the place where a disk was.
pub(super) fn is_present(folder: &Path) -> bool {
    std::fs::read_dir(folder).is_ok_and(|mut entries| entries.next().is_some())
}
