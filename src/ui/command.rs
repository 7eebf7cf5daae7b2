//! Everything the window can be asked to do, with its name, what it says of itself, and its key, in one place.

use std::path::PathBuf;
use std::sync::mpsc::Sender;

use egui::{Key, KeyboardShortcut, Modifiers};

use super::camera::CameraMove;
use super::i18n::Language;
use crate::config::ThemeChoice;
use crate::job::{ModelRef, Precision};

/// One thing to do.
#[derive(Debug, Clone, PartialEq)]
pub enum UiCommand {
    /// Makes what the form asks for.
    Generate,
    /// Stops the job at work.
    Stop,
    /// Starts the engine again after it has ended.
    RestartEngine,
    /// Shows whatever is newest.
    ShowLive,
    /// Shows one step of the run, by its place among those that arrived.
    ShowStep(usize),
    /// Goes one step back.
    PreviousStep,
    /// Goes one step on.
    NextStep,
    /// Goes to the first step.
    FirstStep,
    /// Shows a saved picture.
    ShowPicture(PathBuf),
    /// Fills the form with the settings of the picture on the canvas.
    UseSettings,
    /// Asks for a picture to open.
    ChoosePicture,
    /// Opens a picture and takes its settings.
    OpenPicture(PathBuf),
    /// Asks for the folder of a model.
    ChooseModelFolder,
    /// Uses a model.
    UseModel(ModelRef),
    /// Takes in whatever was dropped on the window.
    OpenDropped(Vec<PathBuf>),
    /// Moves the camera.
    Camera(CameraMove),
    /// Speaks another language.
    SetLanguage(Language),
    /// Has the next pictures computed in another precision.
    SetPrecision(Precision),
    /// Wears another theme.
    SetTheme(ThemeChoice),
    /// Takes a notice away.
    CloseNotice(u64),

    /// Shows the sweep on the canvas.
    ShowSweep,
    /// Puts away a sweep that is over; its pictures stay in the gallery.
    CloseSweep,
    /// Shows a run of the sweep, by its place among the cells.
    OpenCell(usize),
    /// Shows another sheet of the sweep.
    ShowSheet(usize),
    /// Shows all runs of the sweep at a step, from 0; past the last one is the newest of each.
    SweepStep(usize),
}

const fn plain(key: Key) -> KeyboardShortcut {
    KeyboardShortcut::new(Modifiers::NONE, key)
}

impl UiCommand {
    /// Those that have a key.
    pub const WITH_SHORTCUT: &[Self] = &[
        Self::Generate,
        Self::Stop,
        Self::ChoosePicture,
        Self::PreviousStep,
        Self::NextStep,
        Self::FirstStep,
        Self::ShowLive,
        Self::Camera(CameraMove::In),
        Self::Camera(CameraMove::Out),
        Self::Camera(CameraMove::Fit),
        Self::Camera(CameraMove::Actual),
        Self::ShowSweep,
    ];

    /// Key of its name among the texts; its attribute `.tip` says what it does.
    pub fn key(&self) -> Option<&'static str> {
        Some(match self {
            Self::Generate => "command-generate",
            Self::Stop => "command-stop",
            Self::RestartEngine => "command-restart-engine",
            Self::ShowLive => "command-live",
            Self::PreviousStep => "command-previous-step",
            Self::NextStep => "command-next-step",
            Self::FirstStep => "command-first-step",
            Self::UseSettings => "command-use-settings",
            Self::ChoosePicture => "command-open-picture",
            Self::ChooseModelFolder => "command-open-model",
            Self::Camera(CameraMove::In) => "command-zoom-in",
            Self::Camera(CameraMove::Out) => "command-zoom-out",
            Self::Camera(CameraMove::Fit) => "command-zoom-fit",
            Self::Camera(CameraMove::Actual) => "command-zoom-actual",
            Self::ShowSweep => "command-show-sweep",
            Self::CloseSweep => "command-close-sweep",
            _ => return None,
        })
    }

    /// Its name; empty for one that is only ever part of another control.
    pub fn name(&self, language: Language) -> String {
        self.key().map(|key| language.tr(key)).unwrap_or_default()
    }

    /// What it does, and its key.
    pub fn tooltip(&self, language: Language, ctx: &egui::Context) -> String {
        let tip = self
            .key()
            .map(|key| language.tr(&format!("{key}.tip")))
            .unwrap_or_default();
        match self.shortcuts().first() {
            Some(shortcut) => format!("{tip} ({})", ctx.format_shortcut(shortcut)),
            None => tip,
        }
    }

    /// Its keys; the first is the one that is told.
    pub fn shortcuts(&self) -> &'static [KeyboardShortcut] {
        const GENERATE: &[KeyboardShortcut] = &[KeyboardShortcut::new(Modifiers::COMMAND, Key::Enter)];
        const STOP: &[KeyboardShortcut] = &[plain(Key::Escape)];
        const OPEN: &[KeyboardShortcut] = &[KeyboardShortcut::new(Modifiers::COMMAND, Key::O)];
        const PREVIOUS: &[KeyboardShortcut] = &[plain(Key::ArrowLeft)];
        const NEXT: &[KeyboardShortcut] = &[plain(Key::ArrowRight)];
        const FIRST: &[KeyboardShortcut] = &[plain(Key::Home)];
        const LIVE: &[KeyboardShortcut] = &[plain(Key::End)];
        const IN: &[KeyboardShortcut] = &[plain(Key::Plus), plain(Key::Equals)];
        const OUT: &[KeyboardShortcut] = &[plain(Key::Minus)];
        const FIT: &[KeyboardShortcut] = &[plain(Key::Num0)];
        const ACTUAL: &[KeyboardShortcut] = &[plain(Key::Num1)];
        const SWEEP: &[KeyboardShortcut] = &[plain(Key::G)];
        match self {
            Self::Generate => GENERATE,
            Self::Stop => STOP,
            Self::ChoosePicture => OPEN,
            Self::PreviousStep => PREVIOUS,
            Self::NextStep => NEXT,
            Self::FirstStep => FIRST,
            Self::ShowLive => LIVE,
            Self::Camera(CameraMove::In) => IN,
            Self::Camera(CameraMove::Out) => OUT,
            Self::Camera(CameraMove::Fit) => FIT,
            Self::Camera(CameraMove::Actual) => ACTUAL,
            Self::ShowSweep => SWEEP,
            _ => &[],
        }
    }

    /// Whether its key must not be taken from a control that has the keyboard.
    fn yields_to_focus(&self) -> bool {
        self.shortcuts().iter().any(|shortcut| shortcut.modifiers.is_none()) && *self != Self::Stop
    }

    /// Takes the keys of commands out of the input and sends the commands.
    pub fn send_shortcuts(ctx: &egui::Context, commands: &CommandSender, is_busy: bool) {
        let has_focus = ctx.egui_wants_keyboard_input();
        for command in Self::WITH_SHORTCUT {
            // Escape leaves fields and closes menus when there is nothing to stop.
            let is_free = *command == Self::Stop && !is_busy;
            if is_free || (has_focus && command.yields_to_focus()) {
                continue;
            }
            let is_pressed = |shortcut| ctx.input_mut(|input| input.consume_shortcut(shortcut));
            if command.shortcuts().iter().any(is_pressed) {
                commands.send(command.clone());
            }
        }
    }
}

/// Where a panel puts what it wants done.
#[derive(Clone)]
pub struct CommandSender {
    sender: Sender<UiCommand>,
}

impl CommandSender {
    /// Sends to the window's receiver.
    pub fn new(sender: Sender<UiCommand>) -> Self {
        Self { sender }
    }

    /// Has it done before the next frame is laid out. A window that is closing no longer listens.
    pub fn send(&self, command: UiCommand) {
        self.sender.send(command).ok();
    }
}
