//! Reading an index without a trace: no lock, no log and no new file in the gallery, which may be one that nobody may write
//! to. `SQLite` makes files beside what it opens, so it is given a copy.

use std::fs::File;
use std::io::{self, Read as _, Write as _};
use std::ops::{Deref, DerefMut};
use std::path::Path;

use tempfile::TempDir;

use super::file::with_end;
use super::limits::{is_foreign_log, oddity};
use super::open::{Health, Index, health};
use crate::config::open_regular;
use crate::gallery::GalleryError;

/// How often a copy is begun anew because another program wrote meanwhile.
const MAX_TRIES: usize = 20;
/// Bytes that are compared at a time.
const CHUNK: usize = 256 << 10;

/// A copy of an index as it is, in a folder of its own that goes with it. What is written to it is forgotten.
#[derive(Debug)]
pub(in crate::gallery) struct IndexCopy {
    index: Index,
    _folder: Option<TempDir>,
}

impl IndexCopy {
    /// Copies the index of the gallery in `gallery`; one that is missing or cannot be used is an empty one.
    ///
    /// # Errors
    /// [`GalleryError::Read`] if it is written to all the time, [`GalleryError::Write`] if there is no room for the copy.
    pub(in crate::gallery) fn of(gallery: &Path) -> Result<Self, GalleryError> {
        let file = Index::file_of(gallery);
        let is_there = file.symlink_metadata().is_ok();
        if let Some(oddity) = oddity(&file) {
            tracing::warn!(
                "the index of the gallery was not made here, {oddity}: {}",
                file.display()
            );
        } else if is_there {
            let folder = tempfile::tempdir().map_err(GalleryError::write(&std::env::temp_dir()))?;
            let copy = folder.path().join("index.sqlite");
            copy_both(&file, &copy)?;
            match Index::open_copy(gallery, &copy) {
                Err(error) if health(&error) == Some(Health::Damaged) => tracing::warn!("{}", error.one_line()),
                opened => {
                    return Ok(Self {
                        index: opened?,
                        _folder: Some(folder),
                    });
                }
            }
        }
        Ok(Self {
            index: Index::in_memory(gallery)?,
            _folder: None,
        })
    }
}

impl Deref for IndexCopy {
    type Target = Index;

    fn deref(&self) -> &Index {
        &self.index
    }
}

impl DerefMut for IndexCopy {
    fn deref_mut(&mut self) -> &mut Index {
        &mut self.index
    }
}

/// Copies a database and its log as they were at one moment: both are the same when they are read again.
fn copy_both(file: &Path, copy: &Path) -> Result<(), GalleryError> {
    let log = with_end(file, "-wal");
    let log_copy = with_end(copy, "-wal");
    let is_log = || !is_foreign_log(&log) && log.is_file();
    for _ in 0..MAX_TRIES {
        let has_log = is_log();
        if has_log {
            copy_one(&log, &log_copy)?;
        } else {
            std::fs::remove_file(&log_copy).ok(); // of the try before
        }
        copy_one(file, copy)?;
        let is_same = is_log() == has_log
            && (!has_log || are_same(&log, &log_copy).map_err(GalleryError::read(&log))?)
            && are_same(file, copy).map_err(GalleryError::read(file))?;
        if is_same {
            return Ok(());
        }
    }
    Err(GalleryError::read(file)(io::ErrorKind::ResourceBusy.into()))
}

fn copy_one(from: &Path, to: &Path) -> Result<(), GalleryError> {
    let mut source = match open_regular(from) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()), // is noticed when it is compared
        opened => opened.map_err(GalleryError::read(from))?,
    };
    let mut target = File::create(to).map_err(GalleryError::write(to))?;
    let copied = io::copy(&mut source, &mut target).and_then(|_| target.flush());
    copied.map_err(GalleryError::write(to))
}

fn are_same(a: &Path, b: &Path) -> io::Result<bool> {
    let (Ok(mut a), Ok(mut b)) = (open_regular(a), open_regular(b)) else {
        return Ok(false);
    };
    let (mut of_a, mut of_b) = (Vec::new(), Vec::new());
    loop {
        for (file, chunk) in [(&mut a, &mut of_a), (&mut b, &mut of_b)] {
            chunk.clear();
            file.take(CHUNK as u64).read_to_end(chunk)?;
        }
        if of_a != of_b || of_a.is_empty() {
            return Ok(of_a == of_b);
        }
    }
}
