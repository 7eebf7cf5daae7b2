//! What the page knows: a pure function of the events that it was told.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::canvas::beside::Beside;
use super::exporting::Exporting;
use super::form::draft::Draft;
use super::image_input::{Grounds, ImageInputState, InputStatus};
use crate::gallery::SaveEvent;
use crate::job::{Event, GenerateRequest, GeneratedImage, JobId, Record, RgbImage, StepEvent};
use crate::ui::commands::{PageId, Target};
use crate::ui::model::camera::Camera;
use crate::ui::model::jobs::JobQueue;
use crate::ui::model::notifications::Text;
use crate::ui::model::playhead::{Branching, Playback};
use crate::ui::model::run::Run;
use crate::ui::model::run_timeline::{RunTimeline, Source, ViewPair};
use crate::ui::model::state::{AppState, View};

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

/// Everything the panels of the page show, except the form and what pages share.
#[derive(Debug, Default)]
pub struct StudioState {
    /// The picture read last.
    pub opened: Option<OpenedPicture>,
    /// A picture whose settings shall be taken once it is read.
    pub restoring: Option<PathBuf>,
    /// What the canvas shows.
    pub view: View,
    /// The run on the canvas, step by step: that of [`AppState::run`], or the one that was kept with the picture that is
    /// shown.
    pub timeline: Option<RunTimeline>,
    /// That of [`AppState::run`], while a kept one is shown in its place.
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
    /// Where on the picture the canvas looks.
    pub camera: Camera,
    /// Pictures that are brought in.
    pub image_input: ImageInputState,
}

impl StudioState {
    /// Takes in one event of the engine, after the shared state has.
    pub fn apply(&mut self, event: &Event, app: &AppState) {
        match event {
            Event::Started { job } => self.start(*job, &app.jobs),
            Event::Step(step) => self.take_step(step, app.run.as_ref()),
            Event::Image { job, image } => self.take_image(*job, image),
            Event::Changed { job, change } => {
                if let Some(timeline) = self.timeline_of(*job) {
                    timeline.take_change(Arc::clone(change));
                }
            }
            Event::WentBack { job, step } => {
                if let Some(timeline) = self.timeline_of(*job) {
                    timeline.go_back(*step);
                }
                self.hold_playhead();
            }
            _ => {}
        }
    }

    /// Takes in what was read of a picture that the page waits for.
    pub(super) fn take_saved(&mut self, event: &SaveEvent) {
        match event {
            SaveEvent::Opened { path, pixels, record } => {
                if self.restoring.as_deref() == Some(&**path) {
                    self.show_picture(path.clone());
                }
                match self.beside_waiting_for(path) {
                    Some(beside) => beside.picture = Some(Arc::clone(pixels)),
                    None => {
                        self.opened = Some(OpenedPicture {
                            path: path.clone(),
                            pixels: Arc::clone(pixels),
                            record: record.clone(),
                        });
                    }
                }
            }
            SaveEvent::TrajectoryOpened {
                path,
                record,
                trajectory,
            } => {
                let kept = RunTimeline::kept(path.clone(), Arc::clone(record), (**trajectory).clone());
                match self.beside_waiting_for(path) {
                    Some(beside) => beside.timeline = Some(kept),
                    None => self.set_kept_timeline(kept),
                }
            }
            SaveEvent::TrajectoryMissing { path, reason } => self.take_missing(path, reason.as_deref()),
            SaveEvent::OpenFailed { path, .. } => {
                self.restoring.take_if(|restoring| restoring == path);
            }
            _ => {}
        }
    }

    /// Whether the page has use for what was read of a picture.
    pub(super) fn waits_for(&self, path: &Path) -> bool {
        let beside = self.beside.as_ref().map(|beside| &*beside.path);
        [self.shown_path(), self.restoring.as_deref(), beside].contains(&Some(path))
    }

    /// How the saved picture on the canvas was made, or the one whose step is.
    pub fn shown_record<'a>(&'a self, app: &'a AppState) -> Option<&'a Arc<Record>> {
        let path = self.shown_path()?;
        let opened = self.opened.as_ref().filter(|opened| opened.path == *path);
        match opened {
            Some(opened) => opened.record.as_ref(),
            None => app.recent_at(path).and_then(|recent| recent.record.as_ref()),
        }
    }

    /// What the canvas shows below any preview.
    pub(super) fn beneath(&self, app: &AppState) -> (View, Option<JobId>) {
        (self.view.clone(), app.run.as_ref().map(|run| run.job))
    }

    /// Whether a preview stands on the canvas.
    pub fn is_preview_shown(&self, app: &AppState) -> bool {
        app.page == PageId::Studio && self.image_input.preview.over == Some(self.beneath(app))
    }

    /// Whether the mask stands on the canvas.
    pub fn is_mask_shown(&self, app: &AppState) -> bool {
        app.page == PageId::Studio && self.image_input.mask.is_open
    }

    /// What decides which targets a picture has.
    pub fn grounds<'a>(&'a self, app: &AppState, draft: &Draft, path: &Path) -> Grounds<'a> {
        Grounds {
            takes: app.model(&draft.request.model).map(|info| info.takes),
            adapters: &self.image_input.adapters,
            says: self.image_input.says(path),
        }
    }

    /// Why a picture cannot become this.
    pub fn target_refusal(&self, app: &AppState, draft: &Draft, target: Target, path: &Path) -> Option<Text> {
        if let Some(InputStatus::Failed(reason)) = self.image_input.look(path) {
            return Some(Text::new("bring-unreadable", [("reason", reason.clone())]));
        }
        target.refusal(&self.grounds(app, draft, path))
    }

    fn start(&mut self, name: JobId, jobs: &JobQueue) {
        let Some(job) = jobs.in_engine(name) else {
            return; // it was taken away at the moment at which it began
        };
        let mut timeline = RunTimeline::live(name, &job.order.request, 0);
        let parent = job.order.branch_point.as_ref().and_then(|point| point.parent.clone());
        if let Some(parent) = parent {
            timeline.grow_from(*parent);
        }
        self.set_live_timeline(timeline);
    }

    fn take_step(&mut self, step: &StepEvent, run: Option<&Run>) {
        let Some(run) = run.filter(|run| run.job == step.job) else {
            return;
        };
        let is_next = |timeline: &RunTimeline| timeline.image_index != step.image_index;
        if self.timeline_of(step.job).is_some_and(|timeline| is_next(timeline)) {
            self.set_live_timeline(RunTimeline::live(step.job, &run.request, step.image_index));
        }
        if let Some(timeline) = self.timeline_of(step.job) {
            timeline.take_step(step);
        }
    }

    fn take_image(&mut self, job: JobId, image: &GeneratedImage) {
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

    /// The steps of a picture are not there: its settings are all that is known.
    fn take_missing(&mut self, path: &Path, reason: Option<&str>) {
        let record = self.opened.as_ref().filter(|opened| opened.path == path);
        let record = record.and_then(|opened| opened.record.clone());
        let request = record.as_ref();
        let request = request.map_or_else(GenerateRequest::unsaid, |record| record.request.clone());
        self.set_kept_timeline(RunTimeline {
            record,
            missing: Some(match reason {
                Some(reason) => Text::new("run-steps-unreadable", [("reason", reason.to_owned())]),
                None => Text::key("run-steps-none"),
            }),
            ..RunTimeline::new(Source::Kept(path.to_owned()), Arc::new(request))
        });
    }

    /// The timeline of a job's newest picture, shown or not.
    fn timeline_of(&mut self, job: JobId) -> Option<&mut RunTimeline> {
        let all = [self.timeline.as_mut(), self.parked.as_mut()];
        all.into_iter().flatten().find(|any| any.source == Source::Live(job))
    }
}
