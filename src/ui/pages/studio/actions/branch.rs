//! Leaving a run at a step.

use std::path::Path;
use std::sync::Arc;

use super::form;
use crate::ui::model::playhead::Branching;
use crate::ui::page::PageContext;
use crate::ui::pages::studio::StudioPage;

/// Fills the form with what held at the step on the canvas; Generate then makes a branch there.
pub(super) fn branch_here(page: &mut StudioPage, ctx: &mut PageContext<'_>) {
    let state = &page.state;
    let (Some(step), Some(timeline)) = (state.shown_step_record(), &state.timeline) else {
        return;
    };
    let Some(kept) = timeline.kept_run(step.index) else {
        return;
    };
    let index = step.index as u32;
    let request = kept.record.request.as_of(index);
    let branching = Branching {
        kept: Arc::new(kept),
        step: index,
        parent: Box::new(timeline.parent_steps(step.index)),
        of: state.shown_path().map(Path::to_owned),
    };
    page.state.playback.is_on = false;
    form::restore(page, ctx, &request, Some(Arc::new(branching)));
}
