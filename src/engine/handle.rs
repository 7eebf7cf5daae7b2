//! The engine as the window and the command line see it.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use crossbeam_channel::{Receiver, Sender, TryRecvError, TrySendError, bounded};

use super::decodes::Decodes;
use super::events::EventSender;
use super::inference;
use crate::config::Paths;
use crate::job::{
    DecodeRequest, Event, GenerateRequest, JobControl, JobId, JobOptions, KeptRun, ModelRef, Precision, RequestError,
    Start,
};

/// Jobs that may wait; one more is refused with [`SubmitError::QueueFull`].
const MAX_QUEUED: usize = 256;
/// Events that may wait for the window before steps are dropped.
const EVENT_CAPACITY: usize = 256;

/// Which device computes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum DeviceChoice {
    /// The first GPU this build can use, else the processor.
    #[default]
    Auto,
    /// The processor.
    Cpu,
}

/// How the engine is set up for its whole life.
#[derive(Debug, Clone, Default)]
pub struct EngineOptions {
    /// Which device computes.
    pub device: DeviceChoice,
    /// Where hashes of model files are kept; `None` computes them anew in every run of the program.
    pub hash_cache: Option<PathBuf>,
}

impl EngineOptions {
    /// The first GPU this build can use, else the processor; hashes are kept in the user's cache.
    pub fn of_user() -> Self {
        Self {
            device: DeviceChoice::Auto,
            hash_cache: Some(Paths::of_user().cache_dir.join("hashes.json")),
        }
    }
}

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

/// What the engine is told.
pub(super) enum Command {
    Generate {
        job: JobId,
        request: Box<GenerateRequest>,
        options: JobOptions,
        control: Arc<JobControl>,
        /// A kept run and the first step that is not taken from it.
        after: Option<(Arc<KeptRun>, u32)>,
    },
    /// Someone [asked](Decodes::ask) to see latents.
    Decode,
    DescribeDevice,
    Describe(ModelRef),
    Preload(ModelRef, Precision),
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

/// Owns the inference thread. Dropping it cancels what runs and waits for at most one network call.
pub struct EngineHandle {
    commands: Option<Sender<Command>>,
    events: Option<Receiver<Event>>,
    thread: Option<JoinHandle<()>>,
    controls: Arc<Mutex<BTreeMap<JobId, Arc<JobControl>>>>,
    decodes: Arc<Decodes>,
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
        let decodes = Arc::new(Decodes::default());
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
        after: Option<(Arc<KeptRun>, u32)>,
    ) -> Result<JobId, SubmitError> {
        request.validate()?;
        let request = super::with_ids(request)?;
        let job = JobId(self.next_job);
        let control = Arc::new(JobControl::default());
        if options.start == Start::Paused {
            control.pause();
        }
        lock(&self.controls).insert(job, Arc::clone(&control));
        let sent = self.send(Command::Generate {
            job,
            request: Box::new(request),
            options,
            control,
            after,
        });
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
    /// [`SubmitError`]: a full queue, or an engine that has ended.
    pub fn decode(&self, request: DecodeRequest) -> Result<(), SubmitError> {
        if !self.decodes.ask(request) {
            return Err(SubmitError::QueueFull);
        }
        self.send(Command::Decode)
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
            thread.join().ok();
        }
    }
}

/// A poisoned lock only means that another thread panicked between two map operations, each of which is whole.
fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
