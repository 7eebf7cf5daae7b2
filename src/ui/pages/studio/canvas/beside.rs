//! Another kept run on the right half of the canvas, in step with the one that is shown.

use std::path::PathBuf;
use std::sync::Arc;

use crate::job::{RgbImage, StepRecord};
use crate::render::latent_view::LatentView;
use crate::ui::model::run_timeline::RunTimeline;
use crate::ui::model::state::{AppState, View as Place};
use crate::unfold::StepView;

/// A run beside the one that is shown.
#[derive(Debug, Clone)]
pub struct Beside {
    /// Its picture's file.
    pub path: PathBuf,
    /// Its picture, once it is read.
    pub picture: Option<Arc<RgbImage>>,
    /// Its steps, once they are read.
    pub timeline: Option<RunTimeline>,
}

impl Beside {
    /// A run of which nothing is read yet.
    pub fn new(path: PathBuf) -> Self {
        Self {
            path,
            picture: None,
            timeline: None,
        }
    }
}

impl AppState {
    /// What stands beside, if it waits for this file; the file that is shown itself is none of its.
    pub(in crate::ui) fn beside_waiting_for(&mut self, path: &std::path::Path) -> Option<&mut Beside> {
        let is_shown = self.shown_path() == Some(path);
        let beside = self.beside.as_mut()?;
        let is_whole = beside.picture.is_some() && beside.timeline.is_some();
        (beside.path == path && !is_shown && !is_whole).then_some(beside)
    }

    /// The step beside: the one of the same place in its run, or its last before; its newest where the whole is shown.
    pub fn step_beside(&self) -> Option<&Arc<StepRecord>> {
        let steps = &self.beside.as_ref()?.timeline.as_ref()?.steps;
        match (&self.view, self.shown_step_record()) {
            (Place::Step(_), Some(shown)) => steps.iter().rfind(|step| step.index <= shown.index),
            _ => steps.last(),
        }
    }

    /// The picture beside, where the whole of the run is shown.
    pub fn picture_beside(&self) -> Option<&Arc<RgbImage>> {
        let is_whole = !matches!(self.view, Place::Step(_));
        self.beside.as_ref()?.picture.as_ref().filter(|_| is_whole)
    }

    /// What a way of looking shows of the step beside.
    pub fn seen_beside(&self, view: StepView) -> Option<LatentView> {
        let timeline = self.beside.as_ref()?.timeline.as_ref()?;
        Some(super::view_pair::seen_of(timeline, self.step_beside()?, view))
    }
}
