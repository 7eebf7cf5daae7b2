//! Everything the window can be asked to do, with its name, what it says of itself, and its key, in one place.

mod availability;
mod compare;
mod gallery;
mod image_input;
mod models;
mod named_file;
mod queue;
mod settings;
pub mod shortcuts;
mod table;

use std::path::PathBuf;
use std::sync::mpsc::Sender;

pub use super::model::page_id::PageId;
pub use availability::Availability;
pub use compare::{CompareCommand, CompareMode};
pub use gallery::{GalleryCommand, Go, PageNotice, SelectMode};
pub use image_input::{FEATHER_PX, ImageInputCommand, InputImage, MaskEdit, Target};
pub use models::ModelsCommand;
pub use named_file::NamedFileCommand;
pub use queue::QueueCommand;
pub use settings::{Section, SettingsCommand};
pub use table::{CommandSpec, Scope, table};

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
    /// Something with a file that the form names and that is not opened.
    NamedFile(NamedFileCommand),
}

impl UiCommand {
    /// Its row in the table; `None` for one that carries what it is about.
    pub fn spec(&self) -> Option<&'static CommandSpec> {
        table().iter().find(|spec| spec.command == *self)
    }

    /// Key of its name among the texts; its attribute `.tip` says what it does. `None` for one that is only ever part of
    /// another control.
    pub fn key(&self) -> Option<&'static str> {
        if let Some(spec) = self.spec() {
            return Some(spec.text);
        }
        Some(match self {
            Self::Regenerate(command) => command.key(),
            Self::NamedFile(command) => return command.key(),
            Self::PutInForm(_) => "models-use",
            Self::TakeOutOfForm(_) => "models-take-out",
            Self::Models(command) => match command {
                ModelsCommand::ComputeHashes(_) => "models-compute-hashes",
                ModelsCommand::Delete(_) => "models-delete",
                ModelsCommand::OpenFolder(_) => "models-open-folder",
                ModelsCommand::AddPath(_) => "models-add",
                ModelsCommand::ForgetPath(_) => "models-forget",
                ModelsCommand::Fetch { .. } => "models-fetch",
                ModelsCommand::Stop(_) => "models-stop",
                ModelsCommand::Resume(_) => "models-resume",
                ModelsCommand::Discard(_) => "models-discard",
                _ => return None,
            },
            _ => return None,
        })
    }

    /// Its name; empty for one that is only ever part of another control.
    pub fn name(&self, language: Language) -> String {
        self.key().map(|key| language.tr(key)).unwrap_or_default()
    }

    /// Whether it can act now. What carries its argument always can.
    pub fn is_enabled(&self, now: &Availability) -> bool {
        self.spec().is_none_or(|spec| spec.is_enabled(now))
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
    ImageInput(ImageInputCommand),
    NamedFile(NamedFileCommand)
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
