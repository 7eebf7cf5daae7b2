//! What the window knows: a pure function of the events it was told.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::budget::BudgetQuestion;
use super::decodes::Decodes;
use super::installed::Installed;
use super::jobs::{JobQueue, JobStatus, Order, QueueId};
use super::notifications::{Level, Notices, Text};
use super::page_id::PageId;
pub use super::run::{Pause, Run};
pub use super::shown::{Overlay, Sides, View};
use super::step_times::StepTimes;
use super::strangers::Strangers;
use super::sweeping::Sweeping;
use crate::config::{SettingsTrouble, SettingsWarning};
use crate::gallery::{Listed, SaveEvent};
use crate::job::{
    DeviceInfo, Event, GenerateRequest, GeneratedImage, JobError, JobErrorKind, JobId, ModelInfo, ModelRef, Precision,
    Record, RgbImage,
};
use crate::ui::i18n::Value;

/// Saved pictures in the strip.
const MAX_RECENT: usize = 200;

/// Whether there is an engine.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum EngineStatus {
    /// It takes jobs.
    #[default]
    Running,
    /// It has ended and must be started again.
    Stopped {
        /// Why it could not be started, if that is known.
        reason: Option<String>,
    },
}

/// A saved picture in the strip.
#[derive(Debug, Clone)]
pub struct RecentPicture {
    /// Where it is.
    pub path: PathBuf,
    /// How it was made, if it says so.
    pub record: Option<Arc<Record>>,
    /// A small version.
    pub thumbnail: Arc<RgbImage>,
}

/// What the pages share.
#[derive(Debug, Default)]
pub struct AppState {
    /// Whether there is an engine.
    pub engine: EngineStatus,
    /// The device that computes, once the engine has told.
    pub device: Option<Arc<DeviceInfo>>,
    /// What the networks compute in.
    pub precision: Precision,
    /// The run on the canvas.
    pub run: Option<Run>,
    /// What the form of the studio asks for, as of the last frame.
    pub form: Arc<GenerateRequest>,
    /// Models that can be chosen, in the order they became known.
    pub models: Vec<Arc<ModelInfo>>,
    /// Models that cannot be used, and why.
    pub refused: Vec<(ModelRef, Arc<JobError>)>,
    /// Saved pictures, newest first.
    pub recent: Vec<RecentPicture>,
    /// Whether the gallery folder has been looked through.
    pub is_gallery_listed: bool,
    /// Many runs that unfold together, if a sweep was asked for.
    pub sweeping: Option<Sweeping>,
    /// Which sides of the page are in sight.
    pub sides: Sides,
    /// A smaller budget for runs that waits for the user.
    pub budget_question: BudgetQuestion,
    /// What happened.
    pub notices: Notices,
    /// Whether nothing may move by itself, because the processor draws.
    pub is_still: bool,
    /// What stands above the page.
    pub overlay: Overlay,
    /// What fills the window.
    pub page: PageId,
    /// The jobs that wait, run or have ended, those of the sweep among them.
    pub jobs: JobQueue,
    /// Steps that the engine was asked to decode.
    pub decodes: Decodes,
    /// How long steps take.
    pub step_times: StepTimes,
    /// The models on disk.
    pub installed: Installed,
    /// Files that records name and that must not be opened.
    pub strangers: Strangers,
}

impl AppState {
    /// Takes in one event of the engine.
    pub fn apply(&mut self, event: &Event) {
        if let Event::Step(step) = event
            && let Some(job) = self.jobs.in_engine(step.job)
        {
            self.step_times.measure(&job.order.request, step);
        }
        let job = self.jobs.apply(event);
        if let (Some(job), Some(sweeping)) = (job, &mut self.sweeping) {
            sweeping.apply(job, event);
        }
        match event {
            Event::Started { job } => self.start(*job),
            Event::Phase { job, phase, fraction } => {
                if let Some(run) = self.run_of(*job) {
                    run.phase = Some(*phase);
                    run.fraction = *fraction;
                }
            }
            Event::Step(step) => {
                if let Some(run) = self.run_of(step.job) {
                    run.take_step(step);
                }
            }
            Event::Image { job, image } => self.take_image(*job, image),
            Event::Finished { job } | Event::Cancelled { job } => self.end(*job),
            Event::Failed { job, error } => {
                self.notices.notify(Level::Error, job_error_text(error));
                self.end(*job);
            }
            Event::Inexact { why, .. } => {
                let why = Value::Error(why.code());
                self.notices
                    .notify(Level::Error, Text::new("notice-inexact", [("why", why)]));
            }
            Event::Paused { job, step } => self.set_pause(*job, Pause::Before(*step)),
            Event::Resumed { job } => self.set_pause(*job, Pause::No),
            Event::Changed { job, .. } => {
                if let Some(run) = self.run_of(*job) {
                    run.asked.clear();
                }
            }
            Event::ChangeRefused { job, error } => {
                if let Some(run) = self.run_of(*job) {
                    run.asked.clear();
                }
                let reason = [("reason", &**error)];
                self.notices.notify(Level::Error, Text::new("steer-refused", reason));
            }
            Event::WentBack { job, step } => {
                if let Some(run) = self.run_of(*job) {
                    run.go_back(*step);
                }
            }
            Event::Decoded { .. } => {} // answers a page, see [`Decodes`]
            Event::DeviceDescribed { info } => {
                if !info.supports(self.precision) {
                    self.precision = Precision::Auto; // kept by another computer, or another device
                }
                self.device = Some(Arc::clone(info));
            }
            Event::ModelDescribed { info } => {
                self.refused.retain(|(model, _)| *model != info.model);
                match self.models.iter_mut().find(|known| known.model == info.model) {
                    Some(known) => *known = Arc::clone(info),
                    None => self.models.push(Arc::clone(info)),
                }
            }
            Event::ModelRefused { model, error } => {
                self.models.retain(|known| known.model != *model);
                self.refused.retain(|(known, _)| known != model);
                let values = [
                    ("model", Value::from(model.to_string())),
                    ("reason", Value::from(&**error)),
                ];
                self.notices
                    .notify(Level::Error, Text::new("notice-model-refused", values));
                self.refused.push((model.clone(), Arc::clone(error)));
            }
        }
    }

    /// Takes in one event of the gallery.
    pub fn apply_saved(&mut self, event: &SaveEvent) {
        match event {
            SaveEvent::Saved {
                path,
                record,
                thumbnail,
            } => {
                if let Some(sweeping) = &mut self.sweeping {
                    sweeping.saved(path, record);
                }
                self.jobs.saved(path, record);
                self.recent.retain(|picture| picture.path != *path);
                self.recent.insert(
                    0,
                    RecentPicture {
                        path: path.clone(),
                        record: Some(Arc::clone(record)),
                        thumbnail: Arc::clone(thumbnail),
                    },
                );
                self.recent.truncate(MAX_RECENT);
            }
            SaveEvent::Failed { message } => {
                self.notices.notify(
                    Level::Error,
                    Text::new("notice-not-saved", [("reason", message.clone())]),
                );
            }
            SaveEvent::RunNotKept { path, message } => {
                self.notices.notify(
                    Level::Error,
                    Text::new(
                        "notice-run-not-kept",
                        [("file", file_name(path)), ("reason", message.clone())],
                    ),
                );
            }
            SaveEvent::Listed(listed) => self.take_list(listed),
            SaveEvent::BudgetApplied(report) => {
                let values = [
                    ("dropped", report.dropped.len().to_string()),
                    ("thinned", report.thinned.len().to_string()),
                ];
                self.notices.notify(Level::Info, Text::new("budget-applied", values));
            }
            SaveEvent::TooSlow(path) => {
                let values = [("count", Value::from(1_usize)), ("file", Value::from(file_name(path)))];
                self.notices.notify(Level::Error, Text::new("gallery-too-slow", values));
            }
            SaveEvent::OpenFailed { path, message } => {
                let values = [("file", file_name(path)), ("reason", message.clone())];
                self.notices
                    .notify(Level::Error, Text::new("notice-not-opened", values));
            }
            SaveEvent::Opened { .. }
            | SaveEvent::TrajectoryOpened { .. }
            | SaveEvent::TrajectoryMissing { .. }
            | SaveEvent::BudgetForecast { .. } => {} // answers a page
        }
    }

    /// Tells what was wrong with the file of the settings.
    pub fn tell_of_settings(&mut self, warning: &SettingsWarning) {
        let (key, what) = match &warning.trouble {
            SettingsTrouble::Unreadable(error) => ("notice-settings-unreadable", ("reason", error.clone())),
            SettingsTrouble::LeftOut(fields) => ("notice-settings-left-out", ("fields", fields.join(", "))),
        };
        let fate = if warning.is_renamed { "kept" } else { "stuck" };
        let values = [
            what,
            ("file", warning.aside.display().to_string()),
            ("fate", fate.to_owned()),
        ];
        self.notices.notify(Level::Error, Text::new(key, values));
    }

    /// The job to be handed to the engine now. A run of the sweep takes its first steps from one that has them.
    pub fn next_job(&self) -> Option<(QueueId, Order)> {
        if let Some(job) = self.jobs.next() {
            return Some((job.id, job.order.clone()));
        }
        let (job, sweeping) = (self.jobs.next_of_sweep()?, self.sweeping.as_ref()?);
        let order = Order {
            branch_point: sweeping.branch_point(&job.order.request),
            ..job.order.clone()
        };
        Some((job.id, order))
    }

    /// Notes that a job was handed to the engine.
    pub fn handed(&mut self, id: QueueId, name: JobId, order: Order) {
        self.jobs.handed(id, name);
        if let Some(sweeping) = &mut self.sweeping {
            sweeping.handed(id, order.branch_point);
        }
    }

    /// The status of the run's job may have changed.
    pub fn update_run_status(&mut self) {
        if let Some(run) = &mut self.run
            && let Some(job) = self.jobs.find(run.id)
        {
            run.status.clone_from(&job.status);
        }
    }

    /// The engine has ended: what it was at work on will not be done.
    pub fn engine_stopped(&mut self, reason: Option<String>) {
        self.engine = EngineStatus::Stopped { reason };
        self.jobs.engine_stopped();
        self.update_run_status();
        self.notices.notify(Level::Error, Text::key("notice-engine-stopped"));
    }

    /// Whether runs of the sweep are still to be made.
    pub fn is_sweep_open(&self) -> bool {
        self.sweeping.is_some() && self.jobs.sweep_progress().left > 0
    }

    /// The sweep, while it stands on the canvas.
    pub fn shown_sweep(&self) -> Option<&Sweeping> {
        self.sweeping.as_ref().filter(|sweeping| sweeping.is_shown)
    }

    /// What is known of a model.
    pub fn model(&self, model: &ModelRef) -> Option<&Arc<ModelInfo>> {
        self.models.iter().find(|known| known.model == *model)
    }

    /// Why a model cannot be used.
    pub fn refusal(&self, model: &ModelRef) -> Option<&Arc<JobError>> {
        self.refused
            .iter()
            .find_map(|(known, error)| (known == model).then_some(error))
    }

    /// Whether a picture was ever made or found.
    pub fn has_pictures(&self) -> bool {
        self.run.is_some() || !self.recent.is_empty()
    }

    /// The run, if its job has not ended.
    pub fn active_run(&self) -> Option<&Run> {
        self.run.as_ref().filter(|run| !run.status.has_ended())
    }

    /// The run, if something can be asked of it: it is at work and shall not stop.
    pub fn steerable_run(&self) -> Option<&Run> {
        self.active_run().filter(|run| run.status == JobStatus::Running)
    }

    /// A saved picture of the strip.
    pub fn recent_at(&self, path: &Path) -> Option<&RecentPicture> {
        self.recent.iter().find(|picture| picture.path == *path)
    }

    fn start(&mut self, name: JobId) {
        // A job that is not there was taken away at the moment at which it began.
        if let Some(job) = self.jobs.in_engine(name) {
            self.run = Some(Run::new(job.id, name, Arc::clone(&job.order.request)));
        }
    }

    fn set_pause(&mut self, job: JobId, pause: Pause) {
        if let Some(run) = self.run_of(job) {
            run.pause = pause;
        }
    }

    fn take_image(&mut self, job: JobId, image: &GeneratedImage) {
        if let Some(run) = self.run_of(job) {
            run.image_index = image.record.batch_index;
            run.image = Some(Arc::clone(&image.pixels));
            run.precision = Some(image.record.precision.clone());
            run.elapsed_secs = Some(image.record.elapsed_secs);
        }
    }

    fn end(&mut self, job: JobId) {
        self.update_run_status();
        if let Some(run) = self.run_of(job) {
            run.pause = Pause::No;
            run.asked.clear();
            run.phase = None;
            run.fraction = None;
        }
    }

    fn take_list(&mut self, listed: &[Listed]) {
        self.is_gallery_listed = true;
        for listed in listed {
            if self.recent.len() < MAX_RECENT && self.recent_at(&listed.path).is_none() {
                self.recent.push(RecentPicture {
                    path: listed.path.clone(),
                    record: listed.record.clone(),
                    thumbnail: Arc::clone(&listed.thumbnail),
                });
            }
        }
    }

    fn run_of(&mut self, job: JobId) -> Option<&mut Run> {
        self.run.as_mut().filter(|run| run.job == job)
    }
}

/// A job's error with a heading for its kind.
pub fn job_error_text(error: &JobError) -> Text {
    let reason = [("reason", error)];
    match error.kind {
        JobErrorKind::Request => Text::new("notice-failed-request", reason),
        JobErrorKind::Model => Text::new("notice-failed-model", reason),
        JobErrorKind::OutOfMemory => Text::new("notice-failed-memory", reason),
        JobErrorKind::NotFinite => Text::new("notice-failed-not-finite", reason),
        JobErrorKind::Internal => Text::new("notice-failed-internal", reason),
    }
}

/// The last part of a path, to be read.
pub fn file_name(path: &Path) -> String {
    path.file_name().map_or_else(
        || path.display().to_string(),
        |name| name.to_string_lossy().into_owned(),
    )
}
