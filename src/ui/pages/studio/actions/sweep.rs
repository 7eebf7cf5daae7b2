//! Many runs of one request.

use crate::job::Sweep;
use crate::ui::app::Studio;
use crate::ui::commands::UiCommand;
use crate::ui::job_dispatch::advance;
use crate::ui::model::notifications::{Level, Text};
use crate::ui::model::state::View;
use crate::ui::model::sweeping::Sweeping;
use crate::ui::pages::studio::sweep::draft::SweepProblem;

/// Does what a sweep makes of a command that is meant for single runs; whether nothing more is to be done.
pub(super) fn intercepts(studio: &mut Studio, command: &UiCommand) -> bool {
    if *command == UiCommand::Generate && studio.draft.sweep.is_set() {
        start(studio);
        return true;
    }
    let Some(sweeping) = &mut studio.state.sweeping else {
        return false;
    };
    match command {
        UiCommand::Generate | UiCommand::ShowPicture(_) | UiCommand::OpenPicture(_) => sweeping.is_shown = false,
        _ if !sweeping.is_shown => {}
        UiCommand::PreviousStep => return moved(sweeping, -1),
        UiCommand::NextStep => return moved(sweeping, 1),
        UiCommand::FirstStep => return set(sweeping, 0),
        UiCommand::ShowStep(step) => return set(sweeping, *step),
        UiCommand::ShowLive | UiCommand::LastStep => return set(sweeping, usize::MAX),
        _ => {}
    }
    false
}

fn moved(sweeping: &mut Sweeping, by: isize) -> bool {
    sweeping.move_playhead(by);
    true
}

fn set(sweeping: &mut Sweeping, step: usize) -> bool {
    sweeping.set_playhead(step);
    true
}

/// Begins the sweep that the form asks for.
fn start(studio: &mut Studio) {
    if studio.state.is_sweep_open() || studio.state.refusal(&studio.draft.request.model).is_some() {
        return;
    }
    if studio.services.engine.is_none() {
        let text = Text::key("notice-engine-stopped");
        studio.state.notices.notify(Level::Error, text);
        return;
    }
    if !studio.draft.is_seed_locked {
        studio.draft.roll_seed();
    }
    let sweep = studio.draft.to_sweep().unwrap_or(Err(SweepProblem::NoColumns));
    begin(studio, sweep);
}

/// Begins a sweep, unless one is on its way.
pub(super) fn begin(studio: &mut Studio, sweep: Result<Sweep, SweepProblem>) {
    if studio.state.is_sweep_open() {
        let text = Text::key("again-busy");
        studio.state.notices.notify(Level::Info, text);
        return;
    }
    let sweeping = sweep.and_then(|sweep| {
        let options = super::jobs::options(studio);
        Sweeping::new(sweep, options, &mut studio.state.jobs).map_err(SweepProblem::Sweep)
    });
    match sweeping {
        Ok(sweeping) => {
            studio.state.sweeping = Some(sweeping);
            studio.state.view = View::Live;
            advance(&mut studio.state, &mut studio.services);
        }
        Err(problem) => {
            let reason = problem.localise(studio.services.language);
            let text = Text::new("sweep-problem", [("reason", reason)]);
            studio.state.notices.notify(Level::Error, text);
        }
    }
}

/// Shows the sweep on the canvas.
pub(super) fn show(studio: &mut Studio) {
    if let Some(sweeping) = &mut studio.state.sweeping {
        sweeping.is_shown = true;
    }
}

/// Puts away a sweep that is over.
pub(super) fn close(studio: &mut Studio) {
    if !studio.state.is_sweep_open() {
        studio.state.sweeping = None;
    }
}

/// Shows a run of the sweep once its picture is saved.
pub(super) fn open_cell(studio: &Studio, cell: usize) {
    let sweeping = studio.state.sweeping.as_ref();
    let path = sweeping.and_then(|sweeping| sweeping.cells.get(cell)?.path.clone());
    if let Some(path) = path {
        studio.services.commands.send(UiCommand::ShowPicture(path));
    }
}

/// Shows another sheet.
pub(super) fn show_sheet(studio: &mut Studio, sheet: usize) {
    if let Some(sweeping) = &mut studio.state.sweeping {
        sweeping.sheet = sheet.min(sweeping.sweep.size()[2].saturating_sub(1));
    }
}

/// Shows all runs at a step.
pub(super) fn show_step(studio: &mut Studio, step: usize) {
    if let Some(sweeping) = &mut studio.state.sweeping {
        sweeping.set_playhead(step);
    }
}
