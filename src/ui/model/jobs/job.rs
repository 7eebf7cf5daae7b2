//! One job of the window: what is asked for, and how far it is.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::job::{GenerateRequest, GeneratedImage, JobError, JobId, JobOptions, KeptRun, Record, RgbImage};
use crate::ui::model::run_timeline::RunTimeline;

/// Longest side of the picture that is kept of a job, in pixels.
const THUMBNAIL_SIDE_PX: u32 = 128;

/// Names a job of the window; counts up while the program runs. The engine's own names, [`JobId`], begin again with each
/// engine, and a job that is taken back from it is given another one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct QueueId(pub u64);

/// Where a branch leaves another run.
#[derive(Debug, Clone)]
pub struct BranchPoint {
    /// The run.
    pub kept: Arc<KeptRun>,
    /// The first step that is not taken from it.
    pub step: u32,
    /// Its steps before, with their pictures.
    pub parent: Option<Box<RunTimeline>>,
    /// Whether the request alone, without the run, makes the same picture.
    pub is_exact: bool,
}

/// What is to be made.
#[derive(Debug, Clone)]
pub struct Order {
    /// What is asked for.
    pub request: Arc<GenerateRequest>,
    /// How it is carried out.
    pub options: JobOptions,
    /// For a branch: the run it leaves.
    pub branch_point: Option<BranchPoint>,
}

/// How far a job is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum JobStatus {
    /// Others are before it.
    Waiting,
    /// The engine works on it.
    Running,
    /// It should stop and has not yet.
    Stopping,
    /// All its pictures are made.
    Finished,
    /// It was taken away, or stopped.
    Cancelled,
    /// It could not be done.
    Failed(Arc<JobError>),
}

impl JobStatus {
    /// Whether the engine works on the job, even if it should stop.
    pub fn is_at_work(&self) -> bool {
        matches!(self, Self::Running | Self::Stopping)
    }

    /// Whether nothing more will come from the job.
    pub fn has_ended(&self) -> bool {
        matches!(self, Self::Finished | Self::Cancelled | Self::Failed(_))
    }
}

/// A job, from the moment it is asked for.
#[derive(Debug, Clone)]
pub struct Job {
    /// Names it.
    pub id: QueueId,
    /// What is to be made.
    pub order: Order,
    /// How far it is.
    pub status: JobStatus,
    /// Its name in the engine, while the engine has it.
    pub engine_id: Option<JobId>,
    /// How many pictures it has made.
    pub num_pictures: u32,
    newest: Option<SmallPicture>,
}

/// The newest picture of a job.
#[derive(Debug, Clone)]
struct SmallPicture {
    thumbnail: Arc<RgbImage>,
    record: Record,
    path: Option<PathBuf>,
}

impl Job {
    pub(super) fn new(id: QueueId, order: Order) -> Self {
        Self {
            id,
            order,
            status: JobStatus::Waiting,
            engine_id: None,
            num_pictures: 0,
            newest: None,
        }
    }

    /// Its newest picture, small.
    pub fn thumbnail(&self) -> Option<&Arc<RgbImage>> {
        self.newest.as_ref().map(|newest| &newest.thumbnail)
    }

    /// Where its newest picture is, once it is saved.
    pub fn path(&self) -> Option<&Path> {
        self.newest.as_ref().and_then(|newest| newest.path.as_deref())
    }

    pub(super) fn take_image(&mut self, image: &GeneratedImage) {
        self.num_pictures += 1;
        self.newest = Some(SmallPicture {
            thumbnail: Arc::clone(&image.pixels).shrunk(THUMBNAIL_SIDE_PX),
            record: image.record.clone(),
            path: None,
        });
    }

    /// Notes where its newest picture was saved; the result is false if the record is not of that picture.
    pub(super) fn take_path(&mut self, path: &Path, record: &Record) -> bool {
        let newest = self.newest.as_mut().filter(|newest| newest.record == *record);
        newest.map(|newest| newest.path = Some(path.to_owned())).is_some()
    }

    pub(super) fn end(&mut self, status: JobStatus) {
        self.status = status;
        self.engine_id = None;
    }
}
