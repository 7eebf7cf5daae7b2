//! The jobs that are to be run, in order, and those that have been. Pure: what the engine must be told is the result of
//! each call.
//!
//! The engine holds the first of them only: one at work and one more, so that it is never idle. All others wait here, where
//! they can be moved, copied and taken away.

use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::engine::{KeptJob, QueueContent, SubmitError};
use crate::job::{Event, GenerateRequest, JobError, JobId, JobOptions, KeptRun, Record, RgbImage};
use crate::ui::model::run_timeline::RunTimeline;

/// Jobs that the engine holds: the one at work and the next.
const MAX_IN_ENGINE: usize = 2;
/// Jobs that have ended and are still listed.
const MAX_DONE: usize = 100;
/// Longest side of the picture of a job that has ended, in pixels.
const THUMBNAIL_SIDE_PX: u32 = 128;

/// Names a job of the queue; counts up while the program runs.
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
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// It waits here.
    Waiting,
    /// It waits in the engine.
    Handed(JobId),
    /// The engine works on it.
    Running(JobId),
}

impl Stage {
    /// Its name in the engine, if it is there.
    pub fn job(self) -> Option<JobId> {
        match self {
            Self::Waiting => None,
            Self::Handed(job) | Self::Running(job) => Some(job),
        }
    }
}

/// A job that has not ended.
#[derive(Debug, Clone)]
pub struct Job {
    /// Names it.
    pub id: QueueId,
    /// What is to be made.
    pub order: Order,
    /// How far it is.
    pub stage: Stage,
    made: Option<Made>,
    num_pictures: u32,
}

/// The newest picture of a job.
#[derive(Debug, Clone)]
struct Made {
    thumbnail: Arc<RgbImage>,
    record: Arc<Record>,
    path: Option<PathBuf>,
}

/// How a job ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ending {
    /// All its pictures are made.
    Finished,
    /// It was taken away, or stopped.
    Cancelled,
    /// It could not be done.
    Failed(Arc<JobError>),
}

/// A job that has ended.
#[derive(Debug, Clone)]
pub struct DoneJob {
    /// Names it.
    pub id: QueueId,
    /// What was asked for.
    pub order: Order,
    /// How it ended.
    pub ending: Ending,
    /// How many pictures it made.
    pub num_pictures: u32,
    made: Option<Made>,
}

impl DoneJob {
    /// Its newest picture, small.
    pub fn thumbnail(&self) -> Option<&Arc<RgbImage>> {
        self.made.as_ref().map(|made| &made.thumbnail)
    }

    /// Where its newest picture is, once it is saved.
    pub fn path(&self) -> Option<&Path> {
        self.made.as_ref().and_then(|made| made.path.as_deref())
    }
}

/// Jobs that ended since someone asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Ended {
    /// Pictures that were made.
    pub pictures: usize,
    /// Jobs that could not be done.
    pub failed: usize,
}

/// All jobs.
#[derive(Debug, Default)]
pub struct JobQueue {
    /// Those that have not ended, in order.
    jobs: Vec<Job>,
    /// Those that have, the newest first.
    done: VecDeque<DoneJob>,
    is_paused: bool,
    last_id: u64,
    revision: u64,
    ended: Ended,
}

impl JobQueue {
    /// Those that have not ended, in order; the one at work comes first.
    pub fn jobs(&self) -> &[Job] {
        &self.jobs
    }

    /// Those that have ended, the newest first.
    pub fn done(&self) -> impl ExactSizeIterator<Item = &DoneJob> {
        self.done.iter()
    }

    /// Whether no job shall begin.
    pub fn is_paused(&self) -> bool {
        self.is_paused
    }

    /// Counts the changes of what [`Self::content`] gives.
    pub fn revision(&self) -> u64 {
        self.revision
    }

    /// Jobs that are not at work.
    pub fn num_waiting(&self) -> usize {
        self.jobs.len() - self.num_running()
    }

    /// Jobs at work: one at most, but for the moment in which one ends.
    pub fn num_running(&self) -> usize {
        let is_running = |job: &&Job| matches!(job.stage, Stage::Running(_));
        self.jobs.iter().take_while(is_running).count()
    }

    /// A job that has not ended.
    pub fn job(&self, id: QueueId) -> Option<&Job> {
        self.jobs.iter().find(|job| job.id == id)
    }

    /// Puts a job at the end.
    pub fn push(&mut self, order: Order) -> QueueId {
        self.insert(self.jobs.len(), order)
    }

    /// Puts what was kept before everything that does not run. What was at work when the program ended comes first.
    /// Whenever something comes back, the queue is paused.
    pub fn restore(&mut self, content: QueueContent) {
        let mut kept = content.jobs;
        kept.sort_by_key(|job| !job.was_running);
        self.is_paused |= content.is_paused || !kept.is_empty();
        let start = self.num_running();
        for (place, job) in kept.into_iter().enumerate() {
            let order = Order {
                request: job.request,
                options: job.options,
                branch_point: None,
            };
            self.insert(start + place, order);
        }
        self.revision += 1;
    }

    fn insert(&mut self, index: usize, order: Order) -> QueueId {
        self.last_id += 1;
        self.revision += 1;
        let id = QueueId(self.last_id);
        let job = Job {
            id,
            order,
            stage: Stage::Waiting,
            made: None,
            num_pictures: 0,
        };
        self.jobs.insert(index, job);
        id
    }

    /// Lets jobs begin, or no longer; the one at work goes on.
    pub fn set_paused(&mut self, is_paused: bool) {
        self.is_paused = is_paused;
        self.revision += 1;
    }

    /// Moves a job that is not at work to a place among those, from 0; past the end is the last.
    pub fn move_to(&mut self, id: QueueId, place: usize) {
        let first = self.num_running();
        let Some(from) = self.index_of(id).filter(|from| *from >= first) else {
            return;
        };
        let job = self.jobs.remove(from);
        let to = first.saturating_add(place).min(self.jobs.len());
        self.jobs.insert(to, job);
        self.revision += 1;
    }

    /// Moves a job that is not at work by so many places.
    pub fn move_by(&mut self, id: QueueId, by: isize) {
        let first = self.num_running();
        if let Some(from) = self.index_of(id).filter(|from| *from >= first) {
            self.move_to(id, (from - first).saturating_add_signed(by));
        }
    }

    /// Takes a job away. The result is its name in the engine, which must be told; a job at work stays until the engine
    /// says that it has stopped.
    pub fn cancel(&mut self, id: QueueId) -> Option<JobId> {
        let index = self.index_of(id)?;
        let stage = self.jobs[index].stage;
        if !matches!(stage, Stage::Running(_)) {
            self.end(index, Ending::Cancelled);
        }
        stage.job()
    }

    /// Takes away all jobs that are not at work. The result are those that the engine must be told of.
    pub fn clear(&mut self) -> Vec<JobId> {
        let ids: Vec<QueueId> = self.jobs[self.num_running()..].iter().map(|job| job.id).collect();
        ids.into_iter().filter_map(|id| self.cancel(id)).collect()
    }

    /// Puts a job in once more, behind it, with the seeds that follow its own.
    pub fn duplicate(&mut self, id: QueueId) -> Option<QueueId> {
        let index = self.index_of(id)?;
        let order = self.jobs[index].order.clone();
        let seed = order.request.seed.wrapping_add(u64::from(order.request.batch_count));
        let request = GenerateRequest {
            seed,
            ..(*order.request).clone()
        };
        let order = Order {
            request: Arc::new(request),
            branch_point: None, // noise of another seed comes from another start
            ..order
        };
        Some(self.insert((index + 1).max(self.num_running()), order))
    }

    /// Puts a job that has ended at the end of the queue again.
    pub fn retry(&mut self, id: QueueId) -> Option<QueueId> {
        let place = self.done.iter().position(|done| done.id == id)?;
        let order = self.done[place].order.clone();
        if self.done[place].ending != Ending::Finished {
            self.done.remove(place);
        }
        Some(self.push(order))
    }

    /// Forgets the jobs that have ended; their pictures stay in the gallery.
    pub fn clear_done(&mut self) {
        self.done.clear();
    }

    /// Takes jobs back that the engine holds and that are no longer its next: they wait here again, and the engine must
    /// be told to let go of them.
    pub fn take_back(&mut self) -> Vec<JobId> {
        let mut last = None;
        let mut is_in_order = true;
        let mut taken = Vec::new();
        for job in &mut self.jobs {
            match job.stage {
                Stage::Handed(name) if self.is_paused || !is_in_order || Some(name) < last => {
                    job.stage = Stage::Waiting;
                    taken.push(name);
                    is_in_order = false;
                }
                Stage::Waiting => is_in_order = false,
                Stage::Handed(name) | Stage::Running(name) => last = Some(name),
            }
        }
        taken
    }

    /// The job to be handed to the engine now.
    pub fn next(&self) -> Option<&Job> {
        let num_in_engine = self.jobs.iter().filter(|job| job.stage != Stage::Waiting).count();
        if self.is_paused || num_in_engine >= MAX_IN_ENGINE {
            return None;
        }
        self.jobs.iter().find(|job| job.stage == Stage::Waiting)
    }

    /// Notes that a job was handed to the engine.
    pub fn handed(&mut self, id: QueueId, name: JobId) {
        if let Some(index) = self.index_of(id) {
            self.jobs[index].stage = Stage::Handed(name);
        }
    }

    /// Notes that the engine did not take a job.
    pub fn refused(&mut self, id: QueueId, error: Arc<JobError>) {
        if let Some(index) = self.index_of(id) {
            self.end(index, Ending::Failed(error));
        }
    }

    /// The engine has ended: what it was at work on has failed, what waited in it waits here again.
    pub fn engine_stopped(&mut self) {
        let error = Arc::new(JobError::from(&SubmitError::EngineStopped));
        while self.num_running() > 0 {
            self.end(0, Ending::Failed(Arc::clone(&error)));
        }
        for job in &mut self.jobs {
            job.stage = Stage::Waiting;
        }
        self.revision += 1;
    }

    /// Takes in one event of the engine.
    pub fn apply(&mut self, event: &Event) {
        match event {
            Event::Started { job } => {
                if let Some(index) = self.index_in_engine(*job) {
                    self.jobs[index].stage = Stage::Running(*job);
                    self.jobs[..=index].rotate_right(1); // it is the first already, unless it was just moved
                    self.revision += 1;
                }
            }
            Event::Image { job, image } => {
                if let Some(index) = self.index_in_engine(*job) {
                    let pixels = Arc::clone(&image.pixels).shrunk(THUMBNAIL_SIDE_PX);
                    let job = &mut self.jobs[index];
                    job.made = Some(Made {
                        thumbnail: pixels,
                        record: Arc::new(image.record.clone()),
                        path: None,
                    });
                    job.num_pictures += 1;
                    self.ended.pictures += 1;
                }
            }
            Event::Finished { job } => self.end_in_engine(*job, Ending::Finished),
            Event::Cancelled { job } => self.end_in_engine(*job, Ending::Cancelled),
            Event::Failed { job, error } => {
                if self.index_in_engine(*job).is_some() {
                    self.ended.failed += 1;
                }
                self.end_in_engine(*job, Ending::Failed(Arc::clone(error)));
            }
            _ => {}
        }
    }

    /// Notes where a picture was saved.
    pub fn saved(&mut self, path: &Path, record: &Record) {
        let jobs = self.jobs.iter_mut().map(|job| &mut job.made);
        let all = jobs.chain(self.done.iter_mut().map(|done| &mut done.made));
        if let Some(made) = all.flatten().find(|made| *made.record == *record) {
            made.path = Some(path.to_owned());
        }
    }

    /// What ended since the last time this was asked.
    pub fn take_ended(&mut self) -> Ended {
        std::mem::take(&mut self.ended)
    }

    /// What is to be kept: all but the branches that cannot be made without the run they leave.
    pub fn content(&self) -> QueueContent {
        let is_whole = |job: &&Job| job.order.branch_point.as_ref().is_none_or(|point| point.is_exact);
        let jobs = self.jobs.iter().filter(is_whole).map(|job| KeptJob {
            request: Arc::clone(&job.order.request),
            options: job.order.options,
            was_running: matches!(job.stage, Stage::Running(_)),
        });
        QueueContent {
            is_paused: self.is_paused,
            jobs: jobs.collect(),
        }
    }

    fn index_of(&self, id: QueueId) -> Option<usize> {
        self.jobs.iter().position(|job| job.id == id)
    }

    fn index_in_engine(&self, name: JobId) -> Option<usize> {
        self.jobs.iter().position(|job| job.stage.job() == Some(name))
    }

    fn end_in_engine(&mut self, name: JobId, ending: Ending) {
        if let Some(index) = self.index_in_engine(name) {
            self.end(index, ending);
        }
    }

    fn end(&mut self, index: usize, ending: Ending) {
        let job = self.jobs.remove(index);
        self.done.push_front(DoneJob {
            id: job.id,
            order: job.order,
            ending,
            num_pictures: job.num_pictures,
            made: job.made,
        });
        self.done.truncate(MAX_DONE);
        self.revision += 1;
    }
}
