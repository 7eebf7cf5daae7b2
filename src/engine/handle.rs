//! The engine as the window and the command line see it.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

use crossbeam_channel::{Receiver, Sender, TryRecvError, TrySendError, bounded};

use super::command::{Command, EngineOptions, QueuedJob};
use super::decode_queue::DecodeQueue;
use super::events::EventSender;
use super::inference;
use crate::config::join_within_bound;
use crate::job::{
    Choice, DecodeRequest, ErrorCode, Event, GenerateRequest, JobControl, JobError, JobErrorKind, JobId, JobOptions,
    KeptRun, ModelRef, Precision, RequestError, Start,
};
use crate::lock;
use crate::pipelines;

/// Jobs that may wait; one more is refused with [`SubmitError::QueueFull`].
const MAX_QUEUED: usize = 256;
/// Events that may wait for the window before steps are dropped.
const EVENT_CAPACITY: usize = 256;

/// Why the engine could not be started.
#[derive(Debug, thiserror::Error)]
pub enum EngineStartError {
    /// The system refused a thread.
    #[error("the inference thread could not be started")]
    Thread(#[from] std::io::Error),
}

/// Why a job was not taken.
#[derive(Debug, thiserror::Error)]
pub enum SubmitError {
    /// A field of the request is out of its range.
    #[error(transparent)]
    Request(#[from] RequestError),
    /// Too many jobs wait already.
    #[error("the queue is full: at most {MAX_QUEUED} jobs may wait")]
    QueueFull,
    /// The inference thread has ended.
    #[error("the engine has stopped")]
    EngineStopped,
}

impl From<&SubmitError> for JobError {
    fn from(error: &SubmitError) -> Self {
        let code = match error {
            SubmitError::Request(error) => return error.into(),
            SubmitError::QueueFull => ErrorCode::new("error-queue-full").with("most", MAX_QUEUED),
            SubmitError::EngineStopped => ErrorCode::new("error-engine-stopped"),
        };
        Self::new(JobErrorKind::Internal, error.to_string()).with_code(code)
    }
}

/// What [`EngineHandle::poll`] found.
#[derive(Debug)]
pub enum Poll {
    /// The next event.
    Event(Event),
    /// Nothing new.
    Empty,
    /// The inference thread has ended and all its events are read.
    Disconnected,
}

/// Owns the inference thread.
///
/// Jobs are carried out one by one in the order they were [submitted](Self::submit). The events of a job come in this
/// order: [`Event::Started`]; [`Event::Phase`] whenever it goes on to something else; [`Event::Inexact`] if it is a branch
/// that is not exact; for each picture its [`Event::Step`]s, with [`Event::Paused`], [`Event::Resumed`],
/// [`Event::Changed`], [`Event::ChangeRefused`] and [`Event::WentBack`] between them, then [`Event::Image`]; and exactly one
/// of [`Event::Finished`], [`Event::Cancelled`] and [`Event::Failed`]. A job that is cancelled while it waits has the last of these alone. Steps are dropped while
/// [`JobOptions::keep_every_step`] is off and the listener is slow; all other events wait for it. Answers to
/// [`Self::decode`], [`Self::describe`] and [`Self::preload`] come between the events of jobs.
///
/// Dropping the handle cancels what runs and what waits, then closes the command channel, which ends the thread's loop,
/// then the event channel, which frees a thread that waits for the listener, and joins the thread. That takes at most one
/// call of a network, or a second: a longer one is given up with the program.
pub struct EngineHandle {
    commands: Option<Sender<Command>>,
    events: Option<Receiver<Event>>,
    thread: Option<JoinHandle<()>>,
    controls: Arc<Mutex<BTreeMap<JobId, Arc<JobControl>>>>,
    decodes: Arc<DecodeQueue>,
    next_job: u64,
}

impl EngineHandle {
    /// Starts the inference thread. `wake` is called from it after every event, e.g. to repaint the window.
    ///
    /// # Errors
    /// [`EngineStartError::Thread`] if the system refuses a thread.
    pub fn start(options: EngineOptions, wake: impl Fn() + Send + Sync + 'static) -> Result<Self, EngineStartError> {
        let (command_sender, command_receiver) = bounded(MAX_QUEUED);
        let (event_sender, event_receiver) = bounded(EVENT_CAPACITY);
        let controls = Arc::new(Mutex::new(BTreeMap::new()));
        let sender = EventSender::new(event_sender, Arc::new(wake));
        let decodes = Arc::new(DecodeQueue::new());
        let thread = {
            let controls = Arc::clone(&controls);
            let decodes = Arc::clone(&decodes);
            std::thread::Builder::new()
                .name("inference".to_owned())
                .spawn(move || {
                    inference::run(&options, (&command_receiver, &decodes), &sender, |job| {
                        lock(&controls).remove(&job);
                    });
                })?
        };
        Ok(Self {
            commands: Some(command_sender),
            events: Some(event_receiver),
            thread: Some(thread),
            controls,
            decodes,
            next_job: 1,
        })
    }

    /// Puts a job at the end of the queue and returns its name at once.
    ///
    /// # Errors
    /// [`SubmitError`]: a field out of range, a full queue, or an engine that has ended.
    pub fn submit(&mut self, request: GenerateRequest, options: JobOptions) -> Result<JobId, SubmitError> {
        self.submit_any(request, options, None)
    }

    /// Puts a branch at the end of the queue: the steps before `step` are taken from a kept run, whatever the request
    /// says of them. [`KeptRun::why_inexact`] tells whether that makes a difference.
    ///
    /// # Errors
    /// As [`Self::submit`].
    pub fn submit_after(
        &mut self,
        request: GenerateRequest,
        (kept, step): (Arc<KeptRun>, u32),
        options: JobOptions,
    ) -> Result<JobId, SubmitError> {
        self.submit_any(request, options, Some((kept, step)))
    }

    fn submit_any(
        &mut self,
        request: GenerateRequest,
        options: JobOptions,
        resume_from: Option<(Arc<KeptRun>, u32)>,
    ) -> Result<JobId, SubmitError> {
        request.validate()?;
        let request = with_ids(request)?;
        let job = JobId(self.next_job);
        let control = Arc::new(JobControl::default());
        if options.start == Start::Paused {
            control.pause();
        }
        lock(&self.controls).insert(job, Arc::clone(&control));
        let sent = self.send(Command::Generate(Box::new(QueuedJob {
            id: job,
            request,
            options,
            control,
            resume_from,
        })));
        if sent.is_err() {
            lock(&self.controls).remove(&job);
        }
        sent?;
        self.next_job += 1;
        Ok(job)
    }

    /// Asks what is known of the device that computes; the answer is [`Event::DeviceDescribed`].
    ///
    /// # Errors
    /// [`SubmitError`]: a full queue, or an engine that has ended.
    pub fn describe_device(&self) -> Result<(), SubmitError> {
        self.send(Command::DescribeDevice)
    }

    /// Asks what is known of a model; the answer is [`Event::ModelDescribed`] or [`Event::ModelRefused`].
    ///
    /// # Errors
    /// [`SubmitError`]: a full queue, or an engine that has ended.
    pub fn describe(&self, model: ModelRef) -> Result<(), SubmitError> {
        self.send(Command::Describe(model))
    }

    /// Reads a model before it is needed, so that the first picture comes sooner; answered like [`Self::describe`].
    ///
    /// * `precision`: what its pictures will be asked for in; in another one the model is read again.
    ///
    /// # Errors
    /// [`SubmitError`]: a full queue, or an engine that has ended.
    pub fn preload(&self, model: ModelRef, precision: Precision) -> Result<(), SubmitError> {
        self.send(Command::Preload(model, precision))
    }

    /// Asks a job, waiting or running, to stop; it ends with [`Event::Cancelled`] within one network call.
    pub fn cancel(&self, job: JobId) {
        if let Some(control) = lock(&self.controls).get(&job) {
            control.cancel();
        }
    }

    /// What may be asked of a job that waits or runs: to pause, to change, to go back; `None` once it has ended.
    pub fn control(&self, job: JobId) -> Option<Arc<JobControl>> {
        lock(&self.controls).get(&job).map(Arc::clone)
    }

    /// Asks for the picture of latents; the answer is [`Event::Decoded`]. While a job runs it is given between two steps
    /// if the job's model is the one asked for, else after the job.
    ///
    /// # Errors
    /// [`SubmitError`]: too many such requests wait, or the engine has ended.
    pub fn decode(&self, request: DecodeRequest) -> Result<(), SubmitError> {
        if self.thread.as_ref().is_none_or(JoinHandle::is_finished) {
            return Err(SubmitError::EngineStopped);
        }
        if self.decodes.push(request) {
            Ok(())
        } else {
            Err(SubmitError::QueueFull)
        }
    }

    /// Asks every job to stop.
    pub fn cancel_all(&self) {
        for control in lock(&self.controls).values() {
            control.cancel();
        }
    }

    /// The next event, without waiting.
    pub fn poll(&self) -> Poll {
        match self.events.as_ref().map(Receiver::try_recv) {
            Some(Ok(event)) => Poll::Event(event),
            Some(Err(TryRecvError::Empty)) => Poll::Empty,
            Some(Err(TryRecvError::Disconnected)) | None => Poll::Disconnected,
        }
    }

    /// The next event, waiting for it; `None` once the inference thread has ended. Not for the window's thread.
    pub fn wait(&self) -> Option<Event> {
        self.events.as_ref()?.recv().ok()
    }

    fn send(&self, command: Command) -> Result<(), SubmitError> {
        let Some(commands) = &self.commands else {
            return Err(SubmitError::EngineStopped);
        };
        commands.try_send(command).map_err(|error| match error {
            TrySendError::Full(_) => SubmitError::QueueFull,
            TrySendError::Disconnected(_) => SubmitError::EngineStopped,
        })
    }
}

impl Drop for EngineHandle {
    fn drop(&mut self) {
        self.cancel_all();
        drop(self.commands.take()); // ends the worker's `recv` loop
        drop(self.events.take()); //   frees a worker waiting in `send`
        if let Some(thread) = self.thread.take() {
            join_within_bound(thread);
        }
    }
}

/// The request with the ids of its sampler and its schedule, whatever names it has for them. A schedule at the end of the
/// sampler's name, as in `DPM++ 2M Karras`, is the one that counts.
fn with_ids(mut request: GenerateRequest) -> Result<GenerateRequest, RequestError> {
    let unknown = |kind, found: &str, known: Vec<Choice>| RequestError::Unknown {
        kind,
        found: found.to_owned(),
        known: known.iter().map(|choice| choice.id).collect::<Vec<_>>().join(", "),
    };
    let (sampler, schedule) = pipelines::sampler_id(&request.sampler)
        .ok_or_else(|| unknown("sampler", &request.sampler, pipelines::samplers()))?;
    let schedule = schedule.or_else(|| pipelines::schedule_id(&request.schedule));
    request.schedule = schedule
        .ok_or_else(|| unknown("schedule", &request.schedule, pipelines::schedules()))?
        .to_owned();
    request.sampler = sampler.to_owned();
    Ok(request)
}
