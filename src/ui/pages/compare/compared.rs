//! One of the pictures that are compared.

use std::path::PathBuf;
use std::sync::Arc;

use crate::gallery::PictureEntry;
use crate::job::{Record, RgbImage, StepRecord};
use crate::ui::model::run_timeline::RunTimeline;
use crate::unfold::Similarity;

/// What is still to come of a picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Awaited {
    Picture,
    Steps,
    Nothing,
}

/// One of the pictures.
#[derive(Debug, Clone)]
pub struct Compared {
    /// Its file.
    pub path: PathBuf,
    /// Its pixels, once they are read.
    pub pixels: Option<Arc<RgbImage>>,
    /// How it was made, if it says so.
    pub record: Option<Arc<Record>>,
    /// Its steps, if they were kept, once they are read.
    pub timeline: Option<RunTimeline>,
    /// Why it cannot be shown.
    pub failure: Option<String>,
    /// What the index service knows of it, if anything.
    pub entry: Option<Arc<PictureEntry>>,
    pub(super) awaited: Awaited,
    /// Whether the index service was asked about it.
    pub(super) is_sought: bool,
}

impl Compared {
    pub(super) fn new(path: PathBuf) -> Self {
        Self {
            path,
            pixels: None,
            record: None,
            timeline: None,
            failure: None,
            entry: None,
            awaited: Awaited::Picture,
            is_sought: false,
        }
    }

    /// Whether all there is of it has been read.
    pub fn is_read(&self) -> bool {
        self.awaited == Awaited::Nothing
    }

    /// The step at a place of the run, or the last that was kept before it; `None` where there is none, and where the run
    /// has ended.
    pub fn step_at(&self, place: usize) -> Option<&Arc<StepRecord>> {
        let timeline = self.timeline.as_ref().filter(|timeline| place < timeline.total)?;
        let before = timeline.steps.iter().rfind(|step| step.index <= place);
        before.or_else(|| timeline.steps.first())
    }
}

/// How much two pictures are alike, as far as that is known.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Alike {
    /// It is being found out.
    NotYet,
    /// Their sizes differ.
    OtherSizes,
    /// By so much.
    By(Similarity),
}

/// What there is to see of a picture.
#[derive(Debug, Clone)]
pub struct Shown {
    /// The picture, or what stands for one of its steps.
    pub image: Arc<RgbImage>,
    /// Size of the finished picture, which may be larger.
    pub picture_px: egui::Vec2,
}
