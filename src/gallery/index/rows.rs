//! Rows in and out of the index.

use std::path::{Path, PathBuf};

use rusqlite::types::Value;
use rusqlite::{OptionalExtension as _, Transaction, params};

use super::open::Index;
use super::place::{GALLERY_ROOT, Roots, path_in, to_value};
use super::search_text::indexed_text;
use crate::gallery::{EntryId, GalleryError, PictureEntry, RecordSource, UserMetadata};

/// State of a picture's files, by which the index knows without reading them whether they have changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(in crate::gallery) struct Stamp {
    /// Size of the file.
    pub(in crate::gallery) bytes: u64,
    /// When it was changed, in milliseconds since 1970-01-01 UTC.
    pub(in crate::gallery) modified_ms: i64,
    /// Whether its run is beside it.
    pub(in crate::gallery) has_run: bool,
    /// When the file of its user metadata beside it was changed.
    pub(in crate::gallery) marks_ms: Option<i64>,
}

/// A row to be written; the id of its entry says nothing.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::gallery) struct Row {
    pub(in crate::gallery) root: i64,
    pub(in crate::gallery) marks_ms: Option<i64>,
    pub(in crate::gallery) entry: PictureEntry,
}

/// What came of reading a file that has the name of a picture.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::gallery) enum Reading {
    /// A picture.
    Picture(Box<Row>),
    /// None, or a torn one.
    Unreadable { root: i64, path: PathBuf, stamp: Stamp },
    /// The file is not there any more.
    Gone(PathBuf),
}

impl Reading {
    /// The file.
    pub(in crate::gallery) fn path(&self) -> &Path {
        match self {
            Self::Picture(row) => &row.entry.path,
            Self::Unreadable { path, .. } | Self::Gone(path) => path,
        }
    }
}

/// What came of writing.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(in crate::gallery) struct Written {
    /// Pictures that the index did not have.
    pub(in crate::gallery) added: Vec<EntryId>,
    /// Pictures that it had otherwise.
    pub(in crate::gallery) changed: Vec<EntryId>,
    /// How many it no longer has.
    pub(in crate::gallery) removed: usize,
}

const UPSERT: &str = "
INSERT INTO pictures (root, path, bytes, modified_ms, created_secs, day, width, height, source, model, sampler, seed,
    guidance, steps, has_run, rating, favourite, marks_ms, prompt, negative)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (path) DO UPDATE SET root = excluded.root, bytes = excluded.bytes, modified_ms = excluded.modified_ms,
    created_secs = excluded.created_secs, day = excluded.day, width = excluded.width, height = excluded.height,
    source = excluded.source, model = excluded.model, sampler = excluded.sampler, seed = excluded.seed,
    guidance = excluded.guidance, steps = excluded.steps, has_run = excluded.has_run, rating = excluded.rating,
    favourite = excluded.favourite, marks_ms = excluded.marks_ms, prompt = excluded.prompt,
    negative = excluded.negative
RETURNING id";

/// What is said of all pictures of a folder.
const FORGET_ROOT: [&str; 4] = [
    "DELETE FROM words WHERE rowid IN (SELECT id FROM pictures WHERE root = ?1)",
    "DELETE FROM pictures WHERE root = ?1",
    "DELETE FROM unreadable WHERE root = ?1",
    "DELETE FROM roots WHERE id = ?1",
];

impl Index {
    /// Takes in what was read, all or nothing.
    ///
    /// # Errors
    /// [`GalleryError::Index`].
    pub(in crate::gallery) fn write(&mut self, readings: &[Reading]) -> Result<Written, GalleryError> {
        let gallery = self.gallery.clone();
        self.in_transaction(|transaction| {
            let mut written = Written::default();
            for reading in readings {
                match reading {
                    Reading::Picture(row) => write_row(transaction, &gallery, row, &mut written)?,
                    Reading::Unreadable { root, path, stamp } => {
                        written.removed += remove_path(transaction, &gallery, *root, path)?;
                        let Some(path) = to_value(&gallery, *root, path) else { continue };
                        transaction
                            .prepare_cached("INSERT OR REPLACE INTO unreadable (path, root, bytes, modified_ms) VALUES (?, ?, ?, ?)")?
                            .execute(params![path, root, stamp.bytes.cast_signed(), stamp.modified_ms])?;
                    }
                    Reading::Gone(path) => {
                        let gallery_path = path.starts_with(&gallery);
                        let root = if gallery_path { GALLERY_ROOT } else { i64::MAX }; // any but the gallery
                        written.removed += remove_path(transaction, &gallery, root, path)?;
                    }
                }
            }
            Ok(written)
        })
    }

    /// Changes the user metadata of pictures.
    ///
    /// * `user_metadata`: of each what it now says, and when its file was changed.
    ///
    /// # Errors
    /// [`GalleryError::Index`].
    pub(in crate::gallery) fn set_marks(
        &mut self,
        user_metadata: &[(EntryId, UserMetadata, Option<i64>)],
    ) -> Result<(), GalleryError> {
        self.in_transaction(|transaction| {
            for (EntryId(id), user_metadata, marks_ms) in user_metadata {
                transaction
                    .prepare_cached("UPDATE pictures SET rating = ?, favourite = ?, marks_ms = ? WHERE id = ?")?
                    .execute(params![user_metadata.rating, user_metadata.is_favourite, marks_ms, id])?;
                write_names(transaction, "tags", *id, user_metadata.tags.iter())?;
                write_names(transaction, "collections", *id, user_metadata.collections.iter())?;
            }
            Ok(())
        })
    }

    /// The watched folders whose pictures it has.
    ///
    /// # Errors
    /// [`GalleryError::Index`].
    pub(in crate::gallery) fn roots(&mut self) -> Result<Roots, GalleryError> {
        let watched = self.in_transaction(watched)?;
        Ok(Roots {
            gallery: self.gallery.clone(),
            watched,
        })
    }

    /// Makes these the watched folders: those that are new get numbers, the pictures of those that are not among them
    /// are forgotten.
    ///
    /// # Errors
    /// [`GalleryError::Index`].
    pub(in crate::gallery) fn set_watched(&mut self, folders: &[PathBuf]) -> Result<Roots, GalleryError> {
        let gallery = self.gallery.clone();
        let watched = self.in_transaction(|transaction| {
            let mut kept = watched(transaction)?;
            for (root, _) in kept.extract_if(.., |(_, folder)| !folders.contains(folder)) {
                for sql in FORGET_ROOT {
                    transaction.execute(sql, [root])?;
                }
            }
            for folder in folders {
                if kept.iter().any(|(_, known)| known == folder) || *folder == gallery {
                    continue;
                }
                let Some(path) = to_value(Path::new(""), 1, folder) else {
                    continue;
                };
                transaction.execute("INSERT INTO roots (path) VALUES (?)", [path])?;
                kept.push((transaction.last_insert_rowid(), folder.clone()));
            }
            Ok(kept)
        })?;
        Ok(Roots {
            gallery: self.gallery.clone(),
            watched,
        })
    }

    /// Forgets all pictures.
    ///
    /// # Errors
    /// [`GalleryError::Index`].
    pub(in crate::gallery) fn forget_all(&mut self) -> Result<(), GalleryError> {
        self.in_transaction(|transaction| {
            transaction.execute_batch("DELETE FROM words; DELETE FROM pictures; DELETE FROM unreadable;")
        })
    }
}

/// The watched folders with their numbers.
fn watched(transaction: &Transaction<'_>) -> rusqlite::Result<Vec<(i64, PathBuf)>> {
    let mut statement = transaction.prepare("SELECT id, path FROM roots ORDER BY id")?;
    let folders = statement.query_map([], |row| Ok((row.get(0)?, path_in(row.get_ref(1)?))))?;
    folders.collect()
}

fn write_row(transaction: &Transaction<'_>, gallery: &Path, row: &Row, written: &mut Written) -> rusqlite::Result<()> {
    let Row { root, marks_ms, entry } = row;
    let Some(path) = to_value(gallery, *root, &entry.path) else {
        return Ok(());
    };
    let known: Option<i64> = transaction
        .prepare_cached("SELECT id FROM pictures WHERE path = ?")?
        .query_row([&path], |row| row.get(0))
        .optional()?;
    transaction
        .prepare_cached("DELETE FROM unreadable WHERE path = ?")?
        .execute([&path])?;
    let id: i64 = transaction.prepare_cached(UPSERT)?.query_row(
        params![
            root,
            path,
            entry.bytes.cast_signed(),
            entry.modified_unix_ms,
            entry.created_unix_secs,
            day_of(entry.created_unix_secs),
            entry.width_px,
            entry.height_px,
            entry.source.map(RecordSource::id),
            entry.model,
            entry.sampler,
            entry.seed.map(u64::cast_signed),
            entry.guidance_scale.filter(|scale| scale.is_finite()),
            entry.steps,
            entry.has_run,
            entry.user_metadata.rating.min(5),
            entry.user_metadata.is_favourite,
            marks_ms,
            entry.prompt,
            entry.negative_prompt,
        ],
        |row| row.get(0),
    )?;
    write_names(transaction, "loras", id, entry.loras.iter())?;
    write_names(transaction, "tags", id, entry.user_metadata.tags.iter())?;
    write_names(transaction, "collections", id, entry.user_metadata.collections.iter())?;
    transaction
        .prepare_cached("INSERT OR REPLACE INTO words (rowid, prompt, negative) VALUES (?, ?, ?)")?
        .execute(params![
            id,
            indexed_text(&entry.prompt),
            indexed_text(&entry.negative_prompt)
        ])?;
    match known {
        Some(_) => written.changed.push(EntryId(id)),
        None => written.added.push(EntryId(id)),
    }
    Ok(())
}

fn write_names<'a>(
    transaction: &Transaction<'_>,
    table: &str,
    id: i64,
    names: impl Iterator<Item = &'a String>,
) -> rusqlite::Result<()> {
    transaction
        .prepare_cached(&format!("DELETE FROM {table} WHERE picture = ?"))?
        .execute([id])?;
    let mut insert =
        transaction.prepare_cached(&format!("INSERT OR IGNORE INTO {table} (picture, name) VALUES (?, ?)"))?;
    for name in names {
        insert.execute(params![id, name])?;
    }
    Ok(())
}

/// Forgets a file; the number of pictures that were known under its path.
fn remove_path(transaction: &Transaction<'_>, gallery: &Path, root: i64, path: &Path) -> rusqlite::Result<usize> {
    let Some(path): Option<Value> = to_value(gallery, root, path) else {
        return Ok(0);
    };
    transaction
        .prepare_cached("DELETE FROM unreadable WHERE path = ?")?
        .execute([&path])?;
    transaction
        .prepare_cached("DELETE FROM words WHERE rowid IN (SELECT id FROM pictures WHERE path = ?)")?
        .execute([&path])?;
    transaction
        .prepare_cached("DELETE FROM pictures WHERE path = ?")?
        .execute([&path])
}

/// Days from 1970-01-01 to the day of a time, by the clock on the wall.
///
/// * `unix_secs`: seconds since 1970-01-01 UTC.
pub(in crate::gallery) fn day_of(unix_secs: i64) -> i32 {
    let offset_secs = jiff::Timestamp::from_second(unix_secs)
        .map(|time| i64::from(jiff::tz::TimeZone::system().to_offset(time).seconds()))
        .unwrap_or_default();
    (unix_secs.saturating_add(offset_secs)).div_euclid(86_400) as i32
}
