//! The jobs not yet run, in a file, so that they outlive the program.

use std::fs::{File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::config::{PendingFile, read_regular};
use crate::job::{GenerateRequest, JobOptions, Precision, PreviewMode, VaeTiles};

/// Version of the file's layout. Requests have no version of their own: fields that are missing take their defaults, and
/// those that are not known are left out.
const VERSION: u32 = 1;
/// Longest file that is read, in bytes; a job takes about 2 KiB.
const MAX_BYTES: u64 = 64 << 20;

/// A job that has not been run to its end.
#[derive(Debug, Clone, PartialEq)]
pub struct KeptJob {
    /// What is asked for.
    pub request: Arc<GenerateRequest>,
    /// How it is carried out. Whether it waits for a slow listener, and before its first step, is not kept.
    pub options: JobOptions,
    /// Whether it was at work when the file was written.
    pub was_running: bool,
}

/// All jobs not yet run, in order.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct QueueContent {
    /// Whether no job shall begin.
    pub is_paused: bool,
    /// The jobs; those at work come first.
    pub jobs: Vec<KeptJob>,
}

/// What is not as it should be with the file that was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum QueueTrouble {
    /// It could not be read, and was set aside.
    Damaged {
        /// Why, in one line.
        reason: String,
        /// Where it is now.
        aside: PathBuf,
    },
    /// Some of its jobs are of a kind that this version does not know; a copy of it was set aside.
    Unknown {
        /// How many.
        count: usize,
        /// Where the copy is.
        aside: PathBuf,
    },
    /// Another window keeps its jobs there; those of this one are not kept.
    Taken,
}

#[derive(serde::Serialize)]
struct FileOut<'a> {
    version: u32,
    is_paused: bool,
    jobs: Vec<JobOut<'a>>,
}

#[derive(serde::Serialize)]
struct JobOut<'a> {
    request: &'a GenerateRequest,
    options: Options,
    was_running: bool,
}

#[derive(serde::Deserialize)]
struct FileIn {
    #[serde(default)]
    is_paused: bool,
    jobs: Vec<serde_json::Value>,
}

#[derive(serde::Deserialize)]
struct JobIn {
    request: GenerateRequest,
    #[serde(default)]
    options: Options,
    #[serde(default)]
    was_running: bool,
}

/// What is kept of [`JobOptions`].
#[derive(Default, serde::Serialize, serde::Deserialize)]
#[serde(default)]
struct Options {
    preview: PreviewMode,
    keep_branches: bool,
    keep_attention: bool,
    precision: Precision,
    vae_tiles: VaeTiles,
}

impl From<JobOptions> for Options {
    fn from(options: JobOptions) -> Self {
        Self {
            preview: options.preview,
            keep_branches: options.keep_branches,
            keep_attention: options.keep_attention,
            precision: options.precision,
            vae_tiles: options.vae_tiles,
        }
    }
}

impl From<Options> for JobOptions {
    fn from(kept: Options) -> Self {
        Self {
            preview: kept.preview,
            keep_branches: kept.keep_branches,
            keep_attention: kept.keep_attention,
            precision: kept.precision,
            vae_tiles: kept.vae_tiles,
            ..Self::default()
        }
    }
}

impl QueueContent {
    /// Writes the file, whole or not at all.
    ///
    /// # Errors
    /// If the folder or the file cannot be written.
    pub fn save(&self, path: &Path) -> io::Result<()> {
        let jobs = self.jobs.iter().map(|job| JobOut {
            request: &job.request,
            options: job.options.into(),
            was_running: job.was_running,
        });
        let file = FileOut {
            version: VERSION,
            is_paused: self.is_paused,
            jobs: jobs.collect(),
        };
        let mut text = serde_json::to_string_pretty(&file)?;
        text.push('\n');
        PendingFile::replace(path, text.as_bytes())
    }

    /// Reads the file. There is always a queue: a missing file gives an empty one, a damaged one too and is set aside; a
    /// job that cannot be read is left out.
    pub fn load(path: &Path) -> (Self, Option<QueueTrouble>) {
        let damaged = |error: &dyn std::fmt::Display| {
            let aside = aside(path);
            if let Err(error) = std::fs::rename(path, &aside) {
                tracing::warn!("the queue's file could not be set aside: {error}: {}", path.display());
            }
            let reason = error.to_string();
            (Self::default(), Some(QueueTrouble::Damaged { reason, aside }))
        };
        let text = match read(path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return (Self::default(), None),
            Err(error) => return damaged(&error),
        };
        let file: FileIn = match serde_json::from_slice(&text) {
            Ok(file) => file,
            Err(error) => return damaged(&error),
        };
        let num_all = file.jobs.len();
        let jobs: Vec<KeptJob> = file.jobs.into_iter().filter_map(kept_job).collect();
        let count = num_all - jobs.len();
        let trouble = (count > 0).then(|| {
            let aside = aside(path);
            if let Err(error) = std::fs::copy(path, &aside) {
                tracing::warn!("the queue's file could not be copied: {error}: {}", path.display());
            }
            QueueTrouble::Unknown { count, aside }
        });
        let is_paused = file.is_paused;
        (Self { is_paused, jobs }, trouble)
    }
}

fn read(path: &Path) -> io::Result<Vec<u8>> {
    read_regular(path, MAX_BYTES)
}

/// A job of the file; `None` if this version cannot carry it out.
fn kept_job(value: serde_json::Value) -> Option<KeptJob> {
    let job: JobIn = serde_json::from_value(value).ok()?;
    job.request.validate().ok()?;
    Some(KeptJob {
        request: Arc::new(job.request),
        options: job.options.into(),
        was_running: job.was_running,
    })
}

/// Where a file goes that cannot be read.
fn aside(path: &Path) -> PathBuf {
    let mut aside = path.as_os_str().to_owned();
    aside.push(".broken");
    PathBuf::from(aside)
}

/// Keeps other copies of the program from the file while this one lives; `None` if one of them has it.
///
/// # Errors
/// If there can be no lock at all.
pub(super) fn lock(path: &Path) -> io::Result<Option<File>> {
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        std::fs::create_dir_all(folder)?;
    }
    let file = File::create(path.with_extension("lock"))?;
    match file.try_lock() {
        Ok(()) => Ok(Some(file)),
        Err(TryLockError::WouldBlock) => Ok(None),
        Err(TryLockError::Error(error)) => Err(error),
    }
}
