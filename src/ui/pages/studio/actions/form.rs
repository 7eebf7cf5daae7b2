//! Filling in the form from elsewhere, and its undo.

use std::path::Path;
use std::sync::Arc;

use crate::hub::ModelKind;
use crate::job::{GenerateRequest, ModelRef};
use crate::ui::commands::UiCommand;
use crate::ui::model::playhead::Branching;
use crate::ui::model::state::EngineStatus;
use crate::ui::page::PageContext;
use crate::ui::pages::studio::StudioPage;
use crate::ui::pages::studio::form::draft::Draft;
use crate::ui::pages::studio::form::history::FormHistory;

/// Fills the form with a request; undo brings back what stood in it.
///
/// * `branching`: the branch that the form is filled in for.
pub(in crate::ui) fn restore(
    page: &mut StudioPage,
    ctx: &mut PageContext<'_>,
    request: &GenerateRequest,
    branching: Option<Arc<Branching>>,
) {
    mark(page);
    ctx.services.note_strangers(ctx.state, request);
    page.state.branching = branching;
    page.draft.restore(request);
    adopt_model(page, ctx);
}

/// Makes what stands in the form a step that undo returns to, before the form is overwritten.
pub(in crate::ui) fn mark(page: &mut StudioPage) {
    let branching = page.state.branching.as_ref();
    page.form_history.mark(&page.draft, branching);
}

/// Has the form know what its model looks best with, now or as soon as the engine has described it.
pub(super) fn adopt_model(page: &mut StudioPage, ctx: &mut PageContext<'_>) {
    let model = &page.draft.request.model;
    if ctx.state.is_strange_model(model) {
        return;
    }
    match ctx.state.model(model).cloned() {
        Some(info) => page.draft.adopt(&info),
        None => ctx.services.describe(model.clone(), &mut ctx.state.notices),
    }
}

/// Notices edits of the form, a frame after they were made.
pub(in crate::ui) fn watch(page: &mut StudioPage, ctx: &PageContext<'_>) {
    // Fields that will follow the model are not yet what the user wants.
    let awaits_model = page.draft.follows_model
        && !ctx.state.is_strange_model(&page.draft.request.model)
        && ctx.state.engine == EngineStatus::Running
        && ctx.state.refusal(&page.draft.request.model).is_none();
    if !awaits_model {
        let now = ctx.egui.input(|input| input.time);
        page.form_history.watch(now, &page.draft, page.state.branching.as_ref());
    }
}

/// Takes back the newest edit of the form.
pub(super) fn undo(page: &mut StudioPage, ctx: &mut PageContext<'_>) {
    travel(page, ctx, FormHistory::undo);
}

/// Makes an edit again that was taken back.
pub(super) fn redo(page: &mut StudioPage, ctx: &mut PageContext<'_>) {
    travel(page, ctx, FormHistory::redo);
}

fn travel(
    page: &mut StudioPage,
    ctx: &mut PageContext<'_>,
    go: fn(&mut FormHistory, &mut Draft, &mut Option<Arc<Branching>>) -> bool,
) {
    let model = page.draft.request.model.clone();
    let has_moved = go(&mut page.form_history, &mut page.draft, &mut page.state.branching);
    if has_moved && page.draft.request.model != model {
        adopt_model(page, ctx);
    }
}

/// Puts an installed file into the form.
pub(super) fn put(page: &mut StudioPage, ctx: &PageContext<'_>, path: &Path) {
    match ctx.state.installed.item(path) {
        Some(item) if item.kind == ModelKind::Model => {
            ctx.services.send(UiCommand::UseModel(ModelRef::Path(path.to_owned())));
        }
        Some(item) => page.added_words.put(item, &mut page.draft),
        None => {}
    }
}
