//! The command line. Prints results on standard output, everything else on standard error.

mod args;
mod bench;
mod branch;
mod compare;
mod family_args;
mod gallery;
mod generate;
mod generate_args;
mod list;
mod models;
mod output;
mod progress;
mod record_files;
mod save_target;
mod sweep;
mod task_args;
mod trajectory;
mod unfold;
mod unfold_views;
mod upscale;
mod values;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser as _;

use crate::config::{KnownFolders, Paths, Settings, SettingsWarning, start_logging, survive_file_size_limit};
use crate::engine::{self, EngineStartError, SubmitError, ThreadsError};
use crate::gallery::GalleryError;
use crate::job::{JobError, JobErrorKind};
use args::{Args, Command};
use output::Output;

/// What is left of an error of the window: its message and its causes.
type AnyError = Box<dyn std::error::Error + Send + Sync>;

/// Why a command did not do what it was asked, in one line.
#[derive(Debug, thiserror::Error)]
enum CliError {
    /// The command line asks for something that cannot be.
    #[error("{0}")]
    Usage(String),
    /// What was asked for went wrong.
    #[error("{0}")]
    Failed(String),
}

impl CliError {
    fn exit_code(&self) -> ExitCode {
        match self {
            Self::Usage(_) => ExitCode::from(2),
            Self::Failed(_) => ExitCode::FAILURE,
        }
    }
}

impl From<&JobError> for CliError {
    fn from(error: &JobError) -> Self {
        match error.kind {
            JobErrorKind::Request => Self::Usage(error.to_string()),
            _ => Self::Failed(error.to_string()),
        }
    }
}

impl From<SubmitError> for CliError {
    fn from(error: SubmitError) -> Self {
        match error {
            SubmitError::Request(error) => Self::Usage(error.to_string()),
            other => Self::Failed(other.to_string()),
        }
    }
}

impl From<EngineStartError> for CliError {
    fn from(error: EngineStartError) -> Self {
        Self::Failed(JobError::from_chain(JobErrorKind::Internal, &error).message)
    }
}

impl From<ThreadsError> for CliError {
    fn from(error: ThreadsError) -> Self {
        match error {
            ThreadsError::OutOfRange { .. } => Self::Usage(error.to_string()),
            ThreadsError::AlreadyStarted(_) => Self::Failed(error.to_string()),
        }
    }
}

impl From<GalleryError> for CliError {
    fn from(error: GalleryError) -> Self {
        match error {
            GalleryError::NotPictureName { .. } => Self::Usage(error.one_line()),
            other => Self::Failed(other.one_line()),
        }
    }
}

impl From<std::io::Error> for CliError {
    fn from(error: std::io::Error) -> Self {
        Self::Failed(format!("could not write to standard output: {error}"))
    }
}

/// Reads the command line and does what it says. Without a command it calls `open_window` with the settings, what
/// was wrong with their file and the gallery's folder, and returns when the window is closed.
///
/// The exit code is 0 if all went well, 2 for bad usage, 1 for any other failure.
pub fn run(open_window: impl FnOnce(Settings, Option<SettingsWarning>, PathBuf) -> Result<(), AnyError>) -> ExitCode {
    let args = match Args::try_parse() {
        Ok(args) => args,
        Err(error) => {
            output::usage(&error);
            return ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2));
        }
    };
    let log_file = args.command.is_none().then(|| Paths::of_user().log_file);
    start_logging(log_file.as_deref());
    survive_file_size_limit();
    let output = Output::new(args.command.as_ref().is_some_and(Command::wants_json));
    match execute(args, output, open_window) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            output.failed(&error.to_string());
            error.exit_code()
        }
    }
}

fn execute(
    args: Args,
    output: Output,
    open_window: impl FnOnce(Settings, Option<SettingsWarning>, PathBuf) -> Result<(), AnyError>,
) -> Result<(), CliError> {
    let paths = Paths::of_user();
    let load = || {
        let (settings, warning) = Settings::load(&paths.settings_file);
        if let Some(warning) = &warning {
            output.warn(&warning.to_string());
        }
        (settings, warning)
    };
    let settings = || load().0;
    // For what computes: the threads are fixed as the settings have it.
    let computing = || -> Result<Settings, CliError> {
        let settings = settings();
        use_threads(args.threads, &settings)?;
        Ok(settings)
    };
    match args.command {
        None => {
            let (settings, warning) = load();
            use_threads(args.threads, &settings)?;
            let gallery_dir = gallery_dir(args.gallery, &settings, &paths);
            open_window(settings, warning, gallery_dir)
                .map_err(|error| CliError::Failed(JobError::from_chain(JobErrorKind::Internal, error.as_ref()).message))
        }
        Some(Command::Generate(args)) => {
            let gallery_dir = gallery_dir(args.save.gallery.clone(), &computing()?, &paths);
            generate::run(&args, output, gallery_dir)
        }
        Some(Command::Branch(args)) => {
            let settings = computing()?;
            let gallery_dir = gallery_dir(args.save.gallery.clone(), &settings, &paths);
            let known = KnownFolders::of(&settings, &paths, &gallery_dir);
            branch::run(&args, output, gallery_dir, &known)
        }
        Some(Command::Sweep(args)) => {
            let cells_dir = gallery_dir(args.cells.clone(), &computing()?, &paths);
            sweep::run(&args, output, cells_dir)
        }
        Some(Command::Upscale(args)) => {
            let gallery_dir = gallery_dir(args.save.gallery.clone(), &computing()?, &paths);
            upscale::run(&args, output, gallery_dir)
        }
        Some(Command::Bench(args)) => computing().and_then(|_| bench::run(&args, output)),
        Some(Command::Models(models_args)) => match models_args.command {
            Some(command) => models::run(command, output, &settings(), &paths),
            None => list::models(output, &paths),
        },
        Some(Command::Samplers(_)) => list::samplers(output).map_err(CliError::from),
        Some(Command::Unfold(args)) => {
            let settings = computing()?;
            let gallery_dir = gallery_dir(None, &settings, &paths);
            unfold::run(&args, output, &KnownFolders::of(&settings, &paths, &gallery_dir))
        }
        Some(Command::Trajectory(args)) => trajectory::run(&args, output),
        Some(Command::Gallery(gallery_args)) => {
            let settings = settings();
            let folder = gallery_dir(gallery_args.gallery.clone().or(args.gallery), &settings, &paths);
            let is_usual = folder == gallery_dir(None, &settings, &paths);
            gallery::run(
                &gallery_args,
                output,
                &folder,
                is_usual.then_some(settings.watched_folders),
            )
        }
        Some(Command::Compare(args)) => compare::run(&args, output),
        Some(Command::Preprocessors(_)) => list::preprocessors(output).map_err(CliError::from),
    }
}

/// Fixes the number of threads before anything is computed. The command line (or `HARERU_THREADS`) has the first word,
/// then the settings, then `RAYON_NUM_THREADS`, then the number of cores.
fn use_threads(asked: Option<usize>, settings: &Settings) -> Result<(), ThreadsError> {
    let kept = settings.threads.map(|threads| threads.clamp(1, engine::max_threads()));
    let Some(threads) = asked.or(kept) else {
        if std::env::var_os("RAYON_NUM_THREADS").is_some() {
            return Ok(()); // is read when the first of them is needed
        }
        return engine::set_threads(engine::physical_cores());
    };
    engine::set_threads(threads)
}

/// The command line has the first word, then the settings, then the system.
fn gallery_dir(asked: Option<PathBuf>, settings: &Settings, paths: &Paths) -> PathBuf {
    asked
        .or_else(|| settings.gallery_dir.clone())
        .unwrap_or_else(|| paths.default_gallery_dir.clone())
}
