//! Where in the timeline the page looks, and what is to be seen there.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::state::StudioState;
use crate::job::{RgbImage, StepRecord};
use crate::ui::model::camera::Camera;
use crate::ui::model::run_timeline::{RunTimeline, Source};
use crate::ui::model::state::{AppState, View};

impl StudioState {
    /// The step on the canvas, by its place in the timeline; the newest where the whole is shown.
    pub fn shown_step(&self) -> Option<usize> {
        let num_steps = self.timeline.as_ref()?.steps.len();
        match &self.view {
            View::Step(place) => Some(*place).filter(|place| *place < num_steps),
            View::Live | View::Picture(_) => num_steps.checked_sub(1),
        }
    }

    /// The step on the canvas; the newest where the whole is shown.
    pub fn shown_step_record(&self) -> Option<&Arc<StepRecord>> {
        self.timeline.as_ref()?.steps.get(self.shown_step()?)
    }

    /// What there is to see of the step the playhead stands on; `None` if it stands at the end.
    pub fn shown_step_picture(&self) -> Option<&Arc<RgbImage>> {
        let View::Step(place) = self.view else {
            return None;
        };
        let timeline = self.timeline.as_ref()?;
        timeline.pictures.best(timeline.steps.get(place)?.index)
    }

    /// The file of the saved picture on the canvas, or of the one whose step is.
    pub fn shown_path(&self) -> Option<&Path> {
        match (&self.view, self.timeline.as_ref().map(|timeline| &timeline.source)) {
            (View::Picture(path), _) | (View::Step(_), Some(Source::Kept(path))) => Some(path),
            _ => None,
        }
    }

    /// Whether what is shown is the run at work, of which something can be asked.
    pub fn is_live_steerable(&self, app: &AppState) -> bool {
        app.steerable_run().is_some() && self.shown_path().is_none()
    }

    /// The timeline of the run, shown or not.
    pub fn live_timeline(&self) -> Option<&RunTimeline> {
        let all = [self.timeline.as_ref(), self.parked.as_ref()];
        all.into_iter()
            .flatten()
            .find(|any| matches!(any.source, Source::Live(_)))
    }

    /// The newest there is to see of the run: its picture, else the preview of its newest step.
    pub fn newest_picture<'a>(&'a self, app: &'a AppState) -> Option<&'a Arc<RgbImage>> {
        let run = app.run.as_ref()?;
        let preview = || run.step.and_then(|_| self.live_timeline()?.pictures.newest());
        run.image.as_ref().or_else(preview)
    }

    /// Shows whatever is newest.
    pub fn show_live(&mut self) {
        self.view = View::Live;
        self.playback.is_on = false;
        if self.is_kept_shown() || self.timeline.is_none() {
            self.timeline = self.parked.take();
        }
    }

    /// Shows a saved picture; the run goes on unseen. What was kept of it comes later, if it is not there already.
    pub fn show_picture(&mut self, path: PathBuf) {
        if self.shown_path() != Some(&*path) {
            self.playback.is_on = false;
            if self.is_kept_shown() {
                self.timeline = None;
            } else if let Some(live) = self.timeline.take() {
                self.parked = Some(live);
            }
        }
        self.view = View::Picture(path);
        self.camera = Camera::default();
    }

    /// Shows a step of the timeline, by its place.
    pub fn show_step(&mut self, place: usize) {
        if let Some(timeline) = &mut self.timeline
            && let Some(record) = timeline.steps.get(place)
        {
            let colours = timeline.colours.as_deref();
            timeline.pictures.look_at(record.index, &record.x0, colours);
            self.view = View::Step(place);
        }
    }

    /// Shows the end of the timeline: what is newest, or the saved picture.
    pub fn show_end(&mut self) {
        self.view = match self.timeline.as_ref().map(|timeline| &timeline.source) {
            Some(Source::Kept(path)) => View::Picture(path.clone()),
            Some(Source::Live(_)) => View::Live,
            None => return,
        };
    }

    /// Goes on or back along the timeline; past its end means the end.
    pub fn move_step(&mut self, by: isize) {
        let num_steps = self.timeline.as_ref().map_or(0, |timeline| timeline.steps.len());
        let here = match self.view {
            View::Step(place) => place,
            View::Live | View::Picture(_) => num_steps,
        };
        let there = here.saturating_add_signed(by);
        if there < num_steps {
            self.show_step(there);
        } else {
            self.show_end();
        }
    }

    /// Takes up what was kept of the saved picture that is shown.
    pub(super) fn set_kept_timeline(&mut self, kept: RunTimeline) {
        let is_waited_for =
            matches!((&self.view, &kept.source), (View::Picture(shown), Source::Kept(path)) if shown == path);
        if is_waited_for && self.timeline.is_none() {
            self.timeline = Some(kept);
        }
    }

    /// The run begins another picture.
    pub(super) fn set_live_timeline(&mut self, timeline: RunTimeline) {
        if self.shown_path().is_some() {
            self.parked = Some(timeline);
        } else {
            self.parked = None;
            self.timeline = Some(timeline);
            self.view = View::Live;
        }
    }

    /// Keeps the playhead on a step that is there.
    pub(super) fn hold_playhead(&mut self) {
        if matches!(self.view, View::Step(_)) && self.shown_step().is_none() {
            self.show_end();
        }
    }

    fn is_kept_shown(&self) -> bool {
        let shown = self.timeline.as_ref();
        shown.is_some_and(|timeline| matches!(timeline.source, Source::Kept(_)))
    }
}
