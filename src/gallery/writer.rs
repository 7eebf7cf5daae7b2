//! The gallery's own thread: saves and opens pictures so that the window never waits for the disk.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::SystemTime;

use crossbeam_channel::{Receiver, Sender, TryRecvError, bounded, unbounded};

use super::entry::PictureFile;
use super::error::{GalleryError, guarded};
use super::formats::SaveOptions;
use super::leftovers::sweep;
use super::runs::read_run;
use super::store::{SavedPicture, newest_pictures, read_picture, read_record, save_with};
use super::thumbnail_cache::{BUDGET_BYTES, ThumbnailCache};
use super::thumbnails::{medium_copy, thumbnail};
use super::trajectory_budget::{BudgetKeeper, BudgetReport};
use super::trajectory_file::trajectory_path;
use super::trash::TrashPlace;
use crate::job::{GeneratedImage, KeptRun, Record, RgbImage, Trajectory};

/// Pictures shown when the program starts.
const MAX_LISTED: usize = 60;
/// Events that may wait for the window before the thread does.
const EVENT_CAPACITY: usize = 256;

/// How a [`Writer`] keeps its folder.
#[derive(Debug, Clone, Default)]
pub struct WriterOptions {
    /// Most bytes of trajectories in the whole folder, see [`super::keep_within_budget`]; 0 keeps none. `None` has no limit
    /// until one is set.
    pub trajectory_budget_bytes: Option<u64>,
    /// Where trajectories go that do not fit into the budget.
    pub trash: TrashPlace,
    /// Where small copies of pictures are kept for the next time; need not exist. Without one they are not kept.
    pub thumbnail_dir: Option<PathBuf>,
}

/// A picture found in the folder.
#[derive(Debug, Clone)]
pub struct Listed {
    /// The file.
    pub path: PathBuf,
    /// How it was made, if that can be read.
    pub record: Option<Arc<Record>>,
    /// A small copy.
    pub thumbnail: Arc<RgbImage>,
}

/// What the gallery's thread has done.
#[derive(Debug, Clone)]
pub enum SaveEvent {
    /// A picture is on disk, with its trajectory unless [`Self::RunNotKept`] follows.
    Saved {
        /// The file.
        path: PathBuf,
        /// How it was made.
        record: Arc<Record>,
        /// A small copy.
        thumbnail: Arc<RgbImage>,
    },
    /// The trajectory of a picture that was just saved could not be.
    RunNotKept {
        /// The picture.
        path: PathBuf,
        /// Why, in one line.
        message: String,
    },
    /// A picture could not be saved, or a budget not be forecast.
    Failed {
        /// Why, in one line.
        message: String,
    },
    /// The newest pictures found in the folder at start, newest first.
    Listed(Vec<Listed>),
    /// A picture was read.
    Opened {
        /// The file.
        path: PathBuf,
        /// Its pixels.
        pixels: Arc<RgbImage>,
        /// How it was made, if it says so.
        record: Option<Arc<Record>>,
    },
    /// The steps that were kept beside a picture were read; comes after [`Self::Opened`].
    TrajectoryOpened {
        /// The file of the picture.
        path: PathBuf,
        /// How it was made.
        record: Arc<Record>,
        /// Its steps.
        trajectory: Arc<Trajectory>,
    },
    /// The steps of a picture are not there, or cannot be read; comes after [`Self::Opened`].
    TrajectoryMissing {
        /// The file of the picture.
        path: PathBuf,
        /// Why, in one line; `None` if none were kept.
        reason: Option<String>,
    },
    /// What a budget would do; answers [`Writer::forecast_trajectory_budget`].
    BudgetForecast {
        /// The budget that was asked about.
        budget_bytes: u64,
        /// What would be thinned and dropped. Nothing was changed.
        report: Arc<BudgetReport>,
    },
    /// A budget that was lowered is kept: what was thinned, and what was put into the trash.
    BudgetApplied(Arc<BudgetReport>),
    /// A picture could not be read.
    OpenFailed {
        /// The file.
        path: PathBuf,
        /// Why, in one line.
        message: String,
    },
}

enum Command {
    Save(Arc<GeneratedImage>),
    Open(PathBuf),
    Budget(u64),
    Forecast(u64),
    Options(SaveOptions),
}

/// Owns the gallery's thread. Dropping it saves what is still to be saved.
pub struct Writer {
    /// Unbounded: a picture is never lost, and the caller never waits.
    commands: Option<Sender<Command>>,
    events: Option<Receiver<SaveEvent>>,
    thread: Option<JoinHandle<()>>,
}

impl Writer {
    /// Starts the thread, which first lists `folder`; the folder need not exist. `wake` is called from the thread
    /// after every event, e.g. to repaint the window.
    ///
    /// # Errors
    /// [`GalleryError::Thread`] if the system refuses a thread.
    pub fn start(folder: PathBuf, wake: impl Fn() + Send + Sync + 'static) -> Result<Self, GalleryError> {
        Self::start_with(folder, WriterOptions::default(), wake)
    }

    /// As [`Self::start`], with options.
    ///
    /// # Errors
    /// As for [`Self::start`].
    #[expect(
        clippy::disallowed_methods,
        reason = "no request may be dropped, and the window never waits"
    )]
    pub fn start_with(
        folder: PathBuf,
        options: WriterOptions,
        wake: impl Fn() + Send + Sync + 'static,
    ) -> Result<Self, GalleryError> {
        let (command_sender, command_receiver) = unbounded();
        let (event_sender, event_receiver) = bounded(EVENT_CAPACITY);
        let mut worker = Worker {
            budget: BudgetKeeper::new(folder.clone(), options.trajectory_budget_bytes, options.trash),
            thumbnails: options.thumbnail_dir.map(|dir| ThumbnailCache::new(dir, BUDGET_BYTES)),
            folder,
            options: SaveOptions::default(),
            commands: command_receiver,
            events: event_sender,
            wake: Box::new(wake),
        };
        let thread = std::thread::Builder::new()
            .name("gallery".to_owned())
            .spawn(move || worker.run())
            .map_err(GalleryError::Thread)?;
        Ok(Self {
            commands: Some(command_sender),
            events: Some(event_receiver),
            thread: Some(thread),
        })
    }

    /// Hands a picture over to be saved; the answer is [`SaveEvent::Saved`] or [`SaveEvent::Failed`].
    pub fn save(&self, image: Arc<GeneratedImage>) {
        self.send(Command::Save(image));
    }

    /// Asks for a picture to be read; the answer is [`SaveEvent::Opened`] or [`SaveEvent::OpenFailed`]. After the first
    /// comes what was kept of its steps: [`SaveEvent::TrajectoryOpened`] or [`SaveEvent::TrajectoryMissing`].
    pub fn open(&self, path: PathBuf) {
        self.send(Command::Open(path));
    }

    /// Asks what [`Self::set_trajectory_budget`] would thin and drop; the answer is [`SaveEvent::BudgetForecast`]. Nothing is
    /// changed.
    pub fn forecast_trajectory_budget(&self, bytes: u64) {
        self.send(Command::Forecast(bytes));
    }

    /// Sets how many bytes of trajectories there may be, see [`WriterOptions::trajectory_budget_bytes`]. If that is less
    /// than before and some no longer fit, these are thinned, then put into the trash; the last word is
    /// [`SaveEvent::BudgetApplied`].
    pub fn set_trajectory_budget(&self, bytes: u64) {
        self.send(Command::Budget(bytes));
    }

    /// Sets how pictures that are handed over from now on are saved.
    pub fn set_options(&self, options: SaveOptions) {
        self.send(Command::Options(options));
    }

    /// The next event, without waiting.
    pub fn poll(&self) -> Option<SaveEvent> {
        self.events.as_ref()?.try_recv().ok()
    }

    fn send(&self, command: Command) {
        let sent = self.commands.as_ref().map(|commands| commands.send(command));
        if !matches!(sent, Some(Ok(()))) {
            tracing::error!("the gallery's thread has ended; a request was not carried out");
        }
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        drop(self.events.take()); // frees a worker waiting in `send`; from here on it saves in silence
        drop(self.commands.take()); // ends the worker's loop once all is saved
        if let Some(thread) = self.thread.take() {
            thread.join().ok();
        }
    }
}

/// What lives on the gallery's thread.
struct Worker {
    folder: PathBuf,
    options: SaveOptions,
    thumbnails: Option<ThumbnailCache>,
    budget: BudgetKeeper,
    commands: Receiver<Command>,
    events: Sender<SaveEvent>,
    wake: Box<dyn Fn() + Send + Sync>,
}

impl Worker {
    fn run(&mut self) {
        self.list();
        for path in sweep(&self.folder, SystemTime::now()) {
            tracing::info!("a half written file was removed: {}", path.display());
        }
        self.budget.measure();
        while let Ok(command) = self.next_command() {
            match command {
                Some(command) => self.execute(command),
                None => {
                    if let Ok(Some(report)) = guarded(|| Ok(self.budget.step())) {
                        self.send(SaveEvent::BudgetApplied(Arc::new(report)));
                    }
                }
            }
        }
    }

    /// What is asked for next; `None` if it is time to look after the budget. Waits if there is neither.
    fn next_command(&self) -> Result<Option<Command>, TryRecvError> {
        if !self.budget.has_work() {
            return self
                .commands
                .recv()
                .map(Some)
                .map_err(|_gone| TryRecvError::Disconnected);
        }
        match self.commands.try_recv() {
            Ok(command) => Ok(Some(command)),
            Err(TryRecvError::Empty) => Ok(None),
            Err(gone) => Err(gone), // the program ends: the next one looks after the budget
        }
    }

    /// Lists the folder; between two pictures it does what it is asked to meanwhile.
    fn list(&mut self) {
        let mut listed = Vec::new();
        for path in newest_pictures(&self.folder, MAX_LISTED) {
            while let Ok(command) = self.commands.try_recv() {
                self.execute(command);
            }
            let copy = guarded(|| {
                let file = PictureFile::at(&path).map_err(GalleryError::read(&path))?;
                medium_copy(&file, self.thumbnails.as_ref())
            });
            match copy {
                Ok(copy) => listed.push(Listed {
                    record: record_of(&path),
                    thumbnail: Arc::new(thumbnail(&copy)),
                    path,
                }),
                Err(message) => tracing::warn!("a picture was left out of the list: {message}"),
            }
        }
        self.send(SaveEvent::Listed(listed));
    }

    fn execute(&mut self, command: Command) {
        match command {
            Command::Save(image) => self.save(&image),
            Command::Open(path) => self.send(match guarded(|| read_picture(&path)) {
                Ok(pixels) => {
                    let record = record_of(&path);
                    self.send(SaveEvent::Opened {
                        record: record.clone(),
                        pixels: Arc::new(pixels),
                        path: path.clone(),
                    });
                    steps_of(path, record.as_ref())
                }
                Err(message) => SaveEvent::OpenFailed { path, message },
            }),
            Command::Budget(bytes) => self.budget.set(bytes),
            Command::Forecast(budget_bytes) => self.send(match guarded(|| Ok(self.budget.forecast(budget_bytes))) {
                Ok(report) => SaveEvent::BudgetForecast {
                    budget_bytes,
                    report: Arc::new(report),
                },
                Err(message) => SaveEvent::Failed { message },
            }),
            Command::Options(options) => self.options = options,
        }
    }

    fn save(&mut self, image: &GeneratedImage) {
        match guarded(|| save_with(&self.folder, image, &self.options)) {
            Ok(SavedPicture { path, trajectory }) => {
                self.send(SaveEvent::Saved {
                    path: path.clone(),
                    record: Arc::new(image.record.clone()),
                    thumbnail: Arc::new(thumbnail(&image.pixels)),
                });
                match trajectory {
                    Ok(bytes) => self.budget.grow(bytes),
                    Err(error) => {
                        let message = error.one_line();
                        tracing::warn!("a picture was saved without its steps: {message}");
                        self.send(SaveEvent::RunNotKept { path, message });
                    }
                }
            }
            Err(message) => {
                tracing::error!("a picture was not saved: {message}");
                self.send(SaveEvent::Failed { message });
            }
        }
    }

    fn send(&self, event: SaveEvent) {
        self.events.send(event).ok(); // nobody listens while the handle is being dropped
        (self.wake)();
    }
}

fn record_of(path: &Path) -> Option<Arc<Record>> {
    match guarded(|| read_record(path)) {
        Ok(record) => Some(Arc::new(record)),
        Err(message) => {
            tracing::info!("{message}");
            None
        }
    }
}

/// What was kept of the steps of a picture.
fn steps_of(path: PathBuf, record: Option<&Arc<Record>>) -> SaveEvent {
    if record.is_none() || !trajectory_path(&path).exists() {
        return SaveEvent::TrajectoryMissing { path, reason: None };
    }
    match guarded(|| read_run(&path)) {
        Ok(KeptRun { record, trajectory }) => SaveEvent::TrajectoryOpened {
            path,
            record: Arc::new(record),
            trajectory,
        },
        Err(message) => SaveEvent::TrajectoryMissing {
            path,
            reason: Some(message),
        },
    }
}
