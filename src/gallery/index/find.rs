//! Searches in the index.

use rusqlite::params_from_iter;

use super::open::Index;
use crate::gallery::query::{Condition, NameKey};
use crate::gallery::{DayCount, EntryId, GalleryError, LabelCount, SearchResult, SortOrder};

/// Highest rating.
const MAX_RATING: usize = 5;

impl Index {
    /// The pictures for which `condition` holds.
    ///
    /// # Errors
    /// [`GalleryError::Index`].
    pub fn search(&self, condition: &Condition, order: SortOrder) -> Result<SearchResult, GalleryError> {
        self.read(|| {
            // One pass over `facts`, in which most conditions find all they ask for.
            let mut statement = self.connection.prepare_cached(&format!(
                "SELECT id, day * 8 + rating FROM pictures INDEXED BY facts WHERE {}
                 ORDER BY created_secs DESC, modified_ms DESC",
                condition.sql
            ))?;
            let mut found: Vec<(EntryId, i32, u8)> = Vec::new();
            let mut rows = statement.query(params_from_iter(&condition.values))?;
            while let Some(row) = rows.next()? {
                let both: i64 = row.get(1)?; // one number is fetched faster than two
                found.push((
                    EntryId(row.get(0)?),
                    both.div_euclid(8) as i32,
                    both.rem_euclid(8) as u8,
                ));
            }
            let total = self.count()?;
            Ok(ordered(found, order, total))
        })
    }

    /// How many pictures there are.
    ///
    /// # Errors
    /// [`GalleryError::Index`].
    pub fn num_pictures(&self) -> Result<usize, GalleryError> {
        self.read(|| self.count())
    }

    /// How many files have the name of a picture and cannot be read as one.
    ///
    /// # Errors
    /// [`GalleryError::Index`].
    pub fn num_unreadable(&self) -> Result<usize, GalleryError> {
        self.read(|| self.number("SELECT count(*) FROM unreadable"))
    }

    /// How many pictures are known in one of the folders; more than one is not counted.
    ///
    /// # Errors
    /// [`GalleryError::Index`].
    pub(in crate::gallery) fn num_below(&self, root: i64) -> Result<usize, GalleryError> {
        self.read(|| {
            let num: i64 = self
                .connection
                .prepare_cached("SELECT count(*) FROM (SELECT 1 FROM pictures WHERE root = ? LIMIT 1)")?
                .query_row([root], |row| row.get(0))?;
            Ok(num as usize)
        })
    }

    /// Tags, the most used first, and collections, by name.
    ///
    /// # Errors
    /// [`GalleryError::Index`].
    pub fn labels(&self) -> Result<(Vec<LabelCount>, Vec<LabelCount>), GalleryError> {
        let tags = self.values(NameKey::Tag)?;
        let mut collections = self.values(NameKey::Collection)?;
        collections.sort_by_cached_key(|label| label.name.to_lowercase());
        Ok((tags, collections))
    }

    /// The values that a key of the language has, the most used first.
    ///
    /// # Errors
    /// [`GalleryError::Index`].
    pub fn values(&self, key: NameKey) -> Result<Vec<LabelCount>, GalleryError> {
        let (table, column) = match key {
            NameKey::Model => ("pictures", "model"),
            NameKey::Sampler => ("pictures", "sampler"),
            NameKey::RecordSource => ("pictures", "source"),
            NameKey::Lora => ("loras", "name"),
            NameKey::Tag => ("tags", "name"),
            NameKey::Collection => ("collections", "name"),
        };
        self.read(|| {
            let mut statement = self.connection.prepare_cached(&format!(
                "SELECT {column}, count(*) FROM {table} WHERE {column} IS NOT NULL AND {column} <> ''
                 GROUP BY {column} ORDER BY count(*) DESC, {column}"
            ))?;
            let labels = statement.query_map([], |row| {
                Ok(LabelCount {
                    name: row.get(0)?,
                    count: row.get::<_, i64>(1)? as usize,
                })
            })?;
            labels.collect::<rusqlite::Result<_>>()
        })
    }

    /// A number that changes when another program, or another thread of this one, changes the index.
    ///
    /// # Errors
    /// [`GalleryError::Index`].
    pub(in crate::gallery) fn others_version(&self) -> Result<usize, GalleryError> {
        self.read(|| self.number("PRAGMA data_version"))
    }

    fn count(&self) -> rusqlite::Result<usize> {
        self.number("SELECT count(*) FROM pictures")
    }

    fn number(&self, sql: &str) -> rusqlite::Result<usize> {
        let number: i64 = self.connection.prepare_cached(sql)?.query_row([], |row| row.get(0))?;
        Ok(number as usize)
    }
}

/// Brings what was found, the newest first, into the order asked for.
fn ordered(mut found: Vec<(EntryId, i32, u8)>, order: SortOrder, total: usize) -> SearchResult {
    match order {
        SortOrder::Newest => {}
        SortOrder::Oldest => found.reverse(),
        SortOrder::Rating => found.sort_by_key(|(_, _, rating)| MAX_RATING.saturating_sub(usize::from(*rating))),
    }
    let mut days: Vec<DayCount> = Vec::new();
    if order != SortOrder::Rating {
        for (_, day, _) in &found {
            match days.last_mut() {
                Some(last) if last.day == *day => last.count += 1,
                _ => days.push(DayCount { day: *day, count: 1 }),
            }
        }
    }
    SearchResult {
        ids: found.into_iter().map(|(id, _, _)| id).collect(),
        days,
        total,
    }
}
