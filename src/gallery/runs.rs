//! Kept runs: the trajectories beside pictures, and which run branched off which.

use std::ops::Range;
use std::path::{Path, PathBuf};

use super::GalleryError;
use super::store::{picture_files, read_record};
use super::trajectory_file::{self, TrajectoryHeader, trajectory_path};
use crate::job::{KeptRun, Origin, Record, StepRecord, Trajectory};

/// A picture as a node of the tree of runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunEntry {
    /// The picture.
    pub path: PathBuf,
    /// Names the run; empty in pictures of before runs had names.
    pub run_id: String,
    /// The run it left on the way, if it is a branch.
    pub origin: Option<Origin>,
    /// When it was finished, in seconds since 1970-01-01 UTC.
    pub created_unix_secs: u64,
    /// Bytes of the trajectory beside it; `None` if it has none.
    pub trajectory_bytes: Option<u64>,
}

/// The trajectory beside a picture, bit for bit as it was saved but for what is for views alone.
///
/// # Errors
/// [`GalleryError::NoTrajectory`] if there is none, others if it is torn, damaged or was not written by this program.
pub fn read_trajectory(picture_path: &Path) -> Result<Trajectory, GalleryError> {
    trajectory_file::open(&trajectory_path(picture_path))?.trajectory()
}

/// What can be told of the trajectory beside a picture without reading its steps, which is fast.
///
/// # Errors
/// As for [`read_trajectory`].
pub fn read_trajectory_header(picture_path: &Path) -> Result<TrajectoryHeader, GalleryError> {
    trajectory_file::open(&trajectory_path(picture_path))?.header()
}

/// Some steps of the trajectory beside a picture; nothing else of it is read but its header.
///
/// * `places`: counted from 0 over the steps that the file has; what goes beyond them is left out.
///
/// # Errors
/// As for [`read_trajectory`].
pub fn read_steps(picture_path: &Path, places: Range<usize>) -> Result<Vec<StepRecord>, GalleryError> {
    trajectory_file::open(&trajectory_path(picture_path))?.steps(places)
}

/// The run of a picture, from which another one may branch.
///
/// # Errors
/// As for [`read_trajectory`]; [`GalleryError::OtherRun`] if the trajectory is not that of the picture.
pub fn read_run(picture_path: &Path) -> Result<KeptRun, GalleryError> {
    let path = trajectory_path(picture_path);
    let file = trajectory_file::open(&path)?;
    let TrajectoryHeader { record, .. } = file.header()?;
    if let Ok(Record { run_id: expected, .. }) = read_record(picture_path)
        && !expected.is_empty()
        && expected != record.run_id
    {
        return Err(GalleryError::OtherRun {
            path,
            expected,
            found: record.run_id,
        });
    }
    Ok(KeptRun {
        trajectory: file.trajectory()?.into(),
        record,
    })
}

/// All runs whose pictures are in `folder` and the folders in it, the newest first.
///
/// What cannot be read or was not made by this program is left out. A branch is listed even if its parent is not
/// there any more.
pub fn runs_in(folder: &Path) -> Vec<RunEntry> {
    let mut runs: Vec<RunEntry> = picture_files(folder).filter_map(|path| entry_of(&path)).collect();
    runs.sort_by(|a, b| (b.created_unix_secs, &b.path).cmp(&(a.created_unix_secs, &a.path)));
    runs
}

/// The picture of a run in `folder` and the folders in it; of copies the newest.
///
/// * `run_id`: an empty one names no run.
pub fn find_run(folder: &Path, run_id: &str) -> Option<PathBuf> {
    if run_id.is_empty() {
        return None;
    }
    let runs = runs_in(folder);
    runs.into_iter().find(|run| run.run_id == run_id).map(|run| run.path)
}

fn entry_of(path: &Path) -> Option<RunEntry> {
    let record = read_record(path).ok()?;
    let trajectory_bytes = std::fs::metadata(trajectory_path(path))
        .ok()
        .filter(std::fs::Metadata::is_file)
        .map(|metadata| metadata.len());
    let is_ours = !record.run_id.is_empty() || trajectory_bytes.is_some();
    is_ours.then(|| RunEntry {
        path: path.to_owned(),
        run_id: record.run_id,
        origin: record.origin,
        created_unix_secs: record.created_unix_secs,
        trajectory_bytes,
    })
}
