//! What each command does, one file per topic.

pub(super) mod files;
mod jobs;
pub(super) mod sweep;
mod view;

use super::app::Studio;
use super::command::UiCommand;

/// Does what a panel or a key asked for. Returns at once.
pub(super) fn carry_out(studio: &mut Studio, ctx: &egui::Context, command: UiCommand) {
    if sweep::takes(studio, &command) {
        return;
    }
    match command {
        UiCommand::Generate => jobs::generate(studio),
        UiCommand::Stop => jobs::stop(studio),
        UiCommand::RestartEngine => studio.start_engine(),
        UiCommand::UseModel(model) => jobs::use_model(studio, model),
        UiCommand::ChooseModelFolder => files::choose_model_folder(studio),
        UiCommand::ChoosePicture => files::choose_picture(studio),
        UiCommand::OpenPicture(path) => files::open_picture(studio, path),
        UiCommand::OpenDropped(paths) => files::open_dropped(studio, paths),
        UiCommand::UseSettings => files::use_settings(studio),
        UiCommand::ShowPicture(path) => files::show_picture(studio, path),
        UiCommand::ShowLive => view::show_live(studio),
        UiCommand::ShowStep(index) => view::show_step(studio, index),
        UiCommand::PreviousStep => view::move_step(studio, -1),
        UiCommand::NextStep => view::move_step(studio, 1),
        UiCommand::FirstStep => view::show_step(studio, 0),
        UiCommand::Camera(camera_move) => view::move_camera(studio, camera_move),
        UiCommand::SetLanguage(language) => view::set_language(studio, language),
        UiCommand::SetPrecision(precision) => jobs::set_precision(studio, precision),
        UiCommand::SetTheme(choice) => view::set_theme(studio, ctx, choice),
        UiCommand::CloseNotice(id) => studio.state.notices.close(id),

        UiCommand::ShowSweep => sweep::show(studio),
        UiCommand::CloseSweep => sweep::close(studio),
        UiCommand::OpenCell(cell) => sweep::open_cell(studio, cell),
        UiCommand::ShowSheet(sheet) => sweep::show_sheet(studio, sheet),
        UiCommand::SweepStep(step) => sweep::show_step(studio, step),
    }
}
