//! The tables of the index, and whether a file has them and no others.

use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use rusqlite::{Connection, TransactionBehavior};

use crate::gallery::GalleryError;

/// Version of the tables; files of any other are made anew.
pub const VERSION: i32 = 2;
/// Ids that an index may give per millisecond since 1970 before they could meet those of the next one.
const IDS_PER_MS: i64 = 1 << 10;

const TABLES: &str = "
CREATE TABLE roots (id INTEGER PRIMARY KEY, path UNIQUE NOT NULL);
CREATE TABLE pictures (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    root INTEGER NOT NULL,
    path UNIQUE NOT NULL,
    bytes INTEGER NOT NULL,
    modified_ms INTEGER NOT NULL,
    created_secs INTEGER NOT NULL,
    day INTEGER NOT NULL,
    width INTEGER NOT NULL,
    height INTEGER NOT NULL,
    source TEXT COLLATE NOCASE,
    model TEXT NOT NULL COLLATE NOCASE,
    sampler TEXT NOT NULL COLLATE NOCASE,
    seed INTEGER,
    guidance REAL,
    steps INTEGER,
    has_run INTEGER NOT NULL,
    rating INTEGER NOT NULL,
    favourite INTEGER NOT NULL,
    marks_ms INTEGER,
    prompt TEXT NOT NULL,
    negative TEXT NOT NULL
);
CREATE INDEX facts ON pictures (
    created_secs, modified_ms, day, rating, favourite, guidance, steps, seed, width, height, has_run, source, sampler,
    model, root
);
CREATE TABLE loras (
    picture INTEGER NOT NULL REFERENCES pictures (id) ON DELETE CASCADE,
    name TEXT NOT NULL COLLATE NOCASE,
    PRIMARY KEY (picture, name)
) WITHOUT ROWID;
CREATE INDEX loras_by_name ON loras (name, picture);
CREATE TABLE tags (
    picture INTEGER NOT NULL REFERENCES pictures (id) ON DELETE CASCADE,
    name TEXT NOT NULL COLLATE NOCASE,
    PRIMARY KEY (picture, name)
) WITHOUT ROWID;
CREATE INDEX tags_by_name ON tags (name, picture);
CREATE TABLE collections (
    picture INTEGER NOT NULL REFERENCES pictures (id) ON DELETE CASCADE,
    name TEXT NOT NULL COLLATE NOCASE,
    PRIMARY KEY (picture, name)
) WITHOUT ROWID;
CREATE INDEX collections_by_name ON collections (name, picture);
CREATE VIRTUAL TABLE words USING fts5 (
    prompt, negative, content = '', contentless_delete = 1, prefix = '2 3', tokenize = 'unicode61 remove_diacritics 2'
);
CREATE TABLE unreadable (
    path UNIQUE NOT NULL, root INTEGER NOT NULL, bytes INTEGER NOT NULL, modified_ms INTEGER NOT NULL
);
";

/// Makes the tables if there are none, else sees whether they are those of this version.
pub(super) fn prepare(file: &Path, connection: &mut Connection) -> Result<(), GalleryError> {
    let error = || GalleryError::index(file);
    for (name, value) in [
        ("synchronous", "normal"),
        ("temp_store", "memory"),
        ("foreign_keys", "on"),
    ] {
        connection.pragma_update(None, name, value).map_err(error())?;
    }
    connection.pragma_update(None, "cache_size", -65_536).map_err(error())?;
    let transaction = connection
        .transaction_with_behavior(TransactionBehavior::Immediate)
        .map_err(error())?;
    let number = |sql: &str| {
        transaction
            .query_row(sql, [], |row| row.get::<_, i64>(0))
            .map_err(error())
    };
    let found = number("PRAGMA user_version")?;
    let num_tables = number("SELECT count(*) FROM sqlite_schema")?;
    if num_tables == 0 {
        transaction.execute_batch(TABLES).map_err(error())?;
        let first_id = unix_ms() * IDS_PER_MS;
        transaction
            .execute(
                "INSERT INTO sqlite_sequence (name, seq) VALUES ('pictures', ?)",
                [first_id],
            )
            .map_err(error())?;
        transaction
            .pragma_update(None, "user_version", VERSION)
            .map_err(error())?;
        return transaction.commit().map_err(error());
    }
    if found != i64::from(VERSION) {
        return Err(GalleryError::IndexVersion {
            path: file.to_owned(),
            found,
            expected: VERSION,
        });
    }
    let expected = {
        let fresh = Connection::open_in_memory().map_err(error())?;
        fresh.execute_batch(TABLES).map_err(error())?;
        schema(&fresh).map_err(error())?
    };
    if schema(&transaction).map_err(error())? != expected {
        return Err(GalleryError::IndexSchema { path: file.to_owned() });
    }
    Ok(())
}

/// All that a file defines, by name.
fn schema(connection: &Connection) -> rusqlite::Result<Vec<[Option<String>; 4]>> {
    /// More than what is defined here, so that no more is read of another file.
    const MOST: usize = 64;
    let sql = format!("SELECT type, name, tbl_name, sql FROM sqlite_schema ORDER BY name LIMIT {MOST}");
    let mut statement = connection.prepare(&sql)?;
    let rows = statement.query_map([], |row| Ok([row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?]))?;
    rows.collect()
}

/// Milliseconds since 1970-01-01 UTC.
fn unix_ms() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    since.as_millis() as i64
}
