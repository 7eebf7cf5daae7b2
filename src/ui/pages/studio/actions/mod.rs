//! What each command does, one file per topic.

pub(in crate::ui) mod branch;
pub(in crate::ui) mod decode;
pub(in crate::ui) mod export;
pub(in crate::ui) mod files;
pub(in crate::ui) mod form;
pub(in crate::ui) mod jobs;
pub(in crate::ui) mod play;
pub(in crate::ui) mod regenerate;
pub(in crate::ui) mod steer;
pub(in crate::ui) mod sweep;
mod view;

use super::image_input;
use crate::ui::app::Studio;
use crate::ui::commands::UiCommand;

/// Does what a panel or a key asked for. Returns at once.
pub(in crate::ui) fn carry_out(studio: &mut Studio, ctx: &egui::Context, command: UiCommand) {
    if image_input::intercepts(studio, &command) || sweep::intercepts(studio, &command) {
        return;
    }
    match command {
        UiCommand::Generate => jobs::generate(studio),
        UiCommand::Stop => jobs::stop(studio),
        UiCommand::RestartEngine => studio.start_engine(),
        UiCommand::UseModel(model) => jobs::use_model(studio, model),
        UiCommand::ChooseModelFolder => files::choose_model_folder(&studio.services),
        UiCommand::ChoosePicture => files::choose_picture(&studio.services),
        UiCommand::OpenPicture(path) => files::open_picture(studio, path),
        UiCommand::OpenDropped(paths) => image_input::open_dropped(studio, paths),
        UiCommand::UndoForm => form::undo(studio),
        UiCommand::RedoForm => form::redo(studio),
        UiCommand::UseSettings => files::use_settings(studio),
        UiCommand::ShowPicture(path) => files::show_picture(studio, path),
        UiCommand::ShowLive => studio.state.show_live(),
        UiCommand::ShowStep(index) => studio.state.show_step(index),
        UiCommand::PreviousStep => studio.state.move_step(-1),
        UiCommand::NextStep => studio.state.move_step(1),
        UiCommand::FirstStep => studio.state.show_step(0),
        UiCommand::Camera(camera_move) => view::move_camera(studio, camera_move),
        UiCommand::SetLanguage(language) => view::set_language(studio, language),
        UiCommand::SetPrecision(precision) => jobs::set_precision(studio, precision),
        UiCommand::SetTheme(choice) => view::set_theme(studio, ctx, choice),
        UiCommand::CloseNotice(id) => studio.state.notices.close(id),
        UiCommand::LastStep => studio.state.show_end(),
        UiCommand::PlayOrPause => play::play_or_pause(studio),
        UiCommand::ToggleLoop => studio.state.playback.is_looping ^= true,
        UiCommand::NextSpeed => play::next_speed(studio),
        UiCommand::SingleStep => steer::single_step(studio),
        UiCommand::StepBack => steer::step_back(studio),
        UiCommand::EndHere => steer::end_here(studio),
        UiCommand::KeepStep => decode::keep_step(studio),
        UiCommand::ApplyChanges => steer::apply_changes(studio),
        UiCommand::BranchHere => branch::branch_here(studio),
        UiCommand::LeaveBranch => studio.state.branching = None,
        UiCommand::Export(kind) => export::start(studio, kind),
        UiCommand::StopExport => export::stop(studio),
        UiCommand::ShowBeside(path) => files::show_beside(studio, path),
        UiCommand::CloseBeside => studio.state.beside = None,
        UiCommand::SetViews(views) => studio.state.views = views.tidy(),
        UiCommand::NextView => studio.state.views = studio.state.views_with_next(),
        UiCommand::NextSecondView => studio.state.views = studio.state.views_with_next_second(),
        UiCommand::ExplainView => studio.state.is_explaining ^= true,
        UiCommand::ToggleSides => view::toggle_sides(studio, ctx),
        UiCommand::ToggleForm => studio.state.sides.is_form_shown ^= true,
        UiCommand::ToggleInspector => studio.state.sides.is_inspector_shown ^= true,
        UiCommand::FocusControls => ctx.memory_mut(|memory| memory.move_focus(egui::FocusDirection::Next)),
        UiCommand::SetTrajectoryBudget(mib) => studio.services.forecast_budget(mib, &mut studio.state.budget_question),
        UiCommand::AnswerBudget(is_agreed) => {
            if let Some(mib) = studio.state.budget_question.answer(is_agreed) {
                studio.services.set_trajectory_budget(mib);
            }
        }
        UiCommand::KeepAttention(is_kept) => studio
            .services
            .change_settings(|settings| settings.keep_attention = is_kept),
        UiCommand::KeepBranches(is_kept) => studio
            .services
            .change_settings(|settings| settings.keep_branches = is_kept),
        UiCommand::ShowSweep => sweep::show(studio),
        UiCommand::CloseSweep => sweep::close(studio),
        UiCommand::OpenCell(cell) => sweep::open_cell(studio, cell),
        UiCommand::ShowSheet(sheet) => sweep::show_sheet(studio, sheet),
        UiCommand::SweepStep(step) => sweep::show_step(studio, step),
        UiCommand::TogglePalette => studio.state.overlay = studio.state.overlay.with_commands_toggled(),
        UiCommand::Regenerate(command) => regenerate::carry_out(studio, command),
        UiCommand::UseUpscaler(network, picture) => regenerate::use_upscaler(studio, network, picture),
        UiCommand::ShowPage(page) => studio.state.page = page,
        UiCommand::Gallery(_)
        | UiCommand::Compare(_)
        | UiCommand::Models(_)
        | UiCommand::Queue(_)
        | UiCommand::Settings(_) => {} // their pages have carried them out
        UiCommand::ImageInput(command) => image_input::carry_out(studio, ctx, command),
    }
}
