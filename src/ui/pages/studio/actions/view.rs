//! What is shown, and how.

use crate::config::ThemeChoice;
use crate::ui::app::{Studio, theme_preference};
use crate::ui::i18n::Language;
use crate::ui::model::camera::CameraMove;
use crate::ui::model::state::Sides;

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
    studio.services.language = language;
    studio
        .services
        .change_settings(|settings| settings.language = Some(language.tag().to_owned()));
}

/// Wears another theme from now on.
pub(super) fn set_theme(studio: &mut Studio, ctx: &egui::Context, choice: ThemeChoice) {
    ctx.set_theme(theme_preference(choice));
    studio.services.change_settings(|settings| settings.theme = choice);
}
