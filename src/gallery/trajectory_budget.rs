//! Keeps the trajectories of a gallery within a budget: the oldest are first thinned to x and x₀, then put into the trash.
//! Pictures are never touched, nor the trajectories of favourites and rated pictures, nor files that this program does
//! not understand. A forecast takes the same steps without changing a file.
//!
//! Two programs may do this in one gallery: each file is locked while it is changed, and replaced as a whole.

use std::collections::VecDeque;
use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use super::GalleryError;
use super::file_lock::hold;
use super::formats::endings;
use super::index::Index;
use super::store::files_in;
use super::trajectory_file::{self, TrajectoryFile};
use super::trash::{Trash, TrashPlace, bound_dropped};
use super::user_metadata_file::read_user_metadata;
use crate::config::PendingFile;

/// Another program may add to the folder, so it is measured again after as many saves.
const SAVES_BETWEEN_MEASURES: u32 = 32;
/// A part of the budget that is freed beyond need, so that not every save has to look at all files again.
const SLACK: u64 = 16;

/// What was done, or would be done, to keep within a budget.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct BudgetReport {
    /// Bytes of what may be thinned and dropped, before.
    pub bytes_before: u64,
    /// The same after.
    pub bytes_after: u64,
    /// Trajectories that lose what is for views alone, in order.
    pub thinned: Vec<PathBuf>,
    /// Trajectories that are put into the trash, in order.
    pub dropped: Vec<PathBuf>,
}

/// Thins and drops trajectories in `folder` and the folders in it, the oldest first, until they have no more than
/// `budget_bytes`. First all are thinned that can be, then they are put into the trash. What fails is logged and left out.
///
/// The trajectories of favourites and of rated pictures are left as they are and do not count.
pub fn keep_within_budget(folder: &Path, budget_bytes: u64, trash: TrashPlace) -> BudgetReport {
    Pruning::plan(folder, budget_bytes, Some(trash)).run()
}

/// What [`keep_within_budget`] would do, without doing it. The bytes after are an estimate that is exact to the length of
/// the files' headers.
pub fn forecast_budget(folder: &Path, budget_bytes: u64) -> BudgetReport {
    Pruning::plan(folder, budget_bytes, None).run()
}

/// Bytes of all trajectories in `folder` and the folders in it that count towards the budget.
pub fn trajectory_bytes(folder: &Path) -> u64 {
    candidates(folder).iter().map(|candidate| candidate.bytes).sum()
}

/// A file that may be thinned and dropped.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Candidate {
    modified: SystemTime,
    path: PathBuf,
    bytes: u64,
}

/// Keeping within a budget, in steps short enough to do something else between them.
struct Pruning {
    budget_bytes: u64,
    /// Where dropped trajectories go; `None` for a forecast, which changes nothing.
    trash: Option<Trash>,
    /// Not looked at yet, the oldest first.
    whole: VecDeque<Candidate>,
    /// Known to be ours, with nothing left to thin; the oldest first.
    thin: VecDeque<Candidate>,
    /// Whether the thin ones were measured again.
    is_measured: bool,
    report: BudgetReport,
}

impl Pruning {
    fn plan(folder: &Path, budget_bytes: u64, trash: Option<TrashPlace>) -> Self {
        let whole = candidates(folder);
        let bytes = whole.iter().map(|candidate| candidate.bytes).sum();
        Self {
            budget_bytes,
            trash: trash.map(|place| Trash::new(&Index::own_folder(folder), place)),
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

    fn run(mut self) -> BudgetReport {
        while self.step() {}
        self.report
    }

    /// Looks at one file. Returns whether there is more to do.
    fn step(&mut self) -> bool {
        if self.report.bytes_after <= self.budget_bytes {
            return false;
        }
        if let Some(candidate) = self.whole.pop_front() {
            self.thin(candidate);
        } else if !self.is_measured && self.trash.is_some() {
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
        if self.is_spared(&candidate) {
            return;
        }
        let thinned = match self.trash {
            None => thin_bytes(&candidate.path),
            Some(_) => thin(&candidate.path),
        };
        match thinned {
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

    /// Whether its picture was rated or made a favourite since it was planned for; then it does not count any more.
    fn is_spared(&mut self, candidate: &Candidate) -> bool {
        let is_spared = trajectory_file::picture_path(&candidate.path).is_some_and(|picture| is_protected(&picture));
        if is_spared {
            self.forget(candidate.bytes);
        }
        is_spared
    }

    fn drop_file(&mut self, candidate: &Candidate) {
        if self.is_spared(candidate) {
            return;
        }
        let dropped = match &mut self.trash {
            None => Ok(()),
            Some(trash) => hold(&candidate.path).and_then(|_held| {
                let failures = trash.take(vec![vec![candidate.path.clone()]]).failures;
                let failure = failures.into_iter().next();
                failure.map_or(Ok(()), |why| Err(io::Error::other(why)))
            }),
        };
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
    /// `None` until one is set: nothing is thinned or dropped.
    budget_bytes: Option<u64>,
    trash: TrashPlace,
    /// Whether the budget was lowered and what no longer fits is being taken away, which is reported.
    is_lowering: bool,
    /// Bytes of all trajectories that count, as far as this program knows.
    bytes: u64,
    /// Saves since the folder was measured.
    num_saves: u32,
    pruning: Option<Pruning>,
}

impl BudgetKeeper {
    pub(super) fn new(folder: PathBuf, budget_bytes: Option<u64>, trash: TrashPlace) -> Self {
        Self {
            folder,
            budget_bytes,
            trash,
            is_lowering: false,
            bytes: 0,
            num_saves: 0,
            pruning: None,
        }
    }

    /// Looks how much there is, and plans what to do if it is too much.
    pub(super) fn measure(&mut self) {
        self.bytes = trajectory_bytes(&self.folder);
        self.num_saves = 0;
        self.plan();
    }

    /// A trajectory of that size was added.
    pub(super) fn grow(&mut self, bytes: u64) {
        self.bytes = self.bytes.saturating_add(bytes);
        self.num_saves += 1;
        if self.num_saves >= SAVES_BETWEEN_MEASURES {
            bound_dropped(&Index::own_folder(&self.folder), self.budget_bytes.unwrap_or(u64::MAX));
            self.measure();
        } else {
            self.plan();
        }
    }

    pub(super) fn set(&mut self, budget_bytes: u64) {
        self.is_lowering |= self.budget_bytes.is_some_and(|before| budget_bytes < before);
        self.budget_bytes = Some(budget_bytes);
        self.measure();
    }

    /// What [`Self::set`] would lead to, without doing it.
    pub(super) fn forecast(&self, budget_bytes: u64) -> BudgetReport {
        let bytes = trajectory_bytes(&self.folder);
        let target = if bytes > budget_bytes {
            with_slack(budget_bytes)
        } else {
            budget_bytes
        };
        forecast_budget(&self.folder, target)
    }

    pub(super) fn has_work(&self) -> bool {
        self.pruning.is_some()
    }

    /// Looks at one file. Returns what was done once a lowered budget is kept.
    pub(super) fn step(&mut self) -> Option<BudgetReport> {
        if self.pruning.as_mut()?.step() {
            return None;
        }
        let report = self.pruning.take()?.report;
        tracing::info!(
            "trajectories had {} bytes, now {}: {} thinned, {} dropped",
            report.bytes_before,
            report.bytes_after,
            report.thinned.len(),
            report.dropped.len()
        );
        self.bytes = report.bytes_after;
        std::mem::take(&mut self.is_lowering).then_some(report)
    }

    fn plan(&mut self) {
        let budget_bytes = self.budget_bytes.filter(|budget_bytes| self.bytes > *budget_bytes);
        self.pruning = budget_bytes.and_then(|budget_bytes| {
            let pruning = Pruning::plan(&self.folder, with_slack(budget_bytes), Some(self.trash));
            self.bytes = pruning.report.bytes_before; // what was saved while it was measured was counted twice
            (self.bytes > budget_bytes).then_some(pruning)
        });
        self.is_lowering &= self.pruning.is_some();
    }
}

/// What is aimed at once a budget is exceeded.
fn with_slack(budget_bytes: u64) -> u64 {
    budget_bytes - budget_bytes / SLACK
}

/// Whether the trajectory of a picture is left as it is whatever the budget: its owner has rated the picture or made it a
/// favourite, or has said something of it that cannot be read.
///
/// * `picture`: with any of the endings of pictures, for the name of a trajectory does not say which.
fn is_protected(picture: &Path) -> bool {
    let is_protected = |picture: &Path| {
        let user_metadata = read_user_metadata(picture, None);
        user_metadata.map_or(true, |said| said.is_favourite || said.rating > 0)
    };
    endings().any(|ending| {
        [ending.to_owned(), ending.to_uppercase()]
            .iter()
            .any(|ending| is_protected(&picture.with_extension(ending)))
    })
}

/// The oldest first.
fn candidates(folder: &Path) -> Vec<Candidate> {
    let mut found: Vec<Candidate> = files_in(folder)
        .filter(|path| trajectory_file::picture_path(path).is_some_and(|picture| !is_protected(&picture)))
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

/// Size that a trajectory would have after [`thin`]; `None` if there is nothing to leave out.
fn thin_bytes(path: &Path) -> Result<Option<u64>, GalleryError> {
    let whole = trajectory_file::open(path)?;
    let size = whole.size();
    Ok((!size.parts.is_thin()).then(|| size.bytes - whole.view_bytes()))
}
