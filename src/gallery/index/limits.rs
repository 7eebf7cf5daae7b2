//! Bounds on what is done with the file of an index, which may be a stranger's.

use std::fs::Metadata;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use rusqlite::Connection;
use rusqlite::limits::Limit;

use super::file::with_end;

/// Most bytes of an index: ten million pictures.
const MAX_FILE_BYTES: u64 = 8 << 30;
/// Most bytes of its log, which is read whole when the index is opened. Those that are written here have a few MiB.
const MAX_LOG_BYTES: u64 = 1 << 30;
/// The most pages that the index may grow to, of 4096 bytes as `SQLite` makes them.
pub(super) const MAX_PAGES: i64 = (MAX_FILE_BYTES / 4096).cast_signed();
/// What holds whatever a file contains. Texts of pictures have up to 16 MiB, definitions and statements a few KiB.
const LIMITS: [(Limit, i32); 6] = [
    (Limit::SQLITE_LIMIT_LENGTH, 64 << 20),
    (Limit::SQLITE_LIMIT_SQL_LENGTH, 256 << 10),
    (Limit::SQLITE_LIMIT_COLUMN, 64),
    (Limit::SQLITE_LIMIT_VDBE_OP, 1 << 20),
    (Limit::SQLITE_LIMIT_ATTACHED, 0),
    (Limit::SQLITE_LIMIT_TRIGGER_DEPTH, 4),
];
/// Steps of `SQLite`'s machine between two looks at the bound.
const STRIDE: u32 = 1000;
/// Steps that any piece of work may take.
const LEAST_STEPS: u64 = 10_000_000;
/// Steps that it may take for each byte of the file: 200 words of a search need about 10.
const STEPS_PER_BYTE: u64 = 32;

/// Strides that a piece of work may still take. Pages of a planted file can lead to each other without end, which work on
/// a file that was written here never does.
#[derive(Debug, Default)]
pub(super) struct StepBudget {
    left: Arc<AtomicU64>,
    most: u64,
}

impl StepBudget {
    /// Begins a piece of work.
    pub(super) fn refill(&self) {
        self.left.store(self.most, Ordering::Relaxed);
    }
}

/// Bounds what statements on `connection` may take; one that takes more is interrupted.
pub(super) fn bound(connection: &mut Connection, file: &Path) -> rusqlite::Result<StepBudget> {
    for (limit, most) in LIMITS {
        connection.set_limit(limit, most)?;
    }
    let bytes = std::fs::metadata(file).map_or(0, |metadata| bytes_on_disk(&metadata).min(MAX_FILE_BYTES));
    let most = (LEAST_STEPS + STEPS_PER_BYTE * bytes) / u64::from(STRIDE);
    let budget = StepBudget {
        left: Arc::new(AtomicU64::new(most)),
        most,
    };
    let left = Arc::clone(&budget.left);
    let is_over = move || {
        let take = |left: u64| left.checked_sub(1);
        left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, take).is_err()
    };
    connection.progress_handler(STRIDE.cast_signed(), Some(is_over))?;
    Ok(budget)
}

/// Why a file is none that was made here, to be judged before `SQLite` opens it; `None` if nothing speaks against it.
pub(super) fn oddity(file: &Path) -> Option<&'static str> {
    let metadata = file.symlink_metadata().ok()?;
    let log_bytes = with_end(file, "-wal")
        .symlink_metadata()
        .map_or(0, |metadata| metadata.len());
    if !metadata.is_file() {
        Some("it is no file")
    } else if num_names(&metadata) > 1 {
        Some("the file has a name elsewhere too")
    } else if metadata.len() > MAX_FILE_BYTES || log_bytes > MAX_LOG_BYTES {
        Some("it is too large")
    } else if with_end(file, "-journal").symlink_metadata().is_ok() {
        // What it says would be carried out: a file that it names be deleted, for one.
        Some("it has a journal of a kind that is not written here")
    } else {
        None
    }
}

/// Whether a log lies beside the index that would be written to and is, or has a name, elsewhere.
pub(super) fn is_foreign_log(log: &Path) -> bool {
    log.symlink_metadata()
        .is_ok_and(|metadata| !metadata.is_file() || num_names(&metadata) > 1)
}

#[cfg(unix)]
fn num_names(metadata: &Metadata) -> u64 {
    std::os::unix::fs::MetadataExt::nlink(metadata)
}

#[cfg(not(unix))]
fn num_names(_metadata: &Metadata) -> u64 {
    1
}

/// Holes in the file do not count.
#[cfg(unix)]
fn bytes_on_disk(metadata: &Metadata) -> u64 {
    512 * std::os::unix::fs::MetadataExt::blocks(metadata)
}

#[cfg(not(unix))]
fn bytes_on_disk(metadata: &Metadata) -> u64 {
    metadata.len()
}
