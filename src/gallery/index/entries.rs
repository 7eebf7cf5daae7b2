//! What the index has of pictures, read back.

use std::collections::{BTreeSet, HashMap};
use std::path::{Path, PathBuf};

use rusqlite::{CachedStatement, OptionalExtension as _};

use super::open::Index;
use super::place::{from_value, to_value};
use super::rows::Stamp;
use crate::gallery::{EntryId, GalleryError, PictureEntry, RecordSource, UserMetadata};

/// A file as the index knows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::gallery) struct IndexedFile {
    pub(in crate::gallery) root: i64,
    /// `None` for one that cannot be read as a picture.
    pub(in crate::gallery) id: Option<EntryId>,
    pub(in crate::gallery) stamp: Stamp,
}

const ENTRY: &str = "
SELECT id, root, path, width, height, bytes, modified_ms, created_secs, source, prompt, negative, model, sampler, seed,
    guidance, steps, has_run, rating, favourite
FROM pictures WHERE id = ?";

impl Index {
    /// All files that are known.
    ///
    /// # Errors
    /// [`GalleryError::Index`].
    pub(in crate::gallery) fn known(&self) -> Result<HashMap<PathBuf, IndexedFile>, GalleryError> {
        self.read(|| {
            let mut known = HashMap::new();
            let mut statement = self.connection.prepare_cached(
                "SELECT root, path, id, bytes, modified_ms, has_run, marks_ms FROM pictures
                 UNION ALL SELECT root, path, NULL, bytes, modified_ms, 0, NULL FROM unreadable",
            )?;
            let mut rows = statement.query([])?;
            while let Some(row) = rows.next()? {
                let root = row.get(0)?;
                let path = from_value(&self.gallery, root, row.get_ref(1)?)?;
                let stamp = Stamp {
                    bytes: row.get::<_, i64>(3)? as u64,
                    modified_ms: row.get(4)?,
                    has_run: row.get(5)?,
                    marks_ms: row.get(6)?,
                };
                let id = row.get::<_, Option<i64>>(2)?.map(EntryId);
                known.insert(path, IndexedFile { root, id, stamp });
            }
            Ok(known)
        })
    }

    /// What is known of one file.
    ///
    /// # Errors
    /// [`GalleryError::Index`].
    pub(in crate::gallery) fn known_file(&self, root: i64, path: &Path) -> Result<Option<IndexedFile>, GalleryError> {
        let Some(value) = to_value(&self.gallery, root, path) else {
            return Ok(None);
        };
        self.read(|| {
            let known = |row: &rusqlite::Row<'_>| {
                Ok(IndexedFile {
                    root,
                    id: row.get::<_, Option<i64>>(0)?.map(EntryId),
                    stamp: Stamp {
                        bytes: row.get::<_, i64>(1)? as u64,
                        modified_ms: row.get(2)?,
                        has_run: row.get(3)?,
                        marks_ms: row.get(4)?,
                    },
                })
            };
            self.connection
                .prepare_cached(
                    "SELECT id, bytes, modified_ms, has_run, marks_ms FROM pictures WHERE path = ?1
                     UNION ALL SELECT NULL, bytes, modified_ms, 0, NULL FROM unreadable WHERE path = ?1",
                )?
                .query_row([value], known)
                .optional()
        })
    }

    /// The pictures below a folder, for when it is gone.
    ///
    /// # Errors
    /// [`GalleryError::Index`].
    pub(in crate::gallery) fn known_below(&self, folder: &Path) -> Result<Vec<PathBuf>, GalleryError> {
        let known = self.known()?;
        let mut paths: Vec<PathBuf> = known.into_keys().filter(|path| path.starts_with(folder)).collect();
        paths.sort();
        Ok(paths)
    }

    /// All that is known of pictures, in the order asked for; those that are gone are left out.
    ///
    /// # Errors
    /// [`GalleryError::Index`].
    pub fn entries(&self, ids: &[EntryId]) -> Result<Vec<PictureEntry>, GalleryError> {
        self.read(|| {
            let mut statement = self.connection.prepare_cached(ENTRY)?;
            let mut names = Names {
                loras: self.names_of("loras")?,
                tags: self.names_of("tags")?,
                collections: self.names_of("collections")?,
            };
            let mut entries = Vec::with_capacity(ids.len());
            for EntryId(id) in ids {
                let mut rows = statement.query([id])?;
                if let Some(row) = rows.next()? {
                    entries.push(entry_of(&self.gallery, row, &mut names)?);
                }
            }
            Ok(entries)
        })
    }

    fn names_of(&self, table: &str) -> rusqlite::Result<CachedStatement<'_>> {
        self.connection
            .prepare_cached(&format!("SELECT name FROM {table} WHERE picture = ? ORDER BY name"))
    }
}

struct Names<'a> {
    loras: CachedStatement<'a>,
    tags: CachedStatement<'a>,
    collections: CachedStatement<'a>,
}

fn entry_of(gallery: &Path, row: &rusqlite::Row<'_>, names: &mut Names<'_>) -> rusqlite::Result<PictureEntry> {
    let (id, root): (i64, i64) = (row.get(0)?, row.get(1)?);
    let of = |statement: &mut CachedStatement<'_>| -> rusqlite::Result<Vec<String>> {
        statement.query_map([id], |row| row.get(0))?.collect()
    };
    let source: Option<String> = row.get(8)?;
    Ok(PictureEntry {
        id: EntryId(id),
        path: from_value(gallery, root, row.get_ref(2)?)?,
        width_px: row.get(3)?,
        height_px: row.get(4)?,
        bytes: row.get::<_, i64>(5)? as u64,
        modified_unix_ms: row.get(6)?,
        created_unix_secs: row.get(7)?,
        source: source.and_then(|id| RecordSource::from_id(&id)),
        prompt: row.get(9)?,
        negative_prompt: row.get(10)?,
        model: row.get(11)?,
        sampler: row.get(12)?,
        loras: of(&mut names.loras)?,
        seed: row.get::<_, Option<i64>>(13)?.map(i64::cast_unsigned),
        guidance_scale: row.get(14)?,
        steps: row.get(15)?,
        has_run: row.get(16)?,
        user_metadata: UserMetadata {
            rating: row.get(17)?,
            is_favourite: row.get(18)?,
            tags: of(&mut names.tags)?.into_iter().collect::<BTreeSet<_>>(),
            collections: of(&mut names.collections)?.into_iter().collect::<BTreeSet<_>>(),
        },
    })
}
