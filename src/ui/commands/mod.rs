//! Everything the window can be asked to do, with its name, what it says of itself, and its key, in one place.

mod compare;
mod gallery;
mod image_input;
mod models;
mod queue;
mod settings;
pub mod shortcuts;

use std::path::PathBuf;
use std::sync::mpsc::Sender;

use egui::{Key, KeyboardShortcut, Modifiers};

pub use super::model::page_id::PageId;
pub use compare::{CompareCommand, CompareMode};
pub use gallery::{GalleryCommand, Go, PageNotice, SelectMode};
pub use image_input::{ImageInputCommand, InputImage, MaskEdit, Target};
pub use models::ModelsCommand;
pub use queue::QueueCommand;
pub use settings::{Section, SettingsCommand};

use super::i18n::Language;
use super::model::camera::CameraMove;
use super::model::regenerate::RegenerateCommand;
use super::model::run_timeline::ViewPair;
use crate::config::ThemeChoice;
use crate::job::{ModelRef, Precision};
use crate::unfold::AnimationFormat;

/// Kind of file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExportKind {
    /// A film.
    Film(AnimationFormat),
    /// All steps, or all runs of a sweep, on one picture.
    Sheet,
}

impl ExportKind {
    /// All, in the order they are offered.
    pub const ALL: [Self; 4] = [
        Self::Film(AnimationFormat::Gif),
        Self::Film(AnimationFormat::WebP),
        Self::Film(AnimationFormat::Apng),
        Self::Sheet,
    ];

    /// Name among texts.
    pub fn key(self) -> &'static str {
        match self {
            Self::Film(AnimationFormat::Gif) => "export-gif",
            Self::Film(AnimationFormat::WebP) => "export-webp",
            Self::Film(AnimationFormat::Apng) => "export-apng",
            Self::Sheet => "export-sheet",
        }
    }

    /// What names of such files end in.
    pub(in crate::ui) fn ending(self) -> &'static str {
        match self {
            Self::Film(AnimationFormat::Gif) => "unfolding.gif",
            Self::Film(AnimationFormat::WebP) => "unfolding.webp",
            Self::Film(AnimationFormat::Apng) => "unfolding.png",
            Self::Sheet => "sheet.png",
        }
    }
}

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
    /// Takes back the newest edit of the form.
    UndoForm,
    /// Makes an edit of the form again that was taken back.
    RedoForm,
    /// Asks for a picture to open.
    ChoosePicture,
    /// Opens a picture and takes its settings.
    OpenPicture(PathBuf),
    /// Asks for the folder of a model.
    ChooseModelFolder,
    /// Uses a model.
    UseModel(ModelRef),
    /// Puts an installed file into the form: a model, an autoencoder, an adapter or a learned word with its trigger words.
    PutInForm(PathBuf),
    /// Takes it out again, with those of its trigger words that were put in with it.
    TakeOutOfForm(PathBuf),
    /// Lays so much of an adapter in the form over the model.
    SetLoraWeight(PathBuf, f64),
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
    /// Goes to the end of the run that is shown.
    LastStep,
    /// Lets the run wait or go on; plays a run that is over.
    PlayOrPause,
    /// Plays again from the beginning whenever the end is reached, or no longer.
    ToggleLoop,
    /// Plays at the next of the speeds.
    NextSpeed,
    /// Has the run take one step and wait.
    SingleStep,
    /// Has the run take its newest step again.
    StepBack,
    /// Ends the run after the step at work.
    EndHere,
    /// Saves the step on the canvas as a picture.
    KeepStep,
    /// Has the run go by what the form says from its next step on.
    ApplyChanges,
    /// Fills the form for a branch at the step on the canvas.
    BranchHere,
    /// Makes no branch after all.
    LeaveBranch,
    /// Writes what is on the canvas as a film or a sheet.
    Export(ExportKind),
    /// Stops the file in the making.
    StopExport,
    /// Shows another saved run beside the one on the canvas, in step.
    ShowBeside(PathBuf),
    /// Shows one run alone again.
    CloseBeside,
    /// Looks at steps in these views.
    SetViews(ViewPair),
    /// Looks at steps in the next way.
    NextView,
    /// Looks at steps in the next second way, or no longer in two.
    NextSecondView,
    /// Opens what explains the view, or closes it.
    ExplainView,
    /// Hides both sides, or shows them: only the picture, or everything.
    ToggleSides,
    /// Hides or shows the form.
    ToggleForm,
    /// Hides or shows the inspector.
    ToggleInspector,
    /// Gives the keyboard to the first control.
    FocusControls,
    /// Keeps runs up to so many MiB; asks first if some of them would lose steps.
    SetTrajectoryBudget(u64),
    /// Sets the budget that was asked about, or leaves the old one.
    AnswerBudget(bool),
    /// Has runs keep the attention of tokens, or not.
    KeepAttention(bool),
    /// Has runs keep what each prompt alone would have said, or not.
    KeepBranches(bool),
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
    /// Opens the list of all commands, or closes it.
    TogglePalette,
    /// Makes something of a picture that is there, or four to choose from.
    Regenerate(RegenerateCommand),
    /// Enlarges a picture (the second) by a network (the first), from now on by this one.
    UseUpscaler(PathBuf, PathBuf),
    /// Shows a page.
    ShowPage(PageId),
    /// Something of the gallery's page.
    Gallery(GalleryCommand),
    /// Something of the page that compares.
    Compare(CompareCommand),
    /// Something of the models' page.
    Models(ModelsCommand),
    /// Something of the queue's page.
    Queue(QueueCommand),
    /// Something of the settings' page.
    Settings(SettingsCommand),
    /// Something around pictures that are brought in.
    ImageInput(ImageInputCommand),
}

/// Where the key of a command is heard.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// On every page.
    Everywhere,
    /// On one page.
    Page(PageId),
}

const fn plain(key: Key) -> KeyboardShortcut {
    KeyboardShortcut::new(Modifiers::NONE, key)
}

impl UiCommand {
    /// Those of the studio, and of the whole window, that have a key.
    pub const WITH_SHORTCUT: &[Self] = &[
        Self::TogglePalette,
        Self::Generate,
        Self::ApplyChanges,
        Self::Stop,
        Self::ChoosePicture,
        Self::PreviousStep,
        Self::NextStep,
        Self::FirstStep,
        Self::LastStep,
        Self::PlayOrPause,
        Self::ToggleLoop,
        Self::SingleStep,
        Self::StepBack,
        Self::KeepStep,
        Self::BranchHere,
        Self::Camera(CameraMove::In),
        Self::Camera(CameraMove::Out),
        Self::Camera(CameraMove::Fit),
        Self::Camera(CameraMove::Actual),
        Self::NextView,
        Self::NextSecondView,
        Self::ExplainView,
        Self::ToggleSides,
        Self::ToggleInspector,
        Self::FocusControls,
        Self::ShowSweep,
        Self::Regenerate(RegenerateCommand::Four),
        Self::UndoForm,
        Self::RedoForm,
    ];

    /// Those of the studio that have no key unless the user gives them one.
    pub const WITHOUT_SHORTCUT: &[Self] = &[
        Self::ShowLive,
        Self::UseSettings,
        Self::ChooseModelFolder,
        Self::NextSpeed,
        Self::EndHere,
        Self::LeaveBranch,
        Self::StopExport,
        Self::CloseBeside,
        Self::ToggleForm,
        Self::CloseSweep,
        Self::RestartEngine,
        Self::ImageInput(ImageInputCommand::Choose),
    ];

    /// Every command that has a key or can be given one.
    pub fn all() -> Vec<Self> {
        let mut all = PageId::ALL.map(Self::ShowPage).to_vec();
        all.extend_from_slice(Self::WITH_SHORTCUT);
        all.extend_from_slice(Self::WITHOUT_SHORTCUT);
        all.extend(GalleryCommand::WITH_SHORTCUT.iter().cloned().map(Self::Gallery));
        all.extend(CompareCommand::WITH_SHORTCUT.iter().cloned().map(Self::Compare));
        all.extend(ModelsCommand::WITH_SHORTCUT.iter().cloned().map(Self::Models));
        all.extend(QueueCommand::WITH_SHORTCUT.iter().copied().map(Self::Queue));
        all.extend(SettingsCommand::WITH_SHORTCUT.iter().cloned().map(Self::Settings));
        all.extend(ImageInputCommand::WITH_SHORTCUT.iter().cloned().map(Self::ImageInput));
        all
    }

    /// Where its key is heard.
    pub fn scope(&self) -> Scope {
        match self {
            Self::ShowPage(_)
            | Self::TogglePalette
            | Self::Stop
            | Self::ChoosePicture
            | Self::FocusControls
            | Self::Generate => Scope::Everywhere,
            Self::Gallery(_) => Scope::Page(PageId::Gallery),
            Self::Compare(_) => Scope::Page(PageId::Compare),
            Self::Models(_) => Scope::Page(PageId::Models),
            Self::Queue(_) => Scope::Page(PageId::Queue),
            Self::Settings(_) => Scope::Page(PageId::Settings),
            _ => Scope::Page(PageId::Studio),
        }
    }

    /// Whether its key is heard only while a mask is painted, or only while none is; `None` for both.
    pub fn needs_mask(&self) -> Option<bool> {
        match self {
            Self::ImageInput(ImageInputCommand::Mask(_)) => Some(true),
            Self::UndoForm | Self::RedoForm => Some(false),
            _ => None,
        }
    }

    /// Key of its name among the texts; its attribute `.tip` says what it does.
    pub fn key(&self) -> Option<&'static str> {
        Some(match self {
            Self::ShowPage(page) => page.key(),
            Self::Regenerate(command) => command.key(),
            Self::Gallery(command) => return command.key(),
            Self::Compare(command) => return command.key(),
            Self::Models(command) => return command.key(),
            Self::Queue(command) => return command.key(),
            Self::Settings(command) => return command.key(),
            Self::TogglePalette => "palette-open",
            Self::ImageInput(command) => return command.key(),
            Self::Generate => "command-generate",
            Self::Stop => "command-stop",
            Self::RestartEngine => "command-restart-engine",
            Self::ShowLive => "command-live",
            Self::PreviousStep => "command-previous-step",
            Self::NextStep => "command-next-step",
            Self::FirstStep => "command-first-step",
            Self::UndoForm => "command-undo-form",
            Self::RedoForm => "command-redo-form",
            Self::UseSettings => "command-use-settings",
            Self::ChoosePicture => "command-open-picture",
            Self::ChooseModelFolder => "command-open-model",
            Self::Camera(CameraMove::In) => "command-zoom-in",
            Self::Camera(CameraMove::Out) => "command-zoom-out",
            Self::Camera(CameraMove::Fit) => "command-zoom-fit",
            Self::Camera(CameraMove::Actual) => "command-zoom-actual",
            Self::LastStep => "command-last-step",
            Self::PlayOrPause => "command-play",
            Self::ToggleLoop => "command-loop",
            Self::NextSpeed => "command-speed",
            Self::SingleStep => "command-single-step",
            Self::StepBack => "command-step-back",
            Self::EndHere => "command-end-here",
            Self::KeepStep => "command-keep-step",
            Self::ApplyChanges => "command-apply",
            Self::BranchHere => "command-branch",
            Self::LeaveBranch => "command-leave-branch",
            Self::StopExport => "command-stop-export",
            Self::CloseBeside => "command-close-beside",
            Self::NextView => "command-next-view",
            Self::NextSecondView => "command-next-second-view",
            Self::ExplainView => "command-explain-view",
            Self::ToggleSides => "command-toggle-sides",
            Self::ToggleForm => "command-toggle-form",
            Self::ToggleInspector => "command-toggle-inspector",
            Self::FocusControls => "command-focus-controls",
            Self::ShowSweep => "command-show-sweep",
            Self::CloseSweep => "command-close-sweep",
            Self::PutInForm(_) => "models-use",
            Self::TakeOutOfForm(_) => "models-take-out",
            _ => return None,
        })
    }

    /// Its name; empty for one that is only ever part of another control.
    pub fn name(&self, language: Language) -> String {
        self.key().map(|key| language.tr(key)).unwrap_or_default()
    }

    /// Its keys; the first is the one that is told.
    pub fn shortcuts(&self) -> &'static [KeyboardShortcut] {
        const GENERATE: &[KeyboardShortcut] = &[KeyboardShortcut::new(Modifiers::COMMAND, Key::Enter)];
        const PALETTE: &[KeyboardShortcut] = &[KeyboardShortcut::new(Modifiers::COMMAND, Key::K)];
        const STOP: &[KeyboardShortcut] = &[plain(Key::Escape)];
        const OPEN: &[KeyboardShortcut] = &[KeyboardShortcut::new(Modifiers::COMMAND, Key::O)];
        const PREVIOUS: &[KeyboardShortcut] = &[plain(Key::ArrowLeft)];
        const NEXT: &[KeyboardShortcut] = &[plain(Key::ArrowRight)];
        const FIRST: &[KeyboardShortcut] = &[plain(Key::Home)];
        const LAST: &[KeyboardShortcut] = &[plain(Key::End)];
        const PLAY: &[KeyboardShortcut] = &[plain(Key::Space)];
        const LOOP: &[KeyboardShortcut] = &[plain(Key::L)];
        const SINGLE: &[KeyboardShortcut] = &[plain(Key::Period)];
        const BACK: &[KeyboardShortcut] = &[plain(Key::Comma)];
        const KEEP: &[KeyboardShortcut] = &[plain(Key::K)];
        const BRANCH: &[KeyboardShortcut] = &[plain(Key::B)];
        const APPLY: &[KeyboardShortcut] = &[KeyboardShortcut::new(
            Modifiers::COMMAND.plus(Modifiers::SHIFT),
            Key::Enter,
        )];
        const IN: &[KeyboardShortcut] = &[plain(Key::Plus), plain(Key::Equals)];
        const OUT: &[KeyboardShortcut] = &[plain(Key::Minus)];
        const FIT: &[KeyboardShortcut] = &[plain(Key::Num0)];
        const ACTUAL: &[KeyboardShortcut] = &[plain(Key::Num1)];
        const VIEW: &[KeyboardShortcut] = &[plain(Key::V)];
        const SECOND_VIEW: &[KeyboardShortcut] = &[KeyboardShortcut::new(Modifiers::SHIFT, Key::V)];
        const EXPLAIN: &[KeyboardShortcut] = &[plain(Key::F1)];
        const SIDES: &[KeyboardShortcut] = &[plain(Key::Tab)];
        const INSPECTOR: &[KeyboardShortcut] = &[plain(Key::I)];
        const CONTROLS: &[KeyboardShortcut] = &[plain(Key::F6)];
        const FOUR: &[KeyboardShortcut] = &[KeyboardShortcut::new(Modifiers::ALT, Key::Enter)];
        const SWEEP: &[KeyboardShortcut] = &[plain(Key::G)];
        const UNDO: &[KeyboardShortcut] = &[KeyboardShortcut::new(Modifiers::COMMAND, Key::Z)];
        const REDO: &[KeyboardShortcut] = &[
            KeyboardShortcut::new(Modifiers::COMMAND.plus(Modifiers::SHIFT), Key::Z),
            KeyboardShortcut::new(Modifiers::COMMAND, Key::Y),
        ];
        match self {
            Self::ShowPage(page) => page.shortcut(),
            Self::Gallery(command) => command.shortcuts(),
            Self::Compare(command) => command.shortcuts(),
            Self::Models(command) => command.shortcuts(),
            Self::Queue(command) => command.shortcuts(),
            Self::Settings(command) => command.shortcuts(),
            Self::TogglePalette => PALETTE,
            Self::ImageInput(command) => command.shortcuts(),
            Self::Generate => GENERATE,
            Self::Stop => STOP,
            Self::ChoosePicture => OPEN,
            Self::PreviousStep => PREVIOUS,
            Self::NextStep => NEXT,
            Self::FirstStep => FIRST,
            Self::LastStep => LAST,
            Self::PlayOrPause => PLAY,
            Self::ToggleLoop => LOOP,
            Self::SingleStep => SINGLE,
            Self::StepBack => BACK,
            Self::KeepStep => KEEP,
            Self::ApplyChanges => APPLY,
            Self::BranchHere => BRANCH,
            Self::Camera(CameraMove::In) => IN,
            Self::Camera(CameraMove::Out) => OUT,
            Self::Camera(CameraMove::Fit) => FIT,
            Self::Camera(CameraMove::Actual) => ACTUAL,
            Self::NextView => VIEW,
            Self::NextSecondView => SECOND_VIEW,
            Self::ExplainView => EXPLAIN,
            Self::ToggleSides => SIDES,
            Self::ToggleInspector => INSPECTOR,
            Self::FocusControls => CONTROLS,
            Self::ShowSweep => SWEEP,
            Self::Regenerate(RegenerateCommand::Four) => FOUR,
            Self::UndoForm => UNDO,
            Self::RedoForm => REDO,
            _ => &[],
        }
    }
}

/// Where a panel puts what it wants done.
#[derive(Clone)]
pub struct CommandSender {
    sender: Sender<UiCommand>,
}

/// Makes the commands of a page commands of the window.
macro_rules! commands_of_pages {
    ($($variant:ident($command:ty)),*) => {$(
        impl From<$command> for UiCommand {
            fn from(command: $command) -> Self {
                Self::$variant(command)
            }
        }
    )*};
}

commands_of_pages!(
    Gallery(GalleryCommand),
    Compare(CompareCommand),
    Models(ModelsCommand),
    Queue(QueueCommand),
    Settings(SettingsCommand),
    ImageInput(ImageInputCommand)
);

impl CommandSender {
    /// Sends to the window's receiver.
    pub fn new(sender: Sender<UiCommand>) -> Self {
        Self { sender }
    }

    /// Has it done before the next frame is laid out. A window that is closing no longer listens.
    pub fn send(&self, command: impl Into<UiCommand>) {
        self.sender.send(command.into()).ok();
    }
}
