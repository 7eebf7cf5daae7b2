//! What a view shows of the step on the canvas and of the one beside it, and which view comes next.

use std::path::Path;
use std::sync::Arc;

use super::beside::Beside;
use super::view_pair::seen_of;
use crate::job::{RgbImage, StepRecord};
use crate::render::latent_view::LatentView;
use crate::ui::model::run_timeline::ViewPair;
use crate::ui::model::state::View;
use crate::ui::pages::studio::state::StudioState;
use crate::unfold::StepView;

impl StudioState {
    /// What a way of looking shows of the step on the canvas.
    pub fn seen(&self, view: StepView) -> Option<LatentView> {
        Some(seen_of(self.timeline.as_ref()?, self.shown_step_record()?, view))
    }

    /// Whether there is something to see; where there is no step, there may be later.
    fn can_be_seen(&self, view: StepView) -> bool {
        self.seen(view).is_none_or(|seen| seen.missing().is_none())
    }

    /// The same with the next view in the first place.
    pub fn views_with_next(&self) -> ViewPair {
        let here = StepView::PLAIN.iter().position(|view| *view == self.views.first);
        let from = here.map_or(0, |here| here + 1);
        let mut next = StepView::PLAIN.iter().cycle().skip(from).take(StepView::PLAIN.len());
        let next = next.find(|view| Some(**view) != self.views.second && self.can_be_seen(**view));
        ViewPair {
            first: next.copied().unwrap_or(self.views.first),
            ..self.views
        }
    }

    /// The same with the next view in the second place; after the last there is none.
    pub fn views_with_next_second(&self) -> ViewPair {
        let here = StepView::PLAIN.iter().position(|view| Some(*view) == self.views.second);
        let from = match (self.views.second, here) {
            (None, _) => 0,
            (Some(_), Some(here)) => here + 1,
            (Some(_), None) => StepView::PLAIN.len(),
        };
        let mut next = StepView::PLAIN.iter().skip(from);
        let next = next.find(|view| **view != self.views.first && self.can_be_seen(**view));
        ViewPair {
            second: next.copied(),
            ..self.views
        }
    }
}

impl StudioState {
    /// What stands beside, if it waits for this file; the file that is shown itself is none of its.
    pub(in crate::ui) fn beside_waiting_for(&mut self, path: &Path) -> Option<&mut Beside> {
        let is_shown = self.shown_path() == Some(path);
        let beside = self.beside.as_mut()?;
        let is_whole = beside.picture.is_some() && beside.timeline.is_some();
        (beside.path == path && !is_shown && !is_whole).then_some(beside)
    }

    /// The step beside: the one of the same place in its run, or its last before; its newest where the whole is shown.
    pub fn step_beside(&self) -> Option<&Arc<StepRecord>> {
        let steps = &self.beside.as_ref()?.timeline.as_ref()?.steps;
        match (&self.view, self.shown_step_record()) {
            (View::Step(_), Some(shown)) => steps.iter().rfind(|step| step.index <= shown.index),
            _ => steps.last(),
        }
    }

    /// The picture beside, where the whole of the run is shown.
    pub fn picture_beside(&self) -> Option<&Arc<RgbImage>> {
        let is_whole = !matches!(self.view, View::Step(_));
        self.beside.as_ref()?.picture.as_ref().filter(|_| is_whole)
    }

    /// What a way of looking shows of the step beside.
    pub fn seen_beside(&self, view: StepView) -> Option<LatentView> {
        let timeline = self.beside.as_ref()?.timeline.as_ref()?;
        Some(seen_of(timeline, self.step_beside()?, view))
    }
}
