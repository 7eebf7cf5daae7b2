//! Keeps the trajectories of a gallery within a budget: the oldest are first thinned to x and x₀, then dropped.
//! Pictures are never touched, nor what their owner wants to keep whole, nor files that this program does not
//! understand.
//!
//! Two programs may do this in one gallery: each file is locked while it is changed, and replaced as a whole.

use std::collections::VecDeque;
use std::fs::{File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use super::GalleryError;
use super::store::files_in;
use super::trajectory_file::{self, TrajectoryFile};
use crate::config::PendingFile;

/// Another program may add to the folder, so it is measured again after as many saves.
const SAVES_BETWEEN_MEASURES: u32 = 32;
/// A part of the budget that is freed beyond need, so that not every save has to look at all files again.
const SLACK: u64 = 16;
/// How often a file that is replaced again and again is tried to be locked.
const MAX_ATTEMPTS: usize = 1000;

/// Whether the trajectory of a picture is to be left as it is, whatever the budget.
pub type IsKept = Box<dyn Fn(&Path) -> bool + Send>;

/// What was done to keep within a budget.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct BudgetReport {
    /// Bytes of what may be thinned and dropped, before.
    pub bytes_before: u64,
    /// The same after.
    pub bytes_after: u64,
    /// Trajectories that lost what is for views alone, in the order it was done.
    pub thinned: Vec<PathBuf>,
    /// Trajectories that were dropped, in the order it was done.
    pub dropped: Vec<PathBuf>,
}

/// Thins and drops trajectories in `folder` and the folders in it, the oldest first, until those that are not kept
/// have no more than `budget_bytes`. First all are thinned that can be, then they are dropped. What fails is logged and
/// left out.
///
/// * `is_kept`: whether the trajectory of that picture is left as it is; it does not count then.
pub fn keep_within_budget(folder: &Path, budget_bytes: u64, is_kept: &dyn Fn(&Path) -> bool) -> BudgetReport {
    let mut pruning = Pruning::plan(folder, budget_bytes, is_kept);
    while pruning.step() {}
    pruning.report
}

/// Bytes of all trajectories in `folder` and the folders in it that are not kept.
pub fn trajectory_bytes(folder: &Path, is_kept: &dyn Fn(&Path) -> bool) -> u64 {
    candidates(folder, is_kept)
        .iter()
        .map(|candidate| candidate.bytes)
        .sum()
}

/// A file that may be thinned and dropped.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Candidate {
    modified: SystemTime,
    path: PathBuf,
    bytes: u64,
}

/// Keeping within a budget, in steps short enough to do something else between them.
pub(super) struct Pruning {
    budget_bytes: u64,
    /// Not looked at yet, the oldest first.
    whole: VecDeque<Candidate>,
    /// Known to be ours, with nothing left to thin; the oldest first.
    thin: VecDeque<Candidate>,
    /// Whether the thin ones were measured again.
    is_measured: bool,
    pub(super) report: BudgetReport,
}

impl Pruning {
    pub(super) fn plan(folder: &Path, budget_bytes: u64, is_kept: &dyn Fn(&Path) -> bool) -> Self {
        let whole = candidates(folder, is_kept);
        let bytes = whole.iter().map(|candidate| candidate.bytes).sum();
        Self {
            budget_bytes,
            whole: whole.into(),
            thin: VecDeque::new(),
            is_measured: false,
            report: BudgetReport {
                bytes_before: bytes,
                bytes_after: bytes,
                ..BudgetReport::default()
            },
        }
    }

    /// Looks at one file. Returns whether there is more to do.
    pub(super) fn step(&mut self) -> bool {
        if self.report.bytes_after <= self.budget_bytes {
            return false;
        }
        if let Some(candidate) = self.whole.pop_front() {
            self.thin(candidate);
        } else if !self.is_measured {
            // What other programs have done in the meantime counts before anything is dropped.
            let now = self
                .thin
                .iter()
                .map(|thin| std::fs::metadata(&thin.path).map_or(0, |file| file.len()));
            self.report.bytes_after = now.sum();
            self.is_measured = true;
        } else if let Some(candidate) = self.thin.pop_front() {
            self.drop_file(&candidate);
        } else {
            return false;
        }
        true
    }

    fn thin(&mut self, mut candidate: Candidate) {
        match thin(&candidate.path) {
            Ok(None) => {
                // Another program may have thinned it since it was measured.
                let bytes = std::fs::metadata(&candidate.path).map_or(0, |file| file.len());
                self.forget(candidate.bytes.saturating_sub(bytes));
                candidate.bytes = bytes.min(candidate.bytes);
                self.thin.push_back(candidate);
            }
            Ok(Some(bytes)) => {
                self.forget(candidate.bytes.saturating_sub(bytes));
                self.report.thinned.push(candidate.path.clone());
                candidate.bytes = bytes;
                self.thin.push_back(candidate);
            }
            Err(GalleryError::NoTrajectory { .. }) => self.forget(candidate.bytes),
            // Another program is at it, and sees to it.
            Err(GalleryError::Read { source, .. }) if source.kind() == io::ErrorKind::WouldBlock => {
                self.forget(candidate.bytes);
            }
            Err(
                error @ (GalleryError::TrajectoryFormat { .. }
                | GalleryError::ForeignTrajectory { .. }
                | GalleryError::NewerTrajectory { .. }),
            ) => {
                tracing::info!("not counted among the trajectories: {}", error.one_line());
                self.forget(candidate.bytes);
            }
            Err(error) => {
                tracing::warn!("a trajectory was not thinned: {}", error.one_line());
                self.thin.push_back(candidate);
            }
        }
    }

    fn drop_file(&mut self, candidate: &Candidate) {
        let dropped = hold(&candidate.path).and_then(|_held| std::fs::remove_file(&candidate.path));
        match dropped {
            Ok(()) => {
                self.forget(candidate.bytes);
                self.report.dropped.push(candidate.path.clone());
            }
            // Another program has dropped it, or does.
            Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::WouldBlock) => {
                self.forget(candidate.bytes);
            }
            Err(error) => tracing::warn!("a trajectory was not dropped: {error}: {}", candidate.path.display()),
        }
    }

    fn forget(&mut self, bytes: u64) {
        self.report.bytes_after = self.report.bytes_after.saturating_sub(bytes);
    }
}

/// Looks after the budget of a folder as trajectories are added to it.
pub(super) struct BudgetKeeper {
    folder: PathBuf,
    budget_bytes: u64,
    is_kept: IsKept,
    /// Bytes of all trajectories that are not kept, as far as this program knows.
    bytes: u64,
    /// Saves since the folder was measured.
    num_saves: u32,
    pruning: Option<Pruning>,
}

impl BudgetKeeper {
    pub(super) fn new(folder: PathBuf, budget_bytes: u64, is_kept: IsKept) -> Self {
        Self {
            folder,
            budget_bytes,
            is_kept,
            bytes: 0,
            num_saves: 0,
            pruning: None,
        }
    }

    /// Looks how much there is, and plans what to do if it is too much.
    pub(super) fn measure(&mut self) {
        self.bytes = trajectory_bytes(&self.folder, &self.is_kept);
        self.num_saves = 0;
        self.plan();
    }

    /// A trajectory of that size was added.
    pub(super) fn grow(&mut self, bytes: u64) {
        self.bytes = self.bytes.saturating_add(bytes);
        self.num_saves += 1;
        if self.num_saves >= SAVES_BETWEEN_MEASURES {
            self.measure();
        } else {
            self.plan();
        }
    }

    pub(super) fn set(&mut self, budget_bytes: u64) {
        self.budget_bytes = budget_bytes;
        self.measure();
    }

    pub(super) fn has_work(&self) -> bool {
        self.pruning.is_some()
    }

    /// Looks at one file.
    pub(super) fn step(&mut self) {
        let Some(pruning) = &mut self.pruning else { return };
        if !pruning.step() {
            let BudgetReport {
                bytes_before,
                bytes_after,
                thinned,
                dropped,
            } = &pruning.report;
            tracing::info!(
                "trajectories had {bytes_before} bytes, now {bytes_after}: {} thinned, {} dropped",
                thinned.len(),
                dropped.len()
            );
            self.bytes = *bytes_after;
            self.pruning = None;
        }
    }

    fn plan(&mut self) {
        self.pruning = (self.bytes > self.budget_bytes).then(|| {
            let target = self.budget_bytes - self.budget_bytes / SLACK;
            Pruning::plan(&self.folder, target, &self.is_kept)
        });
    }
}

/// The oldest first.
fn candidates(folder: &Path, is_kept: &dyn Fn(&Path) -> bool) -> Vec<Candidate> {
    let mut found: Vec<Candidate> = files_in(folder)
        .filter(|path| trajectory_file::picture_path(path).is_some_and(|picture| !is_kept(&picture)))
        .filter_map(|path| {
            let metadata = std::fs::symlink_metadata(&path).ok()?;
            metadata.is_file().then_some(())?;
            Some(Candidate {
                modified: metadata.modified().ok()?,
                bytes: metadata.len(),
                path,
            })
        })
        .collect();
    found.sort();
    found
}

/// Rewrites a trajectory without what is for views alone, as old as it was. Returns its new size; `None` if there was
/// nothing to leave out.
fn thin(path: &Path) -> Result<Option<u64>, GalleryError> {
    let held = match hold(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return Err(GalleryError::NoTrajectory { path: path.to_owned() });
        }
        held => held.map_err(GalleryError::read(path))?,
    };
    let modified = held
        .metadata()
        .and_then(|metadata| metadata.modified())
        .map_err(GalleryError::read(path))?;
    let whole = TrajectoryFile::new(held, path)?;
    if whole.size().parts.is_thin() {
        return Ok(None);
    }
    let trajectory = whole.thin_trajectory()?;
    let folder = path.parent().unwrap_or_else(|| Path::new(""));
    let mut pending = PendingFile::create(folder).map_err(GalleryError::write(path))?;
    trajectory_file::write(pending.path(), &trajectory, whole.record())?;
    let file = pending.file();
    let bytes = file
        .set_modified(modified)
        .and_then(|()| file.metadata())
        .map_err(GalleryError::write(path))?
        .len();
    let held = Some(whole).filter(|_| !cfg!(windows)); // where an open file cannot be replaced
    pending.publish(path).map_err(GalleryError::write(path))?;
    drop(held);
    Ok(Some(bytes))
}

/// Locks a file that is to be replaced or removed, so that no other program does so meanwhile, until the handle is
/// dropped.
///
/// # Errors
/// [`io::ErrorKind::WouldBlock`] if another program has it or has just replaced it.
fn hold(path: &Path) -> io::Result<File> {
    let file = File::open(path)?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => return Err(io::ErrorKind::WouldBlock.into()),
        Err(TryLockError::Error(error)) => tracing::debug!("could not lock a file: {error}: {}", path.display()),
    }
    if is_same_file(&file, path)? {
        Ok(file)
    } else {
        Err(io::ErrorKind::WouldBlock.into())
    }
}

/// As [`hold`], but waits for another program to be done; `None` if there is no such file.
pub(super) fn hold_to_replace(path: &Path) -> io::Result<Option<File>> {
    for _attempt in 0..MAX_ATTEMPTS {
        let file = match File::open(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            file => file?,
        };
        if let Err(error) = file.lock() {
            tracing::debug!("could not lock a file: {error}: {}", path.display());
        }
        if is_same_file(&file, path).unwrap_or(false) {
            return Ok(Some(file));
        }
    }
    Err(io::ErrorKind::WouldBlock.into())
}

/// Whether that name still is the name of that file.
#[cfg(unix)]
fn is_same_file(file: &File, path: &Path) -> io::Result<bool> {
    use std::os::unix::fs::MetadataExt as _;
    let (open, named) = (file.metadata()?, std::fs::metadata(path)?);
    Ok((open.dev(), open.ino()) == (named.dev(), named.ino()))
}

/// Whether that name still is the name of that file, as far as its size and age tell.
#[cfg(not(unix))]
fn is_same_file(file: &File, path: &Path) -> io::Result<bool> {
    let (open, named) = (file.metadata()?, std::fs::metadata(path)?);
    Ok((open.len(), open.modified()?) == (named.len(), named.modified()?))
}
