//! Lists and opens pictures, and keeps the budget of trajectories.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime};

use crossbeam_channel::{Receiver, TryRecvError};

use super::{Listed, MAX_LISTED, SaveEvent, Told};
use crate::gallery::bounded::{Bounded, map_bounded};
use crate::gallery::entry::PictureFile;
use crate::gallery::error::{GalleryError, guarded};
use crate::gallery::leftovers::sweep;
use crate::gallery::runs::read_run;
use crate::gallery::store::{newest_pictures, read_picture, read_record};
use crate::gallery::thumbnail_cache::ThumbnailCache;
use crate::gallery::thumbnails::{medium_copy, read_within, thumbnail};
use crate::gallery::trajectory_budget::BudgetKeeper;
use crate::gallery::trajectory_file::trajectory_path;
use crate::job::{KeptRun, Record};

pub(super) enum LibrarianCommand {
    Open(PathBuf),
    Budget(u64),
    Forecast(u64),
    /// A trajectory of so many bytes was saved.
    Grown(u64),
}

/// What lives on the thread that reads.
pub(super) struct Librarian {
    pub(super) folder: PathBuf,
    pub(super) thumbnails: Option<Arc<ThumbnailCache>>,
    pub(super) budget: BudgetKeeper,
    pub(super) commands: Receiver<LibrarianCommand>,
    /// Longest time that is spent over one file.
    pub(super) read_bound: Duration,
    pub(super) is_ending: Arc<AtomicBool>,
    pub(super) told: Told,
}

impl Librarian {
    pub(super) fn run(mut self) {
        self.list();
        sweep(&self.folder, SystemTime::now());
        self.budget.measure();
        while let Ok(command) = self.next_command() {
            match command {
                Some(command) => self.execute(command),
                None => {
                    if let Ok(Some(report)) = guarded(|| Ok(self.budget.step())) {
                        self.told.tell(SaveEvent::BudgetApplied(Arc::new(report)));
                    }
                }
            }
        }
    }

    /// What is asked for next; `None` if it is time to look after the budget. Waits if there is neither.
    fn next_command(&self) -> Result<Option<LibrarianCommand>, TryRecvError> {
        if self.is_ending.load(Ordering::Acquire) {
            return Err(TryRecvError::Disconnected); // the next program looks after the budget
        }
        if !self.budget.has_work() {
            let command = self.commands.recv();
            return command.map(Some).map_err(|_gone| TryRecvError::Disconnected);
        }
        match self.commands.try_recv() {
            Ok(command) => Ok(Some(command)),
            Err(TryRecvError::Empty) => Ok(None),
            Err(gone) => Err(gone),
        }
    }

    /// Lists the folder; between two pictures it does what it is asked to meanwhile.
    fn list(&mut self) {
        let mut listed = Vec::new();
        for path in newest_pictures(&self.folder, MAX_LISTED) {
            while let Ok(command) = self.commands.try_recv() {
                self.execute(command);
            }
            if self.is_ending.load(Ordering::Acquire) {
                return;
            }
            let leave_out = |message: String| tracing::warn!("a picture was left out of the list: {message}");
            let file = PictureFile::at(&path).map_err(GalleryError::read(&path));
            match file.and_then(|file| self.listed(&file)) {
                Ok(Ok(one)) => listed.push(one),
                Ok(Err(message)) => leave_out(message),
                Err(error) => {
                    leave_out(error.one_line());
                    if matches!(error, GalleryError::TooSlow { .. }) {
                        self.told.tell(SaveEvent::TooSlow(path));
                    }
                }
            }
        }
        self.told.tell(SaveEvent::Listed(listed));
    }

    /// What the list shows of a picture.
    fn listed(&self, file: &PictureFile) -> Result<Result<Listed, String>, GalleryError> {
        let thumbnails = self.thumbnails.clone();
        let read = move |file: &PictureFile| {
            let copy = guarded(|| medium_copy(file, thumbnails.as_deref()))?;
            Ok(Listed {
                record: record_of(&file.path),
                thumbnail: Arc::new(thumbnail(&copy)),
                path: file.path.clone(),
            })
        };
        read_within(self.read_bound, self.thumbnails.as_deref(), &self.is_ending, file, read)
    }

    fn execute(&mut self, command: LibrarianCommand) {
        match command {
            LibrarianCommand::Open(path) => self.open(path),
            LibrarianCommand::Budget(bytes) => self.budget.set(bytes),
            LibrarianCommand::Grown(bytes) => self.budget.grow(bytes),
            LibrarianCommand::Forecast(budget_bytes) => {
                self.told
                    .tell(match guarded(|| Ok(self.budget.forecast(budget_bytes))) {
                        Ok(report) => SaveEvent::BudgetForecast {
                            budget_bytes,
                            report: Arc::new(report),
                        },
                        Err(message) => SaveEvent::Failed { message },
                    });
            }
        }
    }

    /// Tells the pixels of a picture first, then its steps.
    fn open(&self, path: PathBuf) {
        let told = self.told.clone();
        let read = self.within_bound(path.clone(), move |path| {
            let pixels = Arc::new(guarded(|| read_picture(path))?);
            let record = record_of(path);
            told.tell(SaveEvent::Opened {
                record: record.clone(),
                pixels,
                path: path.clone(),
            });
            Ok(steps_of(path.clone(), record.as_ref()))
        });
        match read {
            Some(Ok(steps)) => self.told.tell(steps),
            Some(Err(message)) => self.told.tell(SaveEvent::OpenFailed { path, message }),
            None => {}
        }
    }

    /// Reads a file; that it takes too long is an error as others are. `None` once the program ends.
    fn within_bound<R: Send + 'static>(
        &self,
        path: PathBuf,
        read: impl Fn(&PathBuf) -> Result<R, String> + Send + Sync + 'static,
    ) -> Option<Result<R, String>> {
        let file = path.clone();
        match map_bounded(vec![path], 1, self.read_bound, &self.is_ending, read).pop()? {
            Bounded::Done(result) => Some(result),
            Bounded::NotBegun if self.is_ending.load(Ordering::Acquire) => None,
            Bounded::TooLong | Bounded::NotBegun => Some(Err(GalleryError::too_slow(&file).one_line())),
        }
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
