//! What the parts of the window can reach while they are laid out.

use std::path::Path;

use egui::{Button, Response, Ui};

use super::commands::{Availability, CommandSender, UiCommand};
use super::i18n::Language;
use super::model::state::{AppState, file_name};
use super::theme::Palette;
use super::widgets::fields;
use super::widgets::form_row::RowStyle;
use super::widgets::icon::Icon;
use super::widgets::icon_button::icon_button;
use super::widgets::textures::TextureCache;
use crate::config::{Settings, ThemeChoice};
use crate::job::{GenerateRequest, ModelRef};

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
    /// What there is that commands could act on.
    pub(super) now: Availability,
}

impl PanelContext<'_> {
    /// How rows look and speak.
    pub(super) fn look(&self) -> RowStyle {
        RowStyle {
            language: self.language,
            palette: self.palette,
        }
    }

    /// A button with the name and the tooltip of a command, which a click sends. It is grey while the command cannot
    /// act.
    pub(super) fn button(&self, ui: &mut Ui, command: impl Into<UiCommand>) -> Response {
        self.button_with(ui, command, |button| button)
    }

    /// The same.
    ///
    /// * `shape`: what the place asks of the button's look.
    pub(super) fn button_with(
        &self,
        ui: &mut Ui,
        command: impl Into<UiCommand>,
        shape: impl FnOnce(Button<'static>) -> Button<'static>,
    ) -> Response {
        let command = command.into();
        let tip = command.tooltip(self.language, ui.ctx());
        let button = shape(Button::new(command.name(self.language)));
        let response = ui.add_enabled(command.is_enabled(&self.now), button);
        let response = response.on_hover_text(&tip).on_disabled_hover_text(tip);
        if response.clicked() {
            self.commands.send(command);
        }
        response
    }

    /// A sign with the name and the tooltip of a command, which a click sends. It is grey while the command cannot act.
    ///
    /// * `is_on`: whether what it switches is on.
    pub(super) fn icon_button(&self, ui: &mut Ui, icon: Icon, command: impl Into<UiCommand>, is_on: bool) -> Response {
        let command = command.into();
        let (name, tip) = (command.name(self.language), command.tooltip(self.language, ui.ctx()));
        let response = ui
            .add_enabled_ui(command.is_enabled(&self.now), |ui| {
                icon_button(ui, icon, &name, &tip, is_on)
            })
            .inner
            .on_disabled_hover_text(&tip);
        if response.clicked() {
            self.commands.send(command);
        }
        response
    }

    /// What a picture is to show, in one line: the prompt's first, else the class by its name or number; `None` if neither is
    /// said.
    pub(super) fn subject(&self, request: &GenerateRequest) -> Option<String> {
        if let Some(line) = request.prompt.trim().lines().next() {
            return Some(line.to_owned());
        }
        let class = request.class_label?;
        let names = self.state.model(&request.model).map(|info| &info.class_names);
        let name = names
            .and_then(|names| names.get(class as usize))
            .filter(|name| !name.is_empty());
        Some(name.cloned().unwrap_or_else(|| {
            let class = class.to_string();
            self.language.tr_with("class-numbered", &[("class", &class)])
        }))
    }

    /// The name of a model: its own, else that of its file.
    pub(super) fn model_name(&self, model: &ModelRef) -> String {
        let known = || self.state.model(model).map(|info| info.name.clone());
        let name = fields::built_in_name(self.language, model).or_else(known);
        name.unwrap_or_else(|| file_name(Path::new(&model.to_string())))
    }

    /// The text called `key`.
    pub(super) fn tr(&self, key: &str) -> String {
        self.language.tr(key)
    }
}
