//! Kept runs: the trajectories beside pictures.

use std::ops::Range;
use std::path::Path;

use super::GalleryError;
use super::store::read_record;
use super::trajectory_file::{self, TrajectoryHeader, trajectory_path};
use crate::job::{KeptRun, Record, StepRecord, Trajectory};

/// The trajectory beside a picture, bit for bit as it was saved but for what is for views alone. That it belongs to the
/// picture is checked by [`read_run`].
///
/// # Errors
/// [`GalleryError::NoTrajectory`] if there is none, others if it is torn, damaged or was not written by this program.
pub fn read_trajectory(picture_path: &Path) -> Result<Trajectory, GalleryError> {
    trajectory_file::open(&trajectory_path(picture_path))?.trajectory()
}

/// The header of the trajectory beside a picture. Its steps are not read, so this is fast.
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
/// As for [`read_trajectory`]; [`GalleryError::Read`] if there is neither picture nor trajectory,
/// [`GalleryError::OtherRun`] if the trajectory is not that of the picture.
pub fn read_run(picture_path: &Path) -> Result<KeptRun, GalleryError> {
    let path = trajectory_path(picture_path);
    let file = match trajectory_file::open(&path) {
        Err(error @ GalleryError::NoTrajectory { .. }) => {
            picture_path.metadata().map_err(GalleryError::read(picture_path))?; // it may be the picture that is missing
            return Err(error);
        }
        file => file?,
    };
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
