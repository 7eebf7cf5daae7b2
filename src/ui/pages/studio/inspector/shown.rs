//! Which run the inspector speaks of.

use std::sync::Arc;

use crate::job::{GenerateRequest, Record};
use crate::ui::model::run_timeline::RunTimeline;
use crate::ui::model::state::{AppState, View};
use crate::ui::pages::studio::state::StudioState;

/// The step on the canvas, by its place among those of the timeline; the newest if none is chosen.
pub(in crate::ui) fn position(state: &StudioState) -> Option<usize> {
    let steps = &state.timeline.as_ref()?.steps;
    let last = steps.len().checked_sub(1)?;
    match state.view {
        View::Step(at) => Some(at.min(last)),
        View::Live | View::Picture(_) => Some(last),
    }
}

/// What a run was asked for, with all that was changed on its way so far.
pub(in crate::ui) fn asked(timeline: &RunTimeline) -> GenerateRequest {
    if let Some(record) = &timeline.record {
        return record.request.clone();
    }
    let mut request = (*timeline.request).clone();
    let known = request.all_changes();
    let new = timeline.changes.iter().filter(|change| !known.contains(change));
    request.changes.extend(new.map(|change| (**change).clone()));
    request
}

/// Where the settings of the run on the canvas stand.
#[derive(Clone)]
pub(in crate::ui) enum Settings {
    /// In the record of a finished picture.
    Record(Arc<Record>),
    /// In the request of a run in the making, with the number of changes on its way so far.
    Request(Arc<GenerateRequest>, usize),
}

impl Settings {
    /// Those of whatever the canvas shows.
    pub(in crate::ui) fn shown(page: &StudioState, app: &AppState) -> Option<Self> {
        if let View::Picture(_) = page.view {
            return page.shown_record(app).cloned().map(Self::Record);
        }
        if let Some(timeline) = &page.timeline {
            return Some(match &timeline.record {
                Some(record) => Self::Record(Arc::clone(record)),
                None => Self::Request(Arc::clone(&timeline.request), timeline.changes.len()),
            });
        }
        let run = app.run.as_ref()?;
        Some(Self::Request(Arc::clone(&run.request), 0))
    }

    /// Whether both are the same in memory.
    pub(in crate::ui) fn is(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Record(a), Self::Record(b)) => Arc::ptr_eq(a, b),
            (Self::Request(a, m), Self::Request(b, n)) => Arc::ptr_eq(a, b) && m == n,
            _ => false,
        }
    }

    /// What was asked for, changes on the way included.
    pub(in crate::ui) fn request(&self, state: &StudioState) -> GenerateRequest {
        match (self, &state.timeline) {
            (Self::Record(record), _) => record.request.clone(),
            (Self::Request(request, _), Some(timeline)) if Arc::ptr_eq(request, &timeline.request) => asked(timeline),
            (Self::Request(request, _), _) => (**request).clone(),
        }
    }
}
