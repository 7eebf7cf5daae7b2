//! Opening the file of the index, or doing without.

use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rusqlite::config::DbConfig;
use rusqlite::{Connection, ErrorCode, OpenFlags, TransactionBehavior};

use super::file::{Identity, hold, identity_of, open_lock, put_aside, remove_logs};
use crate::config::{make_real_folders, open_regular};
use crate::gallery::GalleryError;

/// Version of the tables; files of any other are made anew.
pub const VERSION: i32 = 1;
/// Folder of the program's own files in a gallery.
const OWN_FOLDER: &str = ".hareru";
/// Name of the index.
const FILE_NAME: &str = "index.sqlite";
/// Held while the file is opened, made or set aside.
const LOCK_NAME: &str = "index.lock";
/// How an `SQLite` file begins.
const MAGIC: &[u8; 16] = b"SQLite format 3\0";
/// How long another program's write is waited for.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);
/// Ids that an index may give per millisecond since 1970 before they could meet those of the next one.
const IDS_PER_MS: i64 = 1 << 10;

/// The file ends where a part of it should be.
const SHORT_READ: std::ffi::c_int = rusqlite::ffi::SQLITE_IOERR_SHORT_READ;

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

/// What the gallery knows of its pictures.
#[derive(Debug)]
pub struct Index {
    pub(super) connection: Connection,
    pub(super) gallery: PathBuf,
    /// The file, and which one it was when it was opened; `None` in memory.
    file: Option<(PathBuf, Identity)>,
}

/// An index, and what came of the one before.
#[derive(Debug)]
pub struct OpenedIndex {
    /// The index.
    pub index: Index,
    /// Where the file that could not be used now is.
    pub set_aside: Option<PathBuf>,
}

/// What an error says of the index.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::gallery) enum Health {
    /// Another program is writing: later it will do.
    Busy,
    /// The file cannot be written for now: the disk is full, or may not be written.
    Unwritable,
    /// The file is not, or no longer, an index.
    Damaged,
}

/// What an error of `SQLite` says of the index.
pub(in crate::gallery) fn health(error: &GalleryError) -> Option<Health> {
    let code = match error {
        GalleryError::Index { source, .. } => match source {
            rusqlite::Error::SqliteFailure(failure, _) => failure,
            _ => return Some(Health::Damaged), // a column is not what was written into it
        },
        GalleryError::IndexVersion { .. } | GalleryError::IndexSchema { .. } => return Some(Health::Damaged),
        _ => return None,
    };
    Some(match code.code {
        ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked => Health::Busy,
        ErrorCode::NotADatabase
        | ErrorCode::DatabaseCorrupt
        | ErrorCode::ConstraintViolation
        | ErrorCode::TypeMismatch
        | ErrorCode::SchemaChanged
        | ErrorCode::Unknown => Health::Damaged,
        ErrorCode::SystemIoFailure if code.extended_code == SHORT_READ => Health::Damaged,
        _ => Health::Unwritable,
    })
}

impl Index {
    /// The file of the index of the gallery in `gallery`.
    pub fn file_of(gallery: &Path) -> PathBuf {
        gallery.join(OWN_FOLDER).join(FILE_NAME)
    }

    /// The folder of the program's own files in the gallery.
    pub fn own_folder(gallery: &Path) -> PathBuf {
        gallery.join(OWN_FOLDER)
    }

    /// Opens the index of the gallery in `gallery`, or makes it; what cannot be used is set aside.
    ///
    /// # Errors
    /// [`GalleryError::Write`] and [`GalleryError::Index`] if the folder cannot be written; [`Self::in_memory`] does
    /// then.
    pub fn open(gallery: &Path) -> Result<OpenedIndex, GalleryError> {
        Self::open_after(gallery, None)
    }

    /// As [`Self::open`]; the file of `damaged` is set aside if it is still in its place.
    pub(in crate::gallery) fn open_after(gallery: &Path, damaged: Option<Self>) -> Result<OpenedIndex, GalleryError> {
        let damaged = damaged.and_then(|index| index.file);
        let folder = gallery.join(OWN_FOLDER);
        std::fs::create_dir_all(gallery).map_err(GalleryError::write(gallery))?;
        make_real_folders(&folder, 1).map_err(GalleryError::write(&folder))?;
        let lock_file = folder.join(LOCK_NAME);
        let lock = open_lock(&lock_file).map_err(GalleryError::write(&lock_file))?;
        hold(&lock, BUSY_TIMEOUT); // until it is dropped

        let file = Self::file_of(gallery);
        let mut set_aside = None;
        if let Some((_, identity)) = damaged
            && identity_of(&file).is_some_and(|found| found == identity)
        {
            set_aside = Some(put_aside(&file)?);
        }
        if file.symlink_metadata().is_ok_and(|metadata| !metadata.is_file()) {
            set_aside = Some(put_aside(&file)?); // a link, a folder: nothing that was made here
        }
        if !file.exists() {
            remove_logs(&file);
        }
        let connection = match connect(&file) {
            Err(error) if health(&error) == Some(Health::Damaged) => {
                set_aside = Some(put_aside(&file)?);
                connect(&file)?
            }
            other => other?,
        };
        let identity = identity_of(&file).unwrap_or_default();
        let index = Self {
            connection,
            gallery: gallery.to_owned(),
            file: Some((file, identity)),
        };
        Ok(OpenedIndex { index, set_aside })
    }

    /// An index that is forgotten when it is dropped.
    ///
    /// # Errors
    /// [`GalleryError::Index`] if there is no memory for it.
    pub fn in_memory(gallery: &Path) -> Result<Self, GalleryError> {
        let path = Path::new(":memory:");
        let mut connection = Connection::open_in_memory().map_err(GalleryError::index(path))?;
        prepare(path, &mut connection)?;
        Ok(Self {
            connection,
            gallery: gallery.to_owned(),
            file: None,
        })
    }

    /// Whether it is kept in a file.
    pub fn is_kept(&self) -> bool {
        self.file.is_some()
    }

    /// Whether its file is still the one that was opened, and begins as such files do. Always so in memory.
    pub fn is_in_place(&self) -> bool {
        let Some((file, identity)) = &self.file else {
            return true;
        };
        let mut start = [0; MAGIC.len()];
        let begins_well = open_regular(file)
            .and_then(|mut file| file.read_exact(&mut start))
            .is_ok()
            && start == *MAGIC;
        begins_well && identity_of(file).is_some_and(|found| found == *identity)
    }

    /// Joins an error of `SQLite` with the file.
    pub(super) fn error(&self) -> impl Fn(rusqlite::Error) -> GalleryError + use<> {
        let path = self
            .file
            .as_ref()
            .map_or_else(|| PathBuf::from(":memory:"), |(file, _)| file.clone());
        move |source| GalleryError::Index {
            path: path.clone(),
            source,
        }
    }
}

/// Opens the file, and makes the tables if it is new.
fn connect(file: &Path) -> Result<Connection, GalleryError> {
    let error = || GalleryError::index(file);
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
        | OpenFlags::SQLITE_OPEN_CREATE
        | OpenFlags::SQLITE_OPEN_NO_MUTEX
        | OpenFlags::SQLITE_OPEN_NOFOLLOW;
    // The last part may not be a link, the way to the gallery may.
    let true_file = match (file.parent(), file.file_name()) {
        (Some(folder), Some(name)) if cfg!(unix) => {
            folder.canonicalize().map_err(GalleryError::write(folder))?.join(name)
        }
        _ => file.to_owned(),
    };
    let mut connection = Connection::open_with_flags(true_file, flags).map_err(error())?;
    // The file may be a stranger's: nothing in it is carried out.
    for (config, is_on) in [
        (DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true),
        (DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false),
        (DbConfig::SQLITE_DBCONFIG_ENABLE_TRIGGER, false),
        (DbConfig::SQLITE_DBCONFIG_ENABLE_VIEW, false),
    ] {
        connection.set_db_config(config, is_on).map_err(error())?;
    }
    connection.busy_timeout(BUSY_TIMEOUT).map_err(error())?;
    connection
        .pragma_update_and_check(None, "journal_mode", "wal", |_mode| Ok(()))
        .map_err(error())?;
    prepare(file, &mut connection)?;
    Ok(connection)
}

/// Makes the tables if there are none, else sees whether they are those of this version.
fn prepare(file: &Path, connection: &mut Connection) -> Result<(), GalleryError> {
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
