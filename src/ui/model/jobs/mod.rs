//! All jobs of the window: those that are to be run, in order, those of the sweep, and those that have ended. Pure: what the
//! engine must be told is the result of each call.
//!
//! The engine holds the first of them only: one at work and one more, so that it is never idle, and one of the sweep. All
//! others wait here, where they can be moved, copied and taken away.

mod job;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::path::Path;
use std::sync::Arc;

pub use self::job::{BranchPoint, Job, JobStatus, Order, QueueId};
use crate::engine::{KeptJob, QueueContent, SubmitError};
use crate::job::{Event, GenerateRequest, JobError, JobId, Record};

/// Jobs of the queue that the engine holds: the one at work and the next.
const MAX_IN_ENGINE: usize = 2;
/// Jobs that have ended and are still listed.
const MAX_DONE: usize = 100;

/// Jobs of the queue that ended since someone asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Ended {
    /// Pictures that were made.
    pub pictures: usize,
    /// Jobs that could not be done.
    pub failed: usize,
}

/// How far the sweep is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct SweepProgress {
    /// Runs that have a picture.
    pub finished: usize,
    /// Runs that could not be done.
    pub failed: usize,
    /// Runs that were stopped, or never began because of it.
    pub cancelled: usize,
    /// Runs from which something will come.
    pub left: usize,
}

/// All jobs.
#[derive(Debug, Default)]
pub struct JobQueue {
    /// Those of the queue that have not ended, in order.
    jobs: Vec<Job>,
    /// Those of the queue that have, the newest first.
    done: VecDeque<Job>,
    /// Those of the newest sweep, ended or not, in the order they are made.
    sweep: BTreeMap<QueueId, Job>,
    is_paused: bool,
    /// Those that are back from last time and for which alone the queue is paused.
    held: BTreeSet<QueueId>,
    last_id: u64,
    revision: u64,
    ended: Ended,
}

impl JobQueue {
    /// Those of the queue that have not ended, in order; the one at work comes first.
    pub fn jobs(&self) -> &[Job] {
        &self.jobs
    }

    /// Those of the queue that have ended, the newest first.
    pub fn done(&self) -> impl ExactSizeIterator<Item = &Job> {
        self.done.iter()
    }

    /// Whether no job shall begin.
    pub fn is_paused(&self) -> bool {
        self.is_paused
    }

    /// How many jobs are back from last time and wait to be resumed. What is put in meanwhile begins all the same.
    pub fn num_held(&self) -> usize {
        self.held.len()
    }

    /// Counts the changes of what [`Self::content`] gives.
    pub fn revision(&self) -> u64 {
        self.revision
    }

    /// Jobs whose turn has not come: those of the queue, and one of the sweep that the engine has.
    pub fn num_waiting(&self) -> usize {
        let is_next = |job: &&Job| job.status == JobStatus::Waiting && job.engine_id.is_some();
        self.jobs.len() - self.num_running() + self.sweep.values().filter(is_next).count()
    }

    /// Jobs of the queue at work: one at most, but for the moment in which one ends.
    pub fn num_running(&self) -> usize {
        self.jobs.iter().take_while(|job| job.status.is_at_work()).count()
    }

    /// A job that is listed, ended or not, or is of the sweep.
    pub fn find(&self, id: QueueId) -> Option<&Job> {
        let listed = || self.jobs.iter().chain(&self.done).find(|job| job.id == id);
        self.sweep.get(&id).or_else(listed)
    }

    /// The job that the engine knows by this name.
    pub fn in_engine(&self, name: JobId) -> Option<&Job> {
        self.all_in_engine().find(|job| job.engine_id == Some(name))
    }

    /// The job that Stop would stop: the one at work, else the next.
    pub fn current(&self) -> Option<&Job> {
        let open = self.all_in_engine().filter(|job| job.status != JobStatus::Stopping);
        open.min_by_key(|job| job.engine_id)
    }

    /// Whether the engine has none of the jobs.
    pub fn is_engine_idle(&self) -> bool {
        self.all_in_engine().next().is_none()
    }

    fn all_in_engine(&self) -> impl Iterator<Item = &Job> {
        let all = self.jobs.iter().chain(self.sweep.values());
        all.filter(|job| job.engine_id.is_some())
    }

    /// Puts a job at the end, but before those that wait to be resumed.
    pub fn push(&mut self, order: Order) -> QueueId {
        let first_held = self.jobs.iter().position(|job| self.held.contains(&job.id));
        self.insert(first_held.unwrap_or(self.jobs.len()), order)
    }

    /// Puts what was kept before everything that does not run. What was at work when the program ended comes first.
    /// Whenever something comes back, the queue is paused, for what is back alone if it was not paused before.
    pub fn restore(&mut self, content: QueueContent) {
        let mut kept = content.jobs;
        kept.sort_by_key(|job| !job.was_running);
        let was_paused = self.is_paused || content.is_paused;
        self.is_paused = was_paused || !kept.is_empty();
        let start = self.num_running();
        for (place, job) in kept.into_iter().enumerate() {
            let order = Order {
                request: job.request,
                options: job.options,
                branch_point: None,
            };
            let id = self.insert(start + place, order);
            if !was_paused {
                self.held.insert(id);
            }
        }
        self.revision += 1;
    }

    fn insert(&mut self, index: usize, order: Order) -> QueueId {
        let id = self.new_id();
        self.revision += 1;
        self.jobs.insert(index, Job::new(id, order));
        id
    }

    fn new_id(&mut self) -> QueueId {
        self.last_id += 1;
        QueueId(self.last_id)
    }

    /// Lets jobs begin, or no longer; the one at work goes on.
    pub fn set_paused(&mut self, is_paused: bool) {
        self.is_paused = is_paused;
        self.held.clear();
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
        let job = self.open_mut(id)?;
        let name = job.engine_id;
        if job.status.is_at_work() {
            job.status = JobStatus::Stopping;
        } else {
            self.end(id, JobStatus::Cancelled);
        }
        name
    }

    /// Takes [`Self::current`] away; if it is of the sweep, all of the sweep. The result must be told to the engine.
    pub fn stop_current(&mut self) -> Option<JobId> {
        let id = self.current()?.id;
        let name = self.cancel(id);
        if self.sweep.contains_key(&id) {
            for job in self.sweep.values_mut().filter(|job| job.status == JobStatus::Waiting) {
                job.end(JobStatus::Cancelled);
            }
        }
        name
    }

    /// Takes away all jobs that are not at work. The result are those that the engine must be told of.
    pub fn clear(&mut self) -> Vec<JobId> {
        let ids: Vec<QueueId> = self.jobs[self.num_running()..].iter().map(|job| job.id).collect();
        ids.into_iter().filter_map(|id| self.cancel(id)).collect()
    }

    /// Takes away those that are back from last time.
    pub fn clear_held(&mut self) {
        for id in std::mem::take(&mut self.held) {
            self.end(id, JobStatus::Cancelled);
        }
        self.is_paused = false;
        self.revision += 1;
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
        if self.done[place].status != JobStatus::Finished {
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
        let is_paused = self.is_paused && self.held.is_empty();
        let mut last = None;
        let mut is_in_order = true;
        let mut taken = Vec::new();
        for job in &mut self.jobs {
            let is_waiting = job.status == JobStatus::Waiting;
            match job.engine_id {
                Some(name) if is_waiting && (is_paused || !is_in_order || Some(name) < last) => {
                    job.engine_id = None;
                    taken.push(name);
                    is_in_order = false;
                }
                None => is_in_order = false,
                Some(_) => last = job.engine_id,
            }
        }
        taken
    }

    /// The job of the queue to be handed to the engine now.
    pub fn next(&self) -> Option<&Job> {
        let num_in_engine = self.jobs.iter().filter(|job| job.engine_id.is_some()).count();
        let may_begin = |job: &&Job| job.engine_id.is_none() && !self.held.contains(&job.id);
        if self.is_paused && self.held.is_empty() || num_in_engine >= MAX_IN_ENGINE {
            return None;
        }
        self.jobs.iter().find(may_begin)
    }

    /// Puts the runs of a sweep in, in the place of those of the sweep before.
    pub fn begin_sweep(&mut self, orders: impl IntoIterator<Item = Order>) -> Vec<QueueId> {
        let jobs = orders.into_iter().map(|order| Job::new(self.new_id(), order));
        let sweep = jobs.map(|job| (job.id, job)).collect();
        self.sweep = sweep;
        self.sweep.keys().copied().collect()
    }

    /// The run of the sweep to be handed to the engine now: one at a time, so that each can take its first steps from
    /// those before.
    pub fn next_of_sweep(&self) -> Option<&Job> {
        if self.is_paused && self.held.is_empty() || self.is_sweep_in_engine() {
            return None;
        }
        self.sweep.values().find(|job| job.status == JobStatus::Waiting)
    }

    /// Whether the engine has a run of the sweep.
    pub fn is_sweep_in_engine(&self) -> bool {
        self.sweep.values().any(|job| job.engine_id.is_some())
    }

    /// How far the sweep is.
    pub fn sweep_progress(&self) -> SweepProgress {
        let mut progress = SweepProgress::default();
        for job in self.sweep.values() {
            let count = match job.status {
                JobStatus::Finished => &mut progress.finished,
                JobStatus::Failed(_) => &mut progress.failed,
                JobStatus::Cancelled => &mut progress.cancelled,
                JobStatus::Waiting | JobStatus::Running | JobStatus::Stopping => &mut progress.left,
            };
            *count += 1;
        }
        progress
    }

    /// Notes that a job was handed to the engine.
    pub fn handed(&mut self, id: QueueId, name: JobId) {
        if let Some(job) = self.open_mut(id) {
            job.engine_id = Some(name);
        }
    }

    /// Notes that the engine did not take a job.
    pub fn refused(&mut self, id: QueueId, error: Arc<JobError>) {
        self.end(id, JobStatus::Failed(error));
    }

    /// The engine has ended: what it was at work on has failed, what waited in it waits here again, and the sweep is over.
    pub fn engine_stopped(&mut self) {
        let error = Arc::new(JobError::from(&SubmitError::EngineStopped));
        while self.num_running() > 0 {
            self.end(self.jobs[0].id, JobStatus::Failed(Arc::clone(&error)));
        }
        for job in &mut self.jobs {
            job.engine_id = None;
        }
        for job in self.sweep.values_mut().filter(|job| !job.status.has_ended()) {
            job.end(JobStatus::Cancelled);
        }
        self.revision += 1;
    }

    /// Takes in one event of the engine. The result is the job that it is about.
    pub fn apply(&mut self, event: &Event) -> Option<QueueId> {
        let id = self.in_engine(event.job()?)?.id;
        let place = self.index_of(id);
        match event {
            Event::Started { .. } => {
                self.open_mut(id)?.status = JobStatus::Running;
                if let Some(place) = place {
                    self.jobs[..=place].rotate_right(1); // it is the first already, unless it was just moved
                    self.revision += 1;
                }
            }
            Event::Image { image, .. } => {
                if let Some(place) = place {
                    self.jobs[place].take_image(image);
                    self.ended.pictures += 1;
                }
            }
            Event::Finished { .. } => self.end(id, JobStatus::Finished),
            Event::Cancelled { .. } => self.end(id, JobStatus::Cancelled),
            Event::Failed { error, .. } => {
                self.ended.failed += usize::from(place.is_some());
                self.end(id, JobStatus::Failed(Arc::clone(error)));
            }
            _ => {}
        }
        Some(id)
    }

    /// Notes where a picture was saved.
    pub fn saved(&mut self, path: &Path, record: &Record) {
        let mut all = self.jobs.iter_mut().chain(&mut self.done);
        all.any(|job| job.take_path(path, record));
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
            was_running: job.status.is_at_work(),
        });
        QueueContent {
            is_paused: self.is_paused && self.held.is_empty(),
            jobs: jobs.collect(),
        }
    }

    fn index_of(&self, id: QueueId) -> Option<usize> {
        self.jobs.iter().position(|job| job.id == id)
    }

    fn open_mut(&mut self, id: QueueId) -> Option<&mut Job> {
        match self.index_of(id) {
            Some(index) => self.jobs.get_mut(index),
            None => self.sweep.get_mut(&id),
        }
    }

    fn end(&mut self, id: QueueId, status: JobStatus) {
        let Some(index) = self.index_of(id) else {
            if let Some(job) = self.sweep.get_mut(&id) {
                job.end(status);
            }
            return;
        };
        let mut job = self.jobs.remove(index);
        if self.held.remove(&id) && self.held.is_empty() {
            self.is_paused = false; // nothing is left for which it was
        }
        job.end(status);
        self.done.push_front(job);
        self.done.truncate(MAX_DONE);
        self.revision += 1;
    }
}
