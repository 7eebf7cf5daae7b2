//! What the parts of the window can reach while they are laid out.

use std::path::Path;

use egui::{Button, Response, Ui};

use super::commands::{CommandSender, UiCommand};
use super::i18n::Language;
use super::model::state::AppState;
use super::theme::Palette;
use super::widgets::form_row::RowStyle;
use super::widgets::textures::TextureCache;
use crate::config::{Settings, ThemeChoice};

/// Height of the strip of saved pictures with its margins.
pub(super) const RECENT_HEIGHT: f32 = 84.0;
/// Height of the run in time with its margins.
pub(super) const TIMELINE_HEIGHT: f32 = 126.0;

/// All that any panel can reach. It reads what pages share, and asks for everything else by command.
pub(super) struct PanelContext<'a> {
    /// What the window knows.
    pub(super) state: &'a AppState,
    /// Where to ask.
    pub(super) commands: &'a CommandSender,
    /// What to speak.
    pub(super) language: Language,
    /// What to paint with.
    pub(super) palette: &'static Palette,
    /// What the user chose.
    pub(super) settings: &'a Settings,
    /// Where pictures are kept.
    pub(super) gallery_dir: &'a Path,
    /// The theme that is chosen.
    pub(super) theme_choice: ThemeChoice,
    /// Pictures as textures.
    pub(super) textures: &'a mut TextureCache,
    /// Whether the canvas can draw with its shader.
    pub(super) has_gpu_canvas: bool,
}

impl PanelContext<'_> {
    /// How rows look and speak.
    pub(super) fn look(&self) -> RowStyle {
        RowStyle {
            language: self.language,
            palette: self.palette,
        }
    }

    /// A button with the name and the tooltip of a command, which a click sends.
    pub(super) fn button(&self, ui: &mut Ui, command: impl Into<UiCommand>) -> Response {
        self.button_with(ui, command, true, |button| button)
    }

    /// The same, greyed where the command cannot act now.
    ///
    /// * `shape`: what the place asks of the button's look.
    pub(super) fn button_with(
        &self,
        ui: &mut Ui,
        command: impl Into<UiCommand>,
        is_enabled: bool,
        shape: impl FnOnce(Button<'static>) -> Button<'static>,
    ) -> Response {
        let command = command.into();
        let tip = command.tooltip(self.language, ui.ctx());
        let button = shape(Button::new(command.name(self.language)));
        let response = ui.add_enabled(is_enabled, button);
        let response = response.on_hover_text(&tip).on_disabled_hover_text(tip);
        if response.clicked() {
            self.commands.send(command);
        }
        response
    }

    /// The text called `key`.
    pub(super) fn tr(&self, key: &str) -> String {
        self.language.tr(key)
    }
}
