//! What the window knows: a pure function of the events it was told.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::budget::BudgetQuestion;
use super::decodes::Decodes;
use super::installed::Installed;
use super::jobs::{JobQueue, Order, QueueId};
use super::notifications::{Level, Notices, Text};
use super::playhead::{Branching, Playback};
pub use super::run::{Pause, Run};
use super::run_timeline::{RunTimeline, Source, ViewPair};
pub use super::shown::{Overlay, Sides, View};
use super::step_times::StepTimes;
use super::sweeping::Sweeping;
use crate::gallery::{Listed, SaveEvent};
use crate::job::{
    DeviceInfo, Event, GeneratedImage, JobError, JobErrorKind, JobId, ModelInfo, ModelRef, Precision, Record, RgbImage,
    StepEvent,
};
use crate::ui::commands::PageId;
use crate::ui::i18n::Value;
use crate::ui::model::camera::Camera;
use crate::ui::pages::studio::canvas::beside::Beside;
use crate::ui::pages::studio::exporting::Exporting;
use crate::ui::pages::studio::image_input::ImageInputState;

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

/// A picture read from its file.
#[derive(Debug, Clone)]
pub struct OpenedPicture {
    /// Where it is.
    pub path: PathBuf,
    /// Its pixels.
    pub pixels: Arc<RgbImage>,
    /// How it was made, if it says so.
    pub record: Option<Arc<Record>>,
}

/// Everything the panels show, except the form.
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
    /// Models that can be chosen, in the order they became known.
    pub models: Vec<Arc<ModelInfo>>,
    /// Models that cannot be used, and why.
    pub refused: Vec<(ModelRef, Arc<JobError>)>,
    /// Saved pictures, newest first.
    pub recent: Vec<RecentPicture>,
    /// Whether the gallery folder has been looked through.
    pub is_gallery_listed: bool,
    /// The picture read last.
    pub opened: Option<OpenedPicture>,
    /// A picture whose settings shall be taken once it is read.
    pub restoring: Option<PathBuf>,
    /// What the canvas shows.
    pub view: View,
    /// The run on the canvas, step by step: that of [`Self::run`], or the one that was kept with the picture that is
    /// shown.
    pub timeline: Option<RunTimeline>,
    /// That of [`Self::run`], while a kept one is shown in its place.
    pub parked: Option<RunTimeline>,
    /// How a run is played back.
    pub playback: Playback,
    /// The branch that the form is filled in for.
    pub branching: Option<Arc<Branching>>,
    /// A film or a sheet in the making.
    pub exporting: Option<Exporting>,
    /// Another run beside it, in step.
    pub beside: Option<Beside>,
    /// How its steps are looked at: one way, or two side by side.
    pub views: ViewPair,
    /// Whether what the first of them means is explained.
    pub is_explaining: bool,
    /// Many runs that unfold together, if a sweep was asked for.
    pub sweeping: Option<Sweeping>,
    /// Where on the picture the canvas looks.
    pub camera: Camera,
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
    /// Pictures that are brought in.
    pub image_input: ImageInputState,
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
}

impl AppState {
    /// Takes in one event of the engine.
    pub fn apply(&mut self, event: Event) {
        if let Event::Step(step) = &event
            && let Some(job) = self.jobs.in_engine(step.job)
        {
            self.step_times.measure(&job.order.request, step);
        }
        let job = self.jobs.apply(&event);
        if let (Some(job), Some(sweeping)) = (job, &mut self.sweeping) {
            sweeping.apply(job, &event);
        }
        match event {
            Event::Started { job } => self.start(job),
            Event::Phase { job, phase, fraction } => {
                if let Some(run) = self.run_of(job) {
                    run.phase = Some(phase);
                    run.fraction = fraction;
                }
            }
            Event::Step(step) => self.take_step(&step),
            Event::Image { job, image } => self.take_image(job, &image),
            Event::Finished { job } | Event::Cancelled { job } => self.end(job),
            Event::Failed { job, error } => {
                self.notices.notify(Level::Error, job_error_text(&error));
                self.end(job);
            }
            Event::Inexact { why, .. } => {
                let why = Value::Error(why.code());
                self.notices
                    .notify(Level::Error, Text::new("notice-inexact", [("why", why)]));
            }
            Event::Paused { job, step } => self.set_pause(job, Pause::Before(step)),
            Event::Resumed { job } => self.set_pause(job, Pause::No),
            Event::Changed { job, change } => {
                if let Some(run) = self.run_of(job) {
                    run.asked.clear();
                }
                if let Some(timeline) = self.timeline_of(job) {
                    timeline.take_change(change);
                }
            }
            Event::ChangeRefused { job, error } => {
                if let Some(run) = self.run_of(job) {
                    run.asked.clear();
                }
                let reason = [("reason", &*error)];
                self.notices.notify(Level::Error, Text::new("steer-refused", reason));
            }
            Event::WentBack { job, step } => self.go_back(job, step),
            Event::Decoded { ticket, picture } => {
                if let (true, Err(error)) = (self.decodes.answered(ticket), picture) {
                    self.notices.notify(Level::Error, job_error_text(&error));
                }
            }
            Event::DeviceDescribed { info } => self.device = Some(info),
            Event::ModelDescribed { info } => {
                self.refused.retain(|(model, _)| *model != info.model);
                match self.models.iter_mut().find(|known| known.model == info.model) {
                    Some(known) => *known = info,
                    None => self.models.push(info),
                }
            }
            Event::ModelRefused { model, error } => {
                self.models.retain(|known| known.model != model);
                self.refused.retain(|(known, _)| *known != model);
                self.notices.notify(
                    Level::Error,
                    Text::new(
                        "notice-model-refused",
                        [
                            ("model", Value::from(model.to_string())),
                            ("reason", Value::from(&*error)),
                        ],
                    ),
                );
                self.refused.push((model, error));
            }
        }
    }

    /// Takes in one event of the gallery.
    pub fn apply_saved(&mut self, event: SaveEvent) {
        match event {
            SaveEvent::Saved {
                path,
                record,
                thumbnail,
            } => {
                if let Some(sweeping) = &mut self.sweeping {
                    sweeping.saved(&path, &record);
                }
                self.jobs.saved(&path, &record);
                self.recent.retain(|picture| picture.path != path);
                self.recent.insert(
                    0,
                    RecentPicture {
                        path,
                        record: Some(record),
                        thumbnail,
                    },
                );
                self.recent.truncate(MAX_RECENT);
            }
            SaveEvent::Failed { message } => {
                self.notices
                    .notify(Level::Error, Text::new("notice-not-saved", [("reason", message)]));
            }
            SaveEvent::RunNotKept { path, message } => {
                self.notices.notify(
                    Level::Error,
                    Text::new("notice-run-not-kept", [("file", file_name(&path)), ("reason", message)]),
                );
            }
            SaveEvent::Listed(listed) => self.take_list(listed),
            SaveEvent::Opened { path, pixels, record } => {
                if self.restoring.as_deref() == Some(&*path) {
                    self.show_picture(path.clone());
                }
                match self.beside_waiting_for(&path) {
                    Some(beside) => beside.picture = Some(pixels),
                    None => self.opened = Some(OpenedPicture { path, pixels, record }),
                }
            }
            SaveEvent::TrajectoryOpened {
                path,
                record,
                trajectory,
            } => {
                let trajectory = Arc::unwrap_or_clone(trajectory); // the gallery has let go of it
                let is_beside = self.beside_waiting_for(&path).is_some();
                let kept = RunTimeline::kept(path, record, trajectory);
                match &mut self.beside {
                    Some(beside) if is_beside => beside.timeline = Some(kept),
                    _ => self.set_kept_timeline(kept),
                }
            }
            SaveEvent::TrajectoryMissing { path, reason } => self.take_missing(path, reason),
            SaveEvent::BudgetForecast { .. } => {} // answers a question of the window's, not of the run
            SaveEvent::BudgetApplied(report) => {
                let values = [
                    ("dropped", report.dropped.len().to_string()),
                    ("thinned", report.thinned.len().to_string()),
                ];
                self.notices.notify(Level::Info, Text::new("budget-applied", values));
            }
            SaveEvent::OpenFailed { path, message } => {
                if self.restoring.as_deref() == Some(&*path) {
                    self.restoring = None;
                }
                self.notices.notify(
                    Level::Error,
                    Text::new("notice-not-opened", [("file", file_name(&path)), ("reason", message)]),
                );
            }
        }
    }

    /// Whether the studio has use for what was read of a picture.
    pub(in crate::ui) fn waits_for(&self, event: &SaveEvent) -> bool {
        let (SaveEvent::Opened { path, .. }
        | SaveEvent::OpenFailed { path, .. }
        | SaveEvent::TrajectoryOpened { path, .. }
        | SaveEvent::TrajectoryMissing { path, .. }) = event
        else {
            return true;
        };
        let beside = self.beside.as_ref().map(|beside| &*beside.path);
        [self.shown_path(), self.restoring.as_deref(), beside].contains(&Some(path))
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
        self.sweeping.is_some() && self.jobs.sweep_progress().num_left > 0
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

    /// How the saved picture on the canvas was made, or the one whose step is.
    pub fn shown_record(&self) -> Option<&Arc<Record>> {
        let path = self.shown_path()?;
        let opened = self.opened.as_ref().filter(|opened| opened.path == *path);
        match opened {
            Some(opened) => opened.record.as_ref(),
            None => self.recent_at(path).and_then(|recent| recent.record.as_ref()),
        }
    }

    /// A saved picture of the strip.
    pub fn recent_at(&self, path: &Path) -> Option<&RecentPicture> {
        self.recent.iter().find(|picture| picture.path == *path)
    }

    fn start(&mut self, name: JobId) {
        let Some(job) = self.jobs.in_engine(name) else {
            return; // it was taken away at the moment at which it began
        };
        let request = Arc::clone(&job.order.request);
        let mut timeline = RunTimeline::live(name, &request, 0);
        let parent = job.order.branch_point.as_ref().and_then(|point| point.parent.clone());
        if let Some(parent) = parent {
            timeline.grow_from(*parent);
        }
        self.run = Some(Run::new(job.id, name, request));
        self.set_live_timeline(timeline);
    }

    fn take_step(&mut self, step: &StepEvent) {
        let Some(run) = self.run.as_ref().filter(|run| run.job == step.job) else {
            return;
        };
        let (job, request) = (run.job, Arc::clone(&run.request));
        if run.image_index != step.image_index {
            self.set_live_timeline(RunTimeline::live(job, &request, step.image_index));
        }
        if let Some(timeline) = self.timeline_of(job) {
            timeline.take_step(step);
        }
        if let Some(run) = self.run_of(job) {
            run.take_step(step);
        }
    }

    fn go_back(&mut self, job: JobId, step: u32) {
        if let Some(timeline) = self.timeline_of(job) {
            let undone = timeline.next_index().saturating_sub(step as usize) as u32;
            timeline.go_back(step);
            if let Some(run) = self.run_of(job) {
                run.step = run.step.map(|taken| taken.saturating_sub(undone));
            }
        }
        self.hold_playhead();
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
        let shown = self.shown_step_record().map(|record| record.index);
        if let Some(timeline) = self.timeline_of(job) {
            timeline.take_image(image);
            if matches!(self.view, View::Step(_))
                && let Some(timeline) = self.timeline.as_ref().filter(|shown| shown.source == Source::Live(job))
                && let Some(place) = shown.and_then(|index| timeline.place_of(index))
            {
                self.view = View::Step(place); // there may be steps before it that were not told
            }
        }
        self.hold_playhead();
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

    fn take_list(&mut self, listed: Vec<Listed>) {
        self.is_gallery_listed = true;
        for listed in listed {
            if self.recent.len() < MAX_RECENT && self.recent_at(&listed.path).is_none() {
                self.recent.push(RecentPicture {
                    path: listed.path,
                    record: listed.record,
                    thumbnail: listed.thumbnail,
                });
            }
        }
    }

    /// The steps of a picture are not there: its settings are all that is known.
    fn take_missing(&mut self, path: PathBuf, reason: Option<String>) {
        let record = self.opened.as_ref().filter(|opened| opened.path == path);
        let record = record.and_then(|opened| opened.record.clone());
        let request = record.as_ref().map(|record| record.request.clone()).unwrap_or_default();
        self.set_kept_timeline(RunTimeline {
            record,
            missing: Some(match reason {
                Some(reason) => Text::new("run-steps-unreadable", [("reason", reason)]),
                None => Text::key("run-steps-none"),
            }),
            ..RunTimeline::new(Source::Kept(path), Arc::new(request))
        });
    }

    fn run_of(&mut self, job: JobId) -> Option<&mut Run> {
        self.run.as_mut().filter(|run| run.job == job)
    }

    /// The timeline of a job's newest picture, shown or not.
    fn timeline_of(&mut self, job: JobId) -> Option<&mut RunTimeline> {
        let all = [self.timeline.as_mut(), self.parked.as_mut()];
        all.into_iter().flatten().find(|any| any.source == Source::Live(job))
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
