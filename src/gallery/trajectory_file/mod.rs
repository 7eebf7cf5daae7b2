//! The trajectory of a picture as a safetensors file beside it.
//!
//! | tensor | shape | type | which steps |
//! |---|---|---|---|
//! | `x`, `x0` | (steps, channels, height, width) | f32 | all |
//! | `final_latents` | (channels, height, width) | f32 | |
//! | `sigmas`, `timesteps` | those of the whole run | f64 | |
//! | `step_index` | (steps) | u64 | |
//! | `step_sigma`, `step_timestep`, `secs` | (steps) | f64 | all |
//! | `eps_cond`, `eps_uncond` | (kept, channels, height, width) | f16 | `eps_cond_step`, `eps_uncond_step`, (kept) u64 |
//! | `attention.HxW`, one for each level | (kept, tokens, height, width) | f16 | `attention_step`, (kept) u64 |
//!
//! The last two rows are for views only and may be missing; what says which steps have them holds values of
//! `step_index`. All else comes back bit for bit.
//!
//! The header's metadata has two entries. `hareru` is JSON with `version`, `seed`, the picture's `record`, `tokens`,
//! `colours` and which of the optional `parts` there are. `hareru.crc32` has the checksums of that text and of each
//! tensor, one for each step where it has four dimensions: a file that has rotted is refused, for a branch of it would
//! silently be another picture. Version 1 had neither optional parts nor checksums.

mod checksums;
mod header;
mod reader;
mod steps;
mod writer;

use std::path::{Path, PathBuf};

pub use header::{KeptParts, TrajectoryHeader, TrajectorySize};
pub(super) use reader::TrajectoryFile;
pub(super) use writer::write;

use super::GalleryError;
use super::file_lock::is_absent;
use crate::config::open_regular;

/// The layout written by this program.
const VERSION: u32 = 2;
/// What the name of a trajectory ends with, after that of its picture and a dot.
const ENDING: &str = "trajectory.safetensors";

/// Where the trajectory of a picture is kept: `NAME.png` has `NAME.trajectory.safetensors`.
pub fn trajectory_path(picture_path: &Path) -> PathBuf {
    picture_path.with_extension(ENDING)
}

/// The picture that a file would be the trajectory of, by its name alone; `None` if it has not the name of one.
pub(super) fn picture_path(trajectory_path: &Path) -> Option<PathBuf> {
    let stem = trajectory_path.file_name()?.to_str()?.strip_suffix(ENDING)?;
    let stem = stem.strip_suffix('.').filter(|stem| !stem.is_empty())?;
    Some(trajectory_path.with_file_name(format!("{stem}.png")))
}

/// Opens a trajectory, whose header is checked then.
pub(super) fn open(path: &Path) -> Result<TrajectoryFile, GalleryError> {
    let file = open_regular(path).map_err(|source| {
        if is_absent(&source) {
            GalleryError::NoTrajectory { path: path.to_owned() }
        } else {
            GalleryError::Read {
                path: path.to_owned(),
                source,
            }
        }
    })?;
    TrajectoryFile::new(file, path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trajectory_should_be_named_after_its_picture_and_back() {
        let picture = Path::new("a/b.1/海.x.png");
        let beside = trajectory_path(picture);
        assert_eq!(beside, Path::new("a/b.1/海.x.trajectory.safetensors"));
        assert_eq!(picture_path(&beside).as_deref(), Some(picture));
        for other in [
            "a/x.safetensors",
            "a/.trajectory.safetensors",
            "trajectory.safetensors",
            "a/.hareru-abc123.part",
            "",
        ] {
            assert_eq!(picture_path(Path::new(other)), None, "{other}");
        }
    }
}
