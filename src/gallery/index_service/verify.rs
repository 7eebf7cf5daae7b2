//! Whether pictures are whole, and whether the index says what they say.

use std::collections::{HashMap, HashSet};
use std::io::Read as _;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

use rayon::prelude::*;

use super::reading::read;
use super::scan::{is_present, is_same};
use super::walk::{Sighting, Walk};
use crate::config::open_regular;
use crate::gallery::index::{GALLERY_ROOT, Index, IndexCopy, OpenedIndex, Reading};
use crate::gallery::store::read_picture;
use crate::gallery::{EntryId, GalleryError, PictureEntry};

/// Pictures that are decoded beside each other: each may take a gigabyte.
const READERS: usize = 2;

/// What is wrong with a file or its row in the index.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Flaw {
    /// The file begins as a picture and cannot be decoded to its end, or is empty.
    Torn,
    /// The file has the name of a picture, and is none or one that is too large to be read.
    Unreadable,
    /// The index does not have the picture.
    MissingFromIndex,
    /// The index has a picture whose file is not there.
    ExtraInIndex,
    /// The index says something else of the picture than its file.
    Outdated,
}

/// What [`verify`] found.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Verification {
    /// Pictures that are whole.
    pub pictures: usize,
    /// Of these, how many say how they were made.
    pub with_record: usize,
    /// What is wrong, in order of the paths.
    pub flaws: Vec<(PathBuf, Flaw)>,
    /// The watched folders that are not there.
    pub absent_folders: Vec<PathBuf>,
}

impl Verification {
    /// How many files have this flaw.
    pub fn count(&self, flaw: Flaw) -> usize {
        self.flaws.iter().filter(|(_, found)| *found == flaw).count()
    }

    /// Whether every picture is whole and the index agrees. Files that are no pictures do not matter.
    pub fn is_good(&self) -> bool {
        self.flaws.iter().all(|(_, flaw)| *flaw == Flaw::Unreadable)
    }
}

/// Decodes every picture of the gallery in `gallery` and of the watched folders that its index knows, and compares
/// the index, as it is, with what the files say. Takes as long as that takes. Nothing is written: neither in the gallery
/// nor in its index, which is copied to be read.
///
/// # Errors
/// [`GalleryError::Read`] if there is no such folder, or if the index is written to all the time.
pub fn verify(gallery: &Path) -> Result<Verification, GalleryError> {
    compared(gallery, IndexCopy::of(gallery)?, false)
}

/// As [`verify`], but what the index would take notice of when it is next opened is no flaw: files that came, went or
/// were changed since.
///
/// * `watched`: the folders that are shown beside the gallery; `None` takes those that its index knows.
///
/// # Errors
/// As for [`verify`].
pub fn verify_as_next_opened(gallery: &Path, watched: Option<&[PathBuf]>) -> Result<Verification, GalleryError> {
    let mut index = IndexCopy::of(gallery)?;
    if let Some(watched) = watched {
        index.set_watched(watched)?; // in the copy
    }
    compared(gallery, index, true)
}

fn compared(gallery: &Path, mut index: IndexCopy, takes_notice: bool) -> Result<Verification, GalleryError> {
    std::fs::read_dir(gallery).map_err(GalleryError::read(gallery))?;
    let roots = index.roots()?;
    let watched_metadata_dir = Index::own_folder(gallery).join("marks");
    let known = index.known()?;
    let ids: Vec<EntryId> = known.values().filter_map(|known| known.id).collect();
    let rows: HashMap<PathBuf, PictureEntry> = index
        .entries(&ids)?
        .into_iter()
        .map(|entry| (entry.path.clone(), entry))
        .collect();

    let mut walk = Walk::new(&roots);
    let sightings: Vec<Sighting> = std::iter::from_fn(|| walk.next_folder()).flatten().collect();
    let is_noticed =
        |sighting: &Sighting| takes_notice && !known.get(&sighting.path).is_some_and(|known| is_same(known, sighting));
    let judge = |sighting: &Sighting| {
        let mut judged = judged(sighting, rows.get(&sighting.path), &watched_metadata_dir);
        let of_index = |flaw: &Flaw| matches!(flaw, Flaw::MissingFromIndex | Flaw::Outdated);
        judged.flaw = judged.flaw.filter(|flaw| !(of_index(flaw) && is_noticed(sighting)));
        judged
    };
    let pool = rayon::ThreadPoolBuilder::new().num_threads(READERS).build();
    let judged: Vec<Judged> = match pool {
        Ok(pool) => pool.install(|| sightings.par_iter().map(judge).collect()),
        Err(_no_threads) => sightings.iter().map(judge).collect(),
    };

    let mut found = Verification::default();
    let mut found_paths: HashSet<PathBuf> = HashSet::new();
    for (sighting, judged) in sightings.into_iter().zip(judged) {
        found.pictures += usize::from(judged.is_whole);
        found.with_record += usize::from(judged.has_record);
        found
            .flaws
            .extend(judged.flaw.map(|flaw| (sighting.path.clone(), flaw)));
        found_paths.insert(sighting.path);
    }
    let absent: Vec<(i64, &Path)> = roots.all().filter(|(_, folder)| !is_present(folder)).collect();
    let watched = absent.iter().filter(|(root, _)| *root != GALLERY_ROOT);
    found.absent_folders = watched.map(|(_, folder)| (*folder).to_owned()).collect();
    // What was in a folder that is not there now stays known, as it may come back.
    let is_gone = |path: &Path| {
        let root = roots.root_of(path);
        takes_notice && !absent.iter().any(|(folder, _)| Some(*folder) == root)
    };
    let extra = rows
        .into_keys()
        .filter(|path| !found_paths.contains(path) && !is_gone(path));
    found.flaws.extend(extra.map(|path| (path, Flaw::ExtraInIndex)));
    found.flaws.sort_by(|(a, _), (b, _)| a.cmp(b));
    Ok(found)
}

#[derive(Debug, Default)]
struct Judged {
    is_whole: bool,
    has_record: bool,
    flaw: Option<Flaw>,
}

fn judged(sighting: &Sighting, row: Option<&PictureEntry>, watched_metadata_dir: &Path) -> Judged {
    let path = &sighting.path;
    let is_whole = catch_unwind(AssertUnwindSafe(|| read_picture(path).is_ok())).unwrap_or_default();
    if !is_whole {
        let flaw = if begins_as_picture(path) {
            Flaw::Torn
        } else {
            Flaw::Unreadable
        };
        return Judged {
            flaw: Some(flaw),
            ..Judged::default()
        };
    }
    let Reading::Picture(read) = read(sighting, watched_metadata_dir) else {
        return Judged {
            flaw: Some(Flaw::Unreadable), // decoded, and yet of no known kind
            ..Judged::default()
        };
    };
    let flaw = match row {
        None => Some(Flaw::MissingFromIndex),
        Some(row) => {
            let expected = PictureEntry {
                id: row.id,
                ..read.entry.clone()
            };
            (expected != *row).then_some(Flaw::Outdated)
        }
    };
    Judged {
        is_whole,
        has_record: read.entry.source.is_some(),
        flaw,
    }
}

/// By its first bytes; an empty file is what a crash leaves of one.
fn begins_as_picture(path: &Path) -> bool {
    let mut start = Vec::new();
    let read = open_regular(path).and_then(|file| file.take(12).read_to_end(&mut start));
    let is_too_large = matches!(read_picture(path), Err(GalleryError::TooManyPixels { .. }));
    read.is_ok()
        && !is_too_large
        && (start.is_empty()
            || start.starts_with(b"\x89PNG")
            || start.starts_with(b"\xFF\xD8\xFF")
            || start.starts_with(b"RIFF") && start.ends_with(b"WEBP"))
}

/// Forgets all that the index of the gallery in `gallery` knows; the next [`super::IndexService`] reads every file anew.
///
/// # Errors
/// As for [`Index::open`].
pub fn forget_index(gallery: &Path) -> Result<(), GalleryError> {
    let OpenedIndex { mut index, .. } = Index::open(gallery)?;
    if index.forget_all().is_ok() {
        return Ok(());
    }
    let OpenedIndex { mut index, .. } = Index::open_after(gallery, Some(index))?;
    index.forget_all()
}
