//! What is shown, and how.

use crate::config::ThemeChoice;
use crate::ui::app::{Studio, theme_preference};
use crate::ui::camera::CameraMove;
use crate::ui::i18n::Language;

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
