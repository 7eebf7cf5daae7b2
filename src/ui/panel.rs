//! The parts of the page. A panel reads the state, may edit the form, and asks for anything else by command.

use std::path::Path;

use egui::{Button, Response, Ui};

use super::commands::{CommandSender, UiCommand};
use super::i18n::Language;
use super::model::state::AppState;
use super::pages::studio::form::draft::Draft;
use super::theme::Palette;
use super::widgets::form_row::RowStyle;
use super::widgets::textures::TextureCache;
use crate::config::{Settings, ThemeChoice};

/// Height of the strip of saved pictures with its margins.
pub(super) const RECENT_HEIGHT: f32 = 84.0;
/// Height of the run in time with its margins.
pub(super) const TIMELINE_HEIGHT: f32 = 126.0;

/// Where on the page a panel stands. Panels of one place follow each other in the order of the window's list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Slot {
    /// The line above everything.
    Top,
    /// The form at the left; scrolls.
    Form,
    /// Below the form; always in sight.
    FormFoot,
    /// In place of the form where that is hidden.
    FormRail,
    /// The picture.
    Canvas,
    /// What is known of the run, at the right; scrolls.
    Inspector,
    /// In place of the inspector where that is hidden.
    InspectorRail,
    /// Below the canvas.
    Timeline,
    /// Along the foot of the window.
    Recent,
    /// Above all others.
    Overlay,
}

/// One part of the page.
pub(super) trait Panel {
    /// Tells its widgets from those of others.
    fn id(&self) -> &'static str;
    /// Where it stands.
    fn slot(&self) -> Slot;
    /// Lays it out.
    fn ui(&mut self, ui: &mut egui::Ui, ctx: &mut PanelContext<'_>);
}

/// All a panel can reach. It may edit the draft; for everything else it asks.
pub(super) struct PanelContext<'a> {
    /// The form.
    pub(super) draft: &'a mut Draft,
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
    /// For the canvas to say at which zoom all of the picture is seen.
    pub(super) fit_zoom: &'a mut f32,
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
