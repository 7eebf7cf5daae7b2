//! Many runs of one request.

use super::named_files;
use crate::job::Sweep;
use crate::ui::commands::UiCommand;
use crate::ui::job_dispatch::advance;
use crate::ui::model::notifications::{Level, Text};
use crate::ui::model::state::View;
use crate::ui::model::sweeping::Sweeping;
use crate::ui::page::PageContext;
use crate::ui::pages::studio::StudioPage;
use crate::ui::pages::studio::sweep::draft::SweepProblem;

/// Shows the sweep no longer, while it goes on.
pub(super) fn hide(ctx: &mut PageContext<'_>) {
    if let Some(sweeping) = &mut ctx.state.sweeping {
        sweeping.is_shown = false;
    }
}

/// Begins the sweep that the form asks for.
pub(super) fn start(page: &mut StudioPage, ctx: &mut PageContext<'_>) {
    if ctx.state.is_sweep_open() || ctx.state.refusal(&page.draft.request.model).is_some() {
        return;
    }
    if ctx.services.engine.is_none() {
        let text = Text::key("notice-engine-stopped");
        ctx.state.notices.notify(Level::Error, text);
        return;
    }
    if !page.draft.is_seed_locked {
        page.draft.roll_seed();
    }
    let sweep = page.draft.to_sweep().unwrap_or(Err(SweepProblem::NoColumns));
    begin(page, ctx, sweep);
}

/// Begins a sweep, unless one is on its way.
pub(super) fn begin(page: &mut StudioPage, ctx: &mut PageContext<'_>, sweep: Result<Sweep, SweepProblem>) {
    if ctx.state.is_sweep_open() {
        let text = Text::key("again-busy");
        ctx.state.notices.notify(Level::Info, text);
        return;
    }
    if sweep.as_ref().is_ok_and(|sweep| named_files::is_held(ctx, &sweep.base)) {
        return;
    }
    let sweeping = sweep.and_then(|sweep| {
        let options = super::jobs::options(page, ctx);
        Sweeping::new(sweep, options, &mut ctx.state.jobs).map_err(SweepProblem::Sweep)
    });
    match sweeping {
        Ok(sweeping) => {
            ctx.state.sweeping = Some(sweeping);
            page.state.view = View::Live;
            advance(ctx.state, ctx.services);
        }
        Err(problem) => {
            let reason = problem.localise(ctx.services.language);
            let text = Text::new("sweep-problem", [("reason", reason)]);
            ctx.state.notices.notify(Level::Error, text);
        }
    }
}

/// Shows the sweep on the canvas.
pub(super) fn show(ctx: &mut PageContext<'_>) {
    if let Some(sweeping) = &mut ctx.state.sweeping {
        sweeping.is_shown = true;
    }
}

/// Puts away a sweep that is over.
pub(super) fn close(ctx: &mut PageContext<'_>) {
    if !ctx.state.is_sweep_open() {
        ctx.state.sweeping = None;
        ctx.state.jobs.begin_sweep([]); // its runs are over, and their requests are not needed any more
    }
}

/// Shows a run of the sweep once its picture is saved.
pub(super) fn open_cell(ctx: &PageContext<'_>, cell: usize) {
    let sweeping = ctx.state.sweeping.as_ref();
    let path = sweeping.and_then(|sweeping| sweeping.cells.get(cell)?.path.clone());
    if let Some(path) = path {
        ctx.services.commands.send(UiCommand::ShowPicture(path));
    }
}

/// Shows another sheet.
pub(super) fn show_sheet(ctx: &mut PageContext<'_>, sheet: usize) {
    if let Some(sweeping) = &mut ctx.state.sweeping {
        sweeping.sheet = sheet.min(sweeping.sweep.size()[2].saturating_sub(1));
    }
}

/// Shows all runs at a step.
pub(super) fn show_step(ctx: &mut PageContext<'_>, step: usize) {
    if let Some(sweeping) = &mut ctx.state.sweeping {
        sweeping.set_playhead(step);
    }
}
