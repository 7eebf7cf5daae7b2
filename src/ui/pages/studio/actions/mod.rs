//! What each command does, one file per topic.

pub(super) mod branch;
pub(super) mod decode;
pub(super) mod export;
pub(super) mod files;
pub(super) mod form;
pub(super) mod jobs;
pub(super) mod named_files;
pub(super) mod play;
pub(super) mod regenerate;
pub(super) mod steer;
pub(super) mod sweep;

use super::{StudioPage, image_input};
use crate::ui::commands::UiCommand;
use crate::ui::model::state::Sides;
use crate::ui::page::{Handled, PageContext};

/// Does what a panel or a key asked for, if it is for the studio. Returns at once.
pub(super) fn carry_out(page: &mut StudioPage, ctx: &mut PageContext<'_>, command: UiCommand) -> Handled {
    match command {
        UiCommand::Generate => generate(page, ctx),
        UiCommand::Stop => jobs::stop(ctx),
        UiCommand::RestartEngine => {
            page.decoding.forget(); // a new engine knows nothing of what the one before was asked
            return Handled::No(UiCommand::RestartEngine);
        }
        UiCommand::UseModel(model) => jobs::use_model(page, ctx, model),
        UiCommand::ChooseModelFolder => files::choose_model_folder(ctx.services),
        UiCommand::ChoosePicture => files::choose_picture(ctx.services),
        UiCommand::OpenPicture(path) => {
            make_way(page, ctx);
            files::open_picture(page, ctx, path);
        }
        UiCommand::ShowPicture(path) => {
            make_way(page, ctx);
            files::show_picture(page, ctx, path);
        }
        UiCommand::OpenDropped(paths) => image_input::open_dropped(page, ctx, paths),
        UiCommand::PutInForm(path) => form::put(page, ctx, &path),
        UiCommand::TakeOutOfForm(path) => page.added_words.take_out(&path, &mut page.draft),
        UiCommand::SetLoraWeight(path, weight) => super::form::files::set_lora_weight(&path, weight, &mut page.draft),
        UiCommand::UndoForm => form::undo(page, ctx),
        UiCommand::RedoForm => form::redo(page, ctx),
        UiCommand::UseSettings => files::use_settings(page, ctx),
        UiCommand::Camera(camera_move) => page.state.camera.apply(camera_move, page.fit_zoom),
        UiCommand::ToggleLoop => page.state.playback.is_looping ^= true,
        UiCommand::NextSpeed => page.state.playback.speed_up(),
        UiCommand::PlayOrPause => play::play_or_pause(page, ctx),
        UiCommand::SingleStep => steer::single_step(page, ctx),
        UiCommand::StepBack => steer::step_back(page, ctx),
        UiCommand::EndHere => steer::end_here(ctx),
        UiCommand::KeepStep => decode::keep_step(page, ctx),
        UiCommand::ApplyChanges => steer::apply_changes(page, ctx),
        UiCommand::BranchHere => branch::branch_here(page, ctx),
        UiCommand::LeaveBranch => page.state.branching = None,
        UiCommand::Export(kind) => export::start(page, ctx, kind),
        UiCommand::StopExport => export::stop(page),
        UiCommand::ShowBeside(path) => files::show_beside(page, ctx, path),
        UiCommand::CloseBeside => page.state.beside = None,
        UiCommand::SetViews(views) => page.state.views = views.tidy(),
        UiCommand::NextView => page.state.views = page.state.views_with_next(),
        UiCommand::NextSecondView => page.state.views = page.state.views_with_next_second(),
        UiCommand::ExplainView => page.state.is_explaining ^= true,
        UiCommand::ToggleSides => toggle_sides(ctx),
        UiCommand::ToggleForm => ctx.state.sides.is_form_shown ^= true,
        UiCommand::ToggleInspector => ctx.state.sides.is_inspector_shown ^= true,
        UiCommand::ShowSweep => sweep::show(ctx),
        UiCommand::CloseSweep => sweep::close(ctx),
        UiCommand::OpenCell(cell) => sweep::open_cell(ctx, cell),
        UiCommand::ShowSheet(sheet) => sweep::show_sheet(ctx, sheet),
        UiCommand::SweepStep(step) => sweep::show_step(ctx, step),
        UiCommand::Regenerate(command) => regenerate::carry_out(page, ctx, command),
        UiCommand::UseUpscaler(network, picture) => regenerate::use_upscaler(page, ctx, network, picture),
        UiCommand::ImageInput(command) => image_input::carry_out(page, ctx, command),
        UiCommand::NamedFile(command) => named_files::carry_out(page, ctx, command),
        other => return go(page, ctx, other),
    }
    Handled::Yes
}

/// Shows another step: of the sweep, while it stands on the canvas, else of the run.
fn go(page: &mut StudioPage, ctx: &mut PageContext<'_>, command: UiCommand) -> Handled {
    if matches!(command, UiCommand::ShowLive | UiCommand::ShowStep(_)) {
        image_input::make_way(page, ctx);
    }
    let sweep = ctx.state.sweeping.as_mut().filter(|sweeping| sweeping.is_shown);
    match (command, sweep) {
        (UiCommand::PreviousStep, Some(sweep)) => sweep.move_playhead(-1),
        (UiCommand::PreviousStep, None) => page.state.move_step(-1),
        (UiCommand::NextStep, Some(sweep)) => sweep.move_playhead(1),
        (UiCommand::NextStep, None) => page.state.move_step(1),
        (UiCommand::FirstStep, Some(sweep)) => sweep.set_playhead(0),
        (UiCommand::FirstStep, None) => page.state.show_step(0),
        (UiCommand::ShowStep(step), Some(sweep)) => sweep.set_playhead(step),
        (UiCommand::ShowStep(step), None) => page.state.show_step(step),
        (UiCommand::ShowLive | UiCommand::LastStep, Some(sweep)) => sweep.set_playhead(usize::MAX),
        (UiCommand::LastStep, None) => page.state.show_end(),
        (UiCommand::ShowLive, None) => page.state.show_live(),
        (other, _) => return Handled::No(other),
    }
    Handled::Yes
}

/// Makes what the form asks for, once the mask is saved: many runs, or one.
fn generate(page: &mut StudioPage, ctx: &mut PageContext<'_>) {
    if image_input::holds_generate(page, ctx) {
        return;
    }
    if page.draft.sweep.is_set() {
        sweep::start(page, ctx);
    } else {
        sweep::hide(ctx);
        jobs::generate(page, ctx);
    }
}

/// Takes everything off the canvas that a picture would be hidden by.
fn make_way(page: &mut StudioPage, ctx: &mut PageContext<'_>) {
    image_input::make_way(page, ctx);
    sweep::hide(ctx);
}

/// Hides both sides; shows both if none is in sight.
fn toggle_sides(ctx: &mut PageContext<'_>) {
    let is_any_shown = ctx.state.sides.is_form_shown || ctx.state.sides.is_inspector_shown;
    ctx.state.sides = Sides {
        is_form_shown: !is_any_shown,
        is_inspector_shown: !is_any_shown,
    };
    // The key would also give the keyboard to the first control, and then no longer be heard here.
    ctx.egui
        .memory_mut(|memory| memory.move_focus(egui::FocusDirection::None));
}
