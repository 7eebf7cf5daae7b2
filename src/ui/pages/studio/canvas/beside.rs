//! Another kept run on the right half of the canvas, in step with the one that is shown.

use std::path::PathBuf;
use std::sync::Arc;

use crate::job::RgbImage;
use crate::ui::model::run_timeline::RunTimeline;

/// A run beside the one that is shown.
#[derive(Debug, Clone)]
pub struct Beside {
    /// Its picture's file.
    pub path: PathBuf,
    /// Its picture, once it is read.
    pub picture: Option<Arc<RgbImage>>,
    /// Its steps, once they are read.
    pub timeline: Option<RunTimeline>,
}

impl Beside {
    /// A run of which nothing is read yet.
    pub fn new(path: PathBuf) -> Self {
        Self {
            path,
            picture: None,
            timeline: None,
        }
    }
}
