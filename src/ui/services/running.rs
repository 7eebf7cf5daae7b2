//! The services while the window is open: those that run, and what a page asks of them.

use std::path::PathBuf;
use std::sync::Arc;

use super::{Clipboard, Dialogs, Engine, Pictures, RepaintHandle, ServiceFactory, StartEngine, on_own_thread};
use crate::config::{KnownFolders, Paths, Settings};
use crate::engine::QueueKeeper;
use crate::gallery::{IndexService, SaveOptions};
use crate::hub::Hub;
use crate::job::{GenerateRequest, JobError, ModelRef, Precision};
use crate::ui::commands::{CommandSender, GalleryCommand, PageNotice, UiCommand};
use crate::ui::i18n::Language;
use crate::ui::model::budget::BudgetQuestion;
use crate::ui::model::notifications::{Level, Notices, Text};
use crate::ui::model::state::{AppState, file_name};

/// What a page may ask for. No call waits.
pub(in crate::ui) struct Services {
    /// Makes pictures; `None` while no engine runs.
    pub(in crate::ui) engine: Option<Box<dyn Engine>>,
    /// Saves and reads pictures; `None` if the gallery folder could not be opened.
    pub(in crate::ui) pictures: Option<Box<dyn Pictures>>,
    /// The index of all pictures, those of watched folders included.
    pub(in crate::ui) index: Option<IndexService>,
    /// The models on disk, and downloads of others.
    pub(in crate::ui) hub: Option<Hub>,
    /// Keeps the jobs that have not run yet.
    pub(in crate::ui) queue_keeper: Option<QueueKeeper>,
    /// The file picker.
    pub(in crate::ui) dialogs: Box<dyn Dialogs>,
    /// The clipboard.
    pub(in crate::ui) clipboard: Arc<dyn Clipboard>,
    /// What the user chose. Changed by [`Self::change_settings`] only, which has it written.
    pub(in crate::ui) settings: Settings,
    /// The language of the window.
    pub(in crate::ui) language: Language,
    /// Where pictures are saved.
    pub(in crate::ui) gallery_dir: PathBuf,
    /// The newest file of the log.
    pub(in crate::ui) log_file: PathBuf,
    /// Takes commands that are carried out before the next frame.
    pub(in crate::ui) commands: CommandSender,
    /// Asks for a frame from any thread.
    pub(in crate::ui) repaint: RepaintHandle,
    /// Whether the processor draws the window.
    pub(in crate::ui) is_software: bool,
    start_engine: StartEngine,
    keep_settings: Box<dyn Fn(Settings)>,
}

/// What the window knows of itself when it opens.
pub(in crate::ui) struct Surroundings {
    pub(in crate::ui) settings: Settings,
    pub(in crate::ui) gallery_dir: PathBuf,
    pub(in crate::ui) commands: CommandSender,
    pub(in crate::ui) repaint: RepaintHandle,
    pub(in crate::ui) is_software: bool,
}

impl Services {
    /// Starts all services but the engine. What cannot be started is reported in `notices` and left out.
    pub(in crate::ui) fn start(factory: ServiceFactory, surroundings: Surroundings, notices: &mut Notices) -> Self {
        let Surroundings {
            settings,
            gallery_dir,
            commands,
            repaint,
            is_software,
        } = surroundings;
        let mut failed = |key: &'static str, values: Vec<(&'static str, String)>| {
            notices.notify(Level::Error, Text::new(key, values));
        };
        let no_gallery = |reason| vec![("folder", gallery_dir.display().to_string()), ("reason", reason)];
        let pictures = (factory.start_pictures)(&gallery_dir, Arc::clone(&repaint))
            .map_err(|reason| failed("notice-no-gallery", no_gallery(reason)))
            .ok();
        let watched = settings.watched_folders.clone();
        let index = factory.start_library.and_then(|start| {
            start(&gallery_dir, watched, Arc::clone(&repaint))
                .map_err(|reason| failed("notice-no-gallery", no_gallery(reason)))
                .ok()
        });
        let hub = factory.start_hub.and_then(|start| {
            start(Arc::clone(&repaint))
                .map_err(|reason| failed("models-failed", vec![("reason", reason)]))
                .ok()
        });
        let queue_keeper = factory.start_queue.and_then(|start| {
            start(Arc::clone(&repaint))
                .map_err(|reason| failed("queue-not-kept", vec![("reason", reason)]))
                .ok()
        });
        let services = Self {
            engine: None,
            pictures,
            index,
            hub,
            queue_keeper,
            dialogs: factory.dialogs,
            clipboard: factory.clipboard,
            language: Language::choose(settings.language.as_deref()),
            settings,
            gallery_dir,
            log_file: factory.log_file,
            commands,
            repaint,
            is_software,
            start_engine: factory.start_engine,
            keep_settings: factory.keep_settings,
        };
        services.apply_trajectory_budget();
        services.apply_save_options();
        services.scan_models();
        services
    }

    /// What is still being written: pictures, and what was done to pictures of the gallery.
    pub(in crate::ui) fn num_unsaved(&self) -> usize {
        let pictures = self.pictures.as_ref().map_or(0, |pictures| pictures.num_unsaved());
        pictures + self.index.as_ref().map_or(0, IndexService::num_unwritten)
    }

    /// Starts an engine and asks it about its device and the built-in model.
    ///
    /// # Errors
    /// Why it could not be started.
    pub(in crate::ui) fn restart_engine(&mut self, notices: &mut Notices) -> Result<(), String> {
        let engine = (self.start_engine)(Arc::clone(&self.repaint))?;
        engine.describe_device().ok(); // a new engine's queue has room; one that has ended says so itself
        self.engine = Some(engine);
        self.describe(ModelRef::Starter, notices);
        Ok(())
    }

    /// Asks the engine about a model; the answer is an event.
    pub(in crate::ui) fn describe(&self, model: ModelRef, notices: &mut Notices) {
        if let Some(engine) = &self.engine
            && let Err(error) = engine.describe(model)
        {
            let reason = [("reason", &JobError::from(&error))];
            notices.notify(Level::Error, Text::new("notice-failed-internal", reason));
        }
    }

    /// Has the engine read a model before it is needed; if the queue is full, it is read when it is needed.
    pub(in crate::ui) fn preload(&self, model: ModelRef, precision: Precision) {
        if let Some(engine) = &self.engine {
            engine.preload(model, precision).ok();
        }
    }

    /// Changes the settings and has them written.
    pub(in crate::ui) fn change_settings(&mut self, change: impl FnOnce(&mut Settings)) {
        change(&mut self.settings);
        (self.keep_settings)(self.settings.clone());
    }

    /// Notes what a record names outside the folders of models and pictures, so that none of it is opened without asking.
    pub(in crate::ui) fn note_strangers(&self, state: &mut AppState, request: &GenerateRequest) {
        let known = KnownFolders::of(&self.settings, &Paths::of_user(), &self.gallery_dir);
        state.note_strangers(request, |path| known.hold(path));
    }

    /// Whether nothing on the window may move by itself: the user wants it so, or the processor draws.
    pub(in crate::ui) fn is_still(&self) -> bool {
        self.is_software || self.settings.reduce_motion
    }

    /// Has runs kept within the budget of the settings.
    pub(in crate::ui) fn apply_trajectory_budget(&self) {
        if let Some(pictures) = &self.pictures {
            pictures.set_trajectory_budget(self.settings.trajectory_budget_bytes());
        }
    }

    /// Changes the budget for runs and remembers it.
    pub(in crate::ui) fn set_trajectory_budget(&mut self, mib: u64) {
        self.change_settings(|settings| settings.trajectory_budget_mib = mib);
        self.apply_trajectory_budget();
    }

    /// Changes the budget for runs at once if it grows; else it waits in `question` for what the gallery says it costs.
    pub(in crate::ui) fn forecast_budget(&mut self, mib: u64, question: &mut BudgetQuestion) {
        let is_smaller = mib < self.settings.trajectory_budget_mib;
        if let Some(pictures) = self.pictures.as_ref().filter(|_| is_smaller) {
            pictures.forecast_trajectory_budget(mib.saturating_mul(1 << 20));
            *question = BudgetQuestion::Forecasting { mib };
            return;
        }
        *question = BudgetQuestion::Nothing;
        self.set_trajectory_budget(mib);
    }

    /// Has pictures saved as the settings say; under the default names if their template is not valid.
    pub(in crate::ui) fn apply_save_options(&self) {
        let Some(pictures) = &self.pictures else {
            return;
        };
        let options = SaveOptions::of(&self.settings).unwrap_or_else(|_bad_template| SaveOptions {
            format: self.settings.picture_format,
            quality: self.settings.picture_quality,
            ..SaveOptions::default()
        });
        pictures.set_options(options);
    }

    /// Has the hub look through the folders of models.
    pub(in crate::ui) fn scan_models(&self) {
        if let Some(hub) = &self.hub {
            hub.scan(self.settings.model_folders.clone());
        }
    }

    /// Sends a command to be carried out before the next frame.
    pub(in crate::ui) fn send(&self, command: UiCommand) {
        self.commands.send(command);
    }

    /// Asks for a folder under a title from the texts; what `command` makes of it is sent.
    pub(in crate::ui) fn pick_folder(&self, title: &str, command: impl FnOnce(PathBuf) -> UiCommand + Send + 'static) {
        self.dialogs
            .pick_folder(self.language.tr(title), self.answer_with(command));
    }

    /// Asks for a file of weights, as [`Self::pick_folder`].
    pub(in crate::ui) fn pick_model(&self, title: &str, command: impl FnOnce(PathBuf) -> UiCommand + Send + 'static) {
        self.dialogs.pick_model(
            self.language.tr(title),
            self.language.tr("dialog-weights"),
            self.answer_with(command),
        );
    }

    /// Asks for a picture, as [`Self::pick_folder`].
    pub(in crate::ui) fn pick_picture(&self, title: &str, command: impl FnOnce(PathBuf) -> UiCommand + Send + 'static) {
        self.dialogs
            .pick_picture(self.language.tr(title), self.answer_with(command));
    }

    /// Does some work on a thread of its own and sends the command it ends with.
    pub(in crate::ui) fn run(&self, work: impl FnOnce() -> UiCommand + Send + 'static) {
        let answer = self.answer_with(|()| work());
        on_own_thread(move || answer(()));
    }

    /// Opens a folder, or the one a file is in, with the desktop's file manager; the user is told if that fails.
    pub(in crate::ui) fn open_folder(&self, path: PathBuf) {
        let failed = self.answer_with(|notice| UiCommand::Gallery(GalleryCommand::Notify(notice)));
        on_own_thread(move || {
            let folder = path.parent().filter(|_| !path.is_dir()).unwrap_or(&path);
            if let Err(error) = opener::open(folder) {
                let values = [("file", file_name(folder)), ("reason", error.to_string())];
                failed(PageNotice::Error(Text::new("gallery-not-revealed", values)));
            }
        });
    }

    fn answer_with<T: 'static>(
        &self,
        command: impl FnOnce(T) -> UiCommand + Send + 'static,
    ) -> Box<dyn FnOnce(T) + Send> {
        let (commands, repaint) = (self.commands.clone(), Arc::clone(&self.repaint));
        Box::new(move |answer| {
            commands.send(command(answer));
            repaint();
        })
    }
}
