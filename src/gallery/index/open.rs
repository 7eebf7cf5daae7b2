//! Opening the file of the index, or doing without.

use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, ErrorCode, OpenFlags, Transaction, TransactionBehavior};

use super::file::{Identity, LOG_ENDS, identity_of, put_aside, remove_logs, with_end};
use super::limits::{MAX_PAGES, StepBudget, bound, is_foreign_log, oddity};
use super::schema::prepare;
use crate::config::{hold_lock, make_real_folders, open_lock, open_regular};
use crate::gallery::GalleryError;

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

/// The file ends where a part of it should be.
const SHORT_READ: std::ffi::c_int = rusqlite::ffi::SQLITE_IOERR_SHORT_READ;

/// What the gallery knows of its pictures.
#[derive(Debug)]
pub struct Index {
    pub(super) connection: Connection,
    pub(super) gallery: PathBuf,
    /// The file, and which one it was when it was opened; `None` in memory.
    file: Option<(PathBuf, Identity)>,
    steps: StepBudget,
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
        | ErrorCode::TooBig
        | ErrorCode::OperationInterrupted
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
        hold_lock(&lock, BUSY_TIMEOUT); // until it is dropped

        let file = Self::file_of(gallery);
        let mut set_aside = None;
        if let Some((_, identity)) = damaged
            && identity_of(&file).is_some_and(|found| found == identity)
        {
            set_aside = Some(put_aside(&file)?);
        }
        if let Some(oddity) = oddity(&file) {
            tracing::warn!(
                "the index of the gallery was not made here, {oddity}: {}",
                file.display()
            );
            set_aside = Some(put_aside(&file)?);
        }
        for log in LOG_ENDS.map(|end| with_end(&file, end)) {
            if is_foreign_log(&log) {
                std::fs::remove_file(&log).map_err(GalleryError::write(&log))?;
            }
        }
        if !file.exists() {
            remove_logs(&file);
        }
        let (connection, steps) = match connect(&file) {
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
            steps,
        };
        Ok(OpenedIndex { index, set_aside })
    }

    /// Opens a copy of the file of an index, wherever that is.
    pub(super) fn open_copy(gallery: &Path, file: &Path) -> Result<Self, GalleryError> {
        let (connection, steps) = connect(file)?;
        Ok(Self {
            connection,
            gallery: gallery.to_owned(),
            file: Some((file.to_owned(), identity_of(file).unwrap_or_default())),
            steps,
        })
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
            steps: StepBudget::default(),
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

    /// Does a piece of work that reads; one that takes far more than any such work is interrupted.
    ///
    /// # Errors
    /// [`GalleryError::Index`].
    pub(super) fn read<T>(&self, work: impl FnOnce() -> rusqlite::Result<T>) -> Result<T, GalleryError> {
        self.steps.refill();
        work().map_err(self.error())
    }

    /// Does a piece of work that writes, all or nothing, bounded as [`Self::read`] is.
    ///
    /// # Errors
    /// [`GalleryError::Index`].
    pub(super) fn in_transaction<T>(
        &mut self,
        work: impl FnOnce(&Transaction<'_>) -> rusqlite::Result<T>,
    ) -> Result<T, GalleryError> {
        self.steps.refill();
        let error = self.error();
        let transaction = self
            .connection
            .transaction_with_behavior(TransactionBehavior::Immediate);
        let transact = |transaction: Transaction<'_>| {
            let done = work(&transaction)?;
            transaction.commit()?;
            Ok(done)
        };
        transaction.and_then(transact).map_err(error)
    }

    /// Joins an error of `SQLite` with the file.
    fn error(&self) -> impl Fn(rusqlite::Error) -> GalleryError + use<> {
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
fn connect(file: &Path) -> Result<(Connection, StepBudget), GalleryError> {
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
    let steps = bound(&mut connection, file).map_err(error())?;
    connection.busy_timeout(BUSY_TIMEOUT).map_err(error())?;
    connection
        .pragma_update_and_check(None, "max_page_count", MAX_PAGES, |_most| Ok(()))
        .map_err(error())?;
    connection
        .pragma_update_and_check(None, "journal_mode", "wal", |_mode| Ok(()))
        .map_err(error())?;
    prepare(file, &mut connection)?;
    Ok((connection, steps))
}
