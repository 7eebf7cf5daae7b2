//! What is shown, and how.

use crate::config::ThemeChoice;
use crate::ui::app::{Studio, theme_preference};
use crate::ui::camera::CameraMove;
use crate::ui::i18n::Language;
use crate::ui::state::{Sides, View};

/// Shows whatever is newest.
pub(super) fn show_live(studio: &mut Studio) {
    studio.state.view = View::Live;
}

/// Shows one step of the run.
pub(super) fn show_step(studio: &mut Studio, index: usize) {
    let Some(run) = &studio.state.run else {
        return;
    };
    if index < run.steps.len() {
        studio.state.view = View::Step(index);
    }
}

/// Goes on or back along the run; past its end means live again.
pub(super) fn move_step(studio: &mut Studio, by: isize) {
    let Some(run) = &studio.state.run else {
        return;
    };
    let num_steps = run.steps.len();
    let here = match studio.state.view {
        View::Step(index) => index,
        View::Live => num_steps,
        View::Picture(_) => return,
    };
    let there = here.saturating_add_signed(by);
    studio.state.view = if there >= num_steps {
        View::Live
    } else {
        View::Step(there)
    };
}

/// Hides both sides; shows both if none is in sight.
pub(super) fn toggle_sides(studio: &mut Studio, ctx: &egui::Context) {
    let is_any_shown = studio.state.sides.is_form_shown || studio.state.sides.is_inspector_shown;
    studio.state.sides = Sides {
        is_form_shown: !is_any_shown,
        is_inspector_shown: !is_any_shown,
    };
    // The key would also give the keyboard to the first control, and then no longer be heard here.
    ctx.memory_mut(|memory| memory.move_focus(egui::FocusDirection::None));
}

/// Moves the camera.
pub(super) fn move_camera(studio: &mut Studio, camera_move: CameraMove) {
    studio.state.camera.apply(camera_move, studio.fit_zoom);
}

/// Speaks another language from now on.
pub(super) fn set_language(studio: &mut Studio, language: Language) {
    studio.language = language;
    studio.settings.language = Some(language.tag().to_owned());
    (studio.services.keep_settings)(studio.settings.clone());
}

/// Wears another theme from now on.
pub(super) fn set_theme(studio: &mut Studio, ctx: &egui::Context, choice: ThemeChoice) {
    ctx.set_theme(theme_preference(choice));
    studio.settings.theme = choice;
    (studio.services.keep_settings)(studio.settings.clone());
}
