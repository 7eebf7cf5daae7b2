//! Filling in the form from elsewhere, and its undo.

use std::sync::Arc;

use crate::job::GenerateRequest;
use crate::ui::app::Studio;
use crate::ui::model::playhead::Branching;
use crate::ui::model::state::EngineStatus;
use crate::ui::pages::studio::form::draft::Draft;
use crate::ui::pages::studio::form::history::FormHistory;

/// Fills the form with a request; undo brings back what stood in it.
///
/// * `branching`: the branch that the form is filled in for.
pub(in crate::ui) fn restore(studio: &mut Studio, request: &GenerateRequest, branching: Option<Arc<Branching>>) {
    mark(studio);
    studio.state.branching = branching;
    studio.draft.restore(request);
    adopt_model(studio);
}

/// Makes what stands in the form a step that undo returns to, before the form is overwritten.
pub(in crate::ui) fn mark(studio: &mut Studio) {
    let branching = studio.state.branching.as_ref();
    studio.form_history.mark(&studio.draft, branching);
}

/// Has the form know what its model looks best with, now or as soon as the engine has described it.
pub(super) fn adopt_model(studio: &mut Studio) {
    let model = &studio.draft.request.model;
    match studio.state.model(model).cloned() {
        Some(info) => studio.draft.adopt(&info),
        None => studio.describe(model.clone()),
    }
}

/// Notices edits of the form, a frame after they were made.
pub(in crate::ui) fn watch(studio: &mut Studio, ctx: &egui::Context) {
    // Fields that will follow the model are not yet what the user wants.
    let awaits_model = studio.draft.follows_model
        && studio.state.engine == EngineStatus::Running
        && studio.state.refusal(&studio.draft.request.model).is_none();
    if !awaits_model {
        let now = ctx.input(|input| input.time);
        studio
            .form_history
            .watch(now, &studio.draft, studio.state.branching.as_ref());
    }
}

/// Takes back the newest edit of the form.
pub(super) fn undo(studio: &mut Studio) {
    travel(studio, FormHistory::undo);
}

/// Makes an edit again that was taken back.
pub(super) fn redo(studio: &mut Studio) {
    travel(studio, FormHistory::redo);
}

fn travel(studio: &mut Studio, go: fn(&mut FormHistory, &mut Draft, &mut Option<Arc<Branching>>) -> bool) {
    let model = studio.draft.request.model.clone();
    let has_moved = go(&mut studio.form_history, &mut studio.draft, &mut studio.state.branching);
    if has_moved && studio.draft.request.model != model {
        adopt_model(studio);
    }
}
