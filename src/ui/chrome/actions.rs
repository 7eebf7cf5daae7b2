//! What each command of the window itself does.

use crate::job::Precision;
use crate::ui::commands::UiCommand;
use crate::ui::model::state::{AppState, EngineStatus};
use crate::ui::page::PageContext;
use crate::ui::services::Services;
use crate::ui::theme;

/// Does what no page does. Returns at once.
pub(in crate::ui) fn carry_out(command: &UiCommand, ctx: &mut PageContext<'_>) {
    let (state, services) = (&mut *ctx.state, &mut *ctx.services);
    match command {
        UiCommand::ShowPage(page) => state.page = *page,
        UiCommand::TogglePalette => state.overlay = state.overlay.with_commands_toggled(),
        UiCommand::FocusControls => ctx
            .egui
            .memory_mut(|memory| memory.move_focus(egui::FocusDirection::Next)),
        UiCommand::CloseNotice(id) => state.notices.close(*id),
        UiCommand::RestartEngine => start_engine(state, services),
        UiCommand::SetLanguage(language) => {
            services.language = *language;
            services.change_settings(|settings| settings.language = Some(language.tag().to_owned()));
        }
        UiCommand::SetTheme(choice) => {
            ctx.egui.set_theme(theme::preference(*choice));
            services.change_settings(|settings| settings.theme = *choice);
        }
        UiCommand::SetPrecision(precision) => {
            state.precision = *precision;
            let precision = (*precision != Precision::Auto).then(|| precision.to_string());
            services.change_settings(|settings| settings.precision = precision);
        }
        UiCommand::SetTrajectoryBudget(mib) => services.forecast_budget(*mib, &mut state.budget_question),
        UiCommand::AnswerBudget(is_agreed) => {
            if let Some(mib) = state.budget_question.answer(*is_agreed) {
                services.set_trajectory_budget(mib);
            }
        }
        UiCommand::KeepAttention(is_kept) => services.change_settings(|settings| settings.keep_attention = *is_kept),
        UiCommand::KeepBranches(is_kept) => services.change_settings(|settings| settings.keep_branches = *is_kept),
        _ => {} // those of pages
    }
}

/// Starts an engine. What it says of its device has the model in the form read.
pub(in crate::ui) fn start_engine(state: &mut AppState, services: &mut Services) {
    state.decodes.forget();
    match services.restart_engine(&mut state.notices) {
        Ok(()) => state.engine = EngineStatus::Running,
        Err(reason) => state.engine_stopped(Some(reason)),
    }
}
