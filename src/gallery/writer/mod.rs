//! The gallery's own threads, so that the window never waits for the disk: one saves pictures and does nothing else, the
//! other lists and opens them and looks after the budget of trajectories.

mod librarian;
mod saver;

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use crossbeam_channel::{Receiver, Sender, unbounded};

use self::librarian::{Librarian, LibrarianCommand};
use self::saver::{Saver, SaverCommand};
use super::bounded::READING_BOUND;
use super::error::GalleryError;
use super::formats::SaveOptions;
use super::thumbnail_cache::{BUDGET_BYTES, ThumbnailCache};
use super::trajectory_budget::{BudgetKeeper, BudgetReport};
use super::trash::TrashPlace;
use crate::config::join_within_bound;
use crate::job::{GeneratedImage, Record, RgbImage, Trajectory};

/// Pictures shown when the program starts.
const MAX_LISTED: usize = 60;

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
    /// How long the reading of one file may take before it is given up; `None` takes 20 s.
    pub read_bound: Option<Duration>,
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
    /// Reading this file takes too long, so it is left out of the list until it changes.
    TooSlow(PathBuf),
    /// A picture could not be read.
    OpenFailed {
        /// The file.
        path: PathBuf,
        /// Why, in one line.
        message: String,
    },
}

/// Owns the gallery's threads. Dropping it saves what is still to be saved; what is being read is given up.
pub struct Writer {
    to_saver: Option<Sender<SaverCommand>>,
    to_librarian: Option<Sender<LibrarianCommand>>,
    events: Option<Receiver<SaveEvent>>,
    num_unsaved: Arc<AtomicUsize>,
    is_ending: Arc<AtomicBool>,
    saver: Option<JoinHandle<()>>,
    librarian: Option<JoinHandle<()>>,
}

impl Writer {
    /// Starts the threads, one of which first lists `folder`; the folder need not exist. `wake` is called from them
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
        let (to_saver, for_saver) = unbounded(); // a picture is never lost, and the caller never waits
        let (to_librarian, for_librarian) = unbounded();
        let (event_sender, events) = unbounded(); // whoever saves must not stand still while nobody looks
        let told = Told {
            events: event_sender,
            wake: Arc::new(wake),
        };
        let num_unsaved = Arc::new(AtomicUsize::new(0));
        let is_ending = Arc::new(AtomicBool::new(false));
        let saver = Saver {
            folder: folder.clone(),
            options: SaveOptions::default(),
            commands: for_saver,
            to_librarian: to_librarian.clone(),
            num_unsaved: Arc::clone(&num_unsaved),
            told: told.clone(),
        };
        let librarian = Librarian {
            budget: BudgetKeeper::new(folder.clone(), options.trajectory_budget_bytes, options.trash),
            thumbnails: options
                .thumbnail_dir
                .map(|dir| Arc::new(ThumbnailCache::new(dir, BUDGET_BYTES))),
            folder,
            commands: for_librarian,
            read_bound: options.read_bound.unwrap_or(READING_BOUND),
            is_ending: Arc::clone(&is_ending),
            told,
        };
        let thread = |name: &str| std::thread::Builder::new().name(name.to_owned());
        let saver = thread("gallery-saver").spawn(move || saver.run());
        let librarian = thread("gallery-librarian").spawn(move || librarian.run());
        Ok(Self {
            saver: Some(saver.map_err(GalleryError::Thread)?),
            librarian: Some(librarian.map_err(GalleryError::Thread)?),
            to_saver: Some(to_saver),
            to_librarian: Some(to_librarian),
            events: Some(events),
            num_unsaved,
            is_ending,
        })
    }

    /// Hands a picture over to be saved; the answer is [`SaveEvent::Saved`] or [`SaveEvent::Failed`].
    pub fn save(&self, image: Arc<GeneratedImage>) {
        self.num_unsaved.fetch_add(1, Ordering::AcqRel);
        send(self.to_saver.as_ref(), SaverCommand::Save(image));
    }

    /// Asks for a picture to be read; the answer is [`SaveEvent::Opened`] or [`SaveEvent::OpenFailed`]. After the first
    /// comes what was kept of its steps: [`SaveEvent::TrajectoryOpened`] or [`SaveEvent::TrajectoryMissing`].
    pub fn open(&self, path: PathBuf) {
        send(self.to_librarian.as_ref(), LibrarianCommand::Open(path));
    }

    /// Asks what [`Self::set_trajectory_budget`] would thin and drop; the answer is [`SaveEvent::BudgetForecast`]. Nothing is
    /// changed.
    pub fn forecast_trajectory_budget(&self, bytes: u64) {
        send(self.to_librarian.as_ref(), LibrarianCommand::Forecast(bytes));
    }

    /// Sets how many bytes of trajectories there may be, see [`WriterOptions::trajectory_budget_bytes`]. If that is less
    /// than before and some no longer fit, these are thinned, then put into the trash; the last word is
    /// [`SaveEvent::BudgetApplied`].
    pub fn set_trajectory_budget(&self, bytes: u64) {
        send(self.to_librarian.as_ref(), LibrarianCommand::Budget(bytes));
    }

    /// Sets how pictures that are handed over from now on are saved.
    pub fn set_options(&self, options: SaveOptions) {
        send(self.to_saver.as_ref(), SaverCommand::Options(options));
    }

    /// The next event, without waiting.
    pub fn poll(&self) -> Option<SaveEvent> {
        self.events.as_ref()?.try_recv().ok()
    }

    /// Pictures that were handed over and are not on disk yet.
    pub fn num_unsaved(&self) -> usize {
        self.num_unsaved.load(Ordering::Acquire)
    }
}

fn send<C>(sender: Option<&Sender<C>>, command: C) {
    if sender.is_none_or(|sender| sender.send(command).is_err()) {
        tracing::error!("a thread of the gallery has ended; a request was not carried out");
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.is_ending.store(true, Ordering::Release);
        drop(self.events.take()); // from here on the threads work in silence
        drop(self.to_saver.take()); // ends the saver's loop once all is saved
        drop(self.to_librarian.take());
        if let Some(saver) = self.saver.take() {
            saver.join().ok(); // however long it takes
        }
        if let Some(librarian) = self.librarian.take() {
            join_within_bound(librarian);
        }
    }
}

/// Where the threads tell what they have done.
#[derive(Clone)]
struct Told {
    events: Sender<SaveEvent>,
    wake: Arc<dyn Fn() + Send + Sync>,
}

impl Told {
    fn tell(&self, event: SaveEvent) {
        self.events.send(event).ok(); // nobody listens while the handle is being dropped
        (self.wake)();
    }
}
