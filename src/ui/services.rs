//! What the window needs from elsewhere, behind traits, so that a test can put its own in their place.

mod clipboard;
mod running;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::config::{Paths, Settings, SettingsKeeper};
use crate::engine::{EngineHandle, EngineOptions, Poll, QueueKeeper, SubmitError};
use crate::gallery;
use crate::hub::{Hub, HubOptions};
use crate::job::{
    DecodeRequest, GenerateRequest, GeneratedImage, JobControl, JobId, JobOptions, KeptRun, ModelRef, Precision,
};

pub use clipboard::{Clipboard, ClipboardContent, SystemClipboard};
pub(in crate::ui) use running::{Services, Surroundings};

/// How the names of files of weights end.
pub(in crate::ui) const WEIGHT_ENDINGS: [&str; 6] = ["safetensors", "ckpt", "pt", "pth", "bin", "gguf"];

/// Asks the window to be painted; called from any thread.
pub type RepaintHandle = Arc<dyn Fn() + Send + Sync>;

/// Makes pictures. None of these calls waits.
pub trait Engine {
    /// See [`EngineHandle::submit`].
    fn submit(&mut self, request: GenerateRequest, options: JobOptions) -> Result<JobId, SubmitError>;
    /// See [`EngineHandle::submit_after`].
    fn submit_after(
        &mut self,
        request: GenerateRequest,
        after: (Arc<KeptRun>, u32),
        options: JobOptions,
    ) -> Result<JobId, SubmitError>;
    /// See [`EngineHandle::control`].
    fn control(&self, job: JobId) -> Option<Arc<JobControl>>;
    /// See [`EngineHandle::decode`].
    fn decode(&self, request: DecodeRequest) -> Result<(), SubmitError>;
    /// See [`EngineHandle::describe_device`].
    fn describe_device(&self) -> Result<(), SubmitError>;
    /// See [`EngineHandle::describe`].
    fn describe(&self, model: ModelRef) -> Result<(), SubmitError>;
    /// See [`EngineHandle::preload`].
    fn preload(&self, model: ModelRef, precision: Precision) -> Result<(), SubmitError>;
    /// See [`EngineHandle::cancel`].
    fn cancel(&self, job: JobId);
    /// See [`EngineHandle::poll`].
    fn poll(&self) -> Poll;
}

impl Engine for EngineHandle {
    fn submit(&mut self, request: GenerateRequest, options: JobOptions) -> Result<JobId, SubmitError> {
        Self::submit(self, request, options)
    }

    fn submit_after(
        &mut self,
        request: GenerateRequest,
        after: (Arc<KeptRun>, u32),
        options: JobOptions,
    ) -> Result<JobId, SubmitError> {
        Self::submit_after(self, request, after, options)
    }

    fn control(&self, job: JobId) -> Option<Arc<JobControl>> {
        Self::control(self, job)
    }

    fn decode(&self, request: DecodeRequest) -> Result<(), SubmitError> {
        Self::decode(self, request)
    }

    fn describe_device(&self) -> Result<(), SubmitError> {
        Self::describe_device(self)
    }

    fn describe(&self, model: ModelRef) -> Result<(), SubmitError> {
        Self::describe(self, model)
    }

    fn preload(&self, model: ModelRef, precision: Precision) -> Result<(), SubmitError> {
        Self::preload(self, model, precision)
    }

    fn cancel(&self, job: JobId) {
        Self::cancel(self, job);
    }

    fn poll(&self) -> Poll {
        Self::poll(self)
    }
}

/// Keeps pictures and finds them again. None of these calls waits.
pub trait Pictures {
    /// See [`gallery::Writer::save`].
    fn save(&self, image: Arc<GeneratedImage>);
    /// See [`gallery::Writer::open`].
    fn open(&self, path: PathBuf);
    /// See [`gallery::Writer::set_trajectory_budget`].
    fn set_trajectory_budget(&self, bytes: u64);
    /// See [`gallery::Writer::forecast_trajectory_budget`].
    fn forecast_trajectory_budget(&self, bytes: u64);
    /// See [`gallery::Writer::set_options`].
    fn set_options(&self, options: gallery::SaveOptions);
    /// See [`gallery::Writer::num_unsaved`].
    fn num_unsaved(&self) -> usize;
    /// See [`gallery::Writer::poll`].
    fn poll(&self) -> Option<gallery::SaveEvent>;
}

impl Pictures for gallery::Writer {
    fn save(&self, image: Arc<GeneratedImage>) {
        Self::save(self, image);
    }

    fn open(&self, path: PathBuf) {
        Self::open(self, path);
    }

    fn set_trajectory_budget(&self, bytes: u64) {
        Self::set_trajectory_budget(self, bytes);
    }

    fn forecast_trajectory_budget(&self, bytes: u64) {
        Self::forecast_trajectory_budget(self, bytes);
    }

    fn set_options(&self, options: gallery::SaveOptions) {
        Self::set_options(self, options);
    }

    fn num_unsaved(&self) -> usize {
        Self::num_unsaved(self)
    }

    fn poll(&self) -> Option<gallery::SaveEvent> {
        Self::poll(self)
    }
}

/// The system's file picker; calls return at once and answer later.
pub trait Dialogs {
    /// Asks for a folder; `answer` is called with it, or not at all.
    fn pick_folder(&self, title: String, answer: Box<dyn FnOnce(PathBuf) + Send>);
    /// Asks for a file of weights; `answer` is called with it, or not at all.
    fn pick_model(&self, title: String, kind: String, answer: Box<dyn FnOnce(PathBuf) + Send>);
    /// Asks for a picture; `answer` is called with it, or not at all.
    fn pick_picture(&self, title: String, answer: Box<dyn FnOnce(PathBuf) + Send>);
}

/// The dialogs of the desktop, each on a thread of its own because they wait for the user.
pub struct SystemDialogs;

impl Dialogs for SystemDialogs {
    fn pick_folder(&self, title: String, answer: Box<dyn FnOnce(PathBuf) + Send>) {
        on_own_thread(move || {
            if let Some(path) = rfd::FileDialog::new().set_title(title).pick_folder() {
                answer(path);
            }
        });
    }

    fn pick_model(&self, title: String, kind: String, answer: Box<dyn FnOnce(PathBuf) + Send>) {
        on_own_thread(move || {
            let dialog = rfd::FileDialog::new()
                .set_title(title)
                .add_filter(kind, &WEIGHT_ENDINGS);
            if let Some(path) = dialog.pick_file() {
                answer(path);
            }
        });
    }

    fn pick_picture(&self, title: String, answer: Box<dyn FnOnce(PathBuf) + Send>) {
        on_own_thread(move || {
            let dialog = rfd::FileDialog::new()
                .set_title(title)
                .add_filter("PNG, JPEG, WebP", &["png", "jpg", "jpeg", "webp"]);
            if let Some(path) = dialog.pick_file() {
                answer(path);
            }
        });
    }
}

pub(super) fn on_own_thread(work: impl FnOnce() + Send + 'static) {
    let started = std::thread::Builder::new().name("desktop".to_owned()).spawn(work);
    if let Err(error) = started {
        tracing::warn!("could not start a thread: {error}");
    }
}

/// Starts an engine, or says why not.
pub type StartEngine = Box<dyn Fn(RepaintHandle) -> Result<Box<dyn Engine>, String>>;
/// Opens the gallery folder, or says why not.
pub type StartPictures = Box<dyn Fn(&Path, RepaintHandle) -> Result<Box<dyn Pictures>, String>>;

/// Opens the index of a gallery and of the folders shown beside it, or says why not.
pub type StartLibrary = Box<dyn Fn(&Path, Vec<PathBuf>, RepaintHandle) -> Result<gallery::IndexService, String>>;

/// Starts what looks at the models on disk and fetches others, or says why not.
pub type StartHub = Box<dyn Fn(RepaintHandle) -> Result<Hub, String>>;
/// Begins to keep the jobs not yet run, or says why not.
pub type StartQueue = Box<dyn Fn(RepaintHandle) -> Result<QueueKeeper, String>>;

/// How the services of the window are started.
pub struct ServiceFactory {
    /// Called when the window opens, and again after the engine has stopped.
    pub start_engine: StartEngine,
    /// Called when the window opens.
    pub start_pictures: StartPictures,
    /// Called when the window opens; without it nothing is indexed.
    pub start_library: Option<StartLibrary>,
    /// Called when the window opens; without it no models are listed or fetched.
    pub start_hub: Option<StartHub>,
    /// Called when the window opens; without it the jobs that wait end with the program.
    pub start_queue: Option<StartQueue>,
    /// The file picker.
    pub dialogs: Box<dyn Dialogs>,
    /// The clipboard.
    pub clipboard: Arc<dyn Clipboard>,
    /// The newest file of the log.
    pub log_file: PathBuf,
    /// Writes the settings for the next start; returns at once. The newest ones win, and dropping it waits until they are
    /// written.
    pub keep_settings: Box<dyn Fn(Settings)>,
    /// Where the window keeps what it looked like; without it each start is as the first.
    pub session_file: Option<PathBuf>,
}

impl ServiceFactory {
    /// Keeps what the window looked like in this file.
    #[must_use]
    pub fn with_session_file(self, path: PathBuf) -> Self {
        Self {
            session_file: Some(path),
            ..self
        }
    }

    /// Keeps the jobs not yet run in this file.
    #[must_use]
    pub fn with_queue_file(self, path: PathBuf) -> Self {
        let start_queue = move |repaint: RepaintHandle| {
            QueueKeeper::start(path.clone(), move || repaint()).map_err(|error| error.to_string())
        };
        Self {
            start_queue: Some(Box::new(start_queue)),
            ..self
        }
    }

    /// The real ones, but for the files of the queue and the session.
    ///
    /// * `settings`: as they were read; what is changed from there on is written.
    pub fn real(options: EngineOptions, settings: &Settings) -> Self {
        let keeper = SettingsKeeper::start(Paths::of_user().settings_file, settings);
        Self {
            start_engine: Box::new(move |repaint| {
                EngineHandle::start(options.clone(), move || repaint())
                    .map(|engine| Box::new(engine) as Box<dyn Engine>)
                    .map_err(|error| error.to_string())
            }),
            start_pictures: Box::new(|folder, repaint| {
                let options = gallery::WriterOptions {
                    thumbnail_dir: Some(Paths::of_user().thumbnail_dir),
                    ..gallery::WriterOptions::default()
                };
                gallery::Writer::start_with(folder.to_owned(), options, move || repaint())
                    .map(|writer| Box::new(writer) as Box<dyn Pictures>)
                    .map_err(|error| error.to_string())
            }),
            start_library: Some(Box::new(|folder, watched, repaint| {
                gallery::IndexService::start(folder, watched, move || repaint()).map_err(|error| error.to_string())
            })),
            start_hub: Some(Box::new(|repaint| {
                Hub::start(HubOptions::of_user(), move || repaint()).map_err(|error| error.to_string())
            })),
            start_queue: None,
            log_file: Paths::of_user().log_file,
            dialogs: Box::new(SystemDialogs),
            clipboard: Arc::new(SystemClipboard),
            keep_settings: Box::new(move |settings| keeper.keep(&settings)),
            session_file: None,
        }
    }
}
