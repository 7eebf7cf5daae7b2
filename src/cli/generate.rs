//! `hareru generate`: pictures from a prompt.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::CliError;
use super::generate_args::GenerateArgs;
use super::output::Output;
use super::progress::Progress;
use crate::config::{PendingFile, name_with_ending};
use crate::engine::{EngineHandle, EngineOptions};
use crate::gallery::{self, GalleryError, SavedPicture};
use crate::job::{Event, GeneratedImage, JobId, JobOptions, ModelInfo, PreviewMode, RequestError, StepEvent};

/// Makes the pictures and saves them, into `gallery_dir` when no file is named.
pub(super) fn run(args: &GenerateArgs, output: Output, gallery_dir: PathBuf) -> Result<(), CliError> {
    let seed = args.seed_or_random();
    check_before_the_model(args, seed)?;
    let destination = Destination::new(args.out.clone(), gallery_dir);
    destination.check_writable()?;
    let steps = args.save_steps.clone().map(StepFolder::open).transpose()?;

    let mut engine = EngineHandle::start(EngineOptions::of_user(), || {})?;
    let info = describe(&engine, args)?;
    let request = args.request(seed, Some(&args.defaults(&info)?))?;
    let options = JobOptions {
        keep_every_step: steps.is_some() || output.is_json(), // who counts them wants them all
        ..args.options()
    };
    let planned = (request.batch_count, request.steps);
    let job = engine.submit(request, options)?;
    let mut save_step = |step: &StepEvent| steps.as_ref().map_or(Ok(()), |steps| steps.save(step));
    follow(&engine, job, planned, output, &mut save_step, &mut |image| {
        destination.save(image)
    })
}

/// Shows a job until it ends.
///
/// * `planned`: pictures, and steps of each.
/// * `save_step`, `save`: called with each step and each picture.
pub(super) fn follow(
    engine: &EngineHandle,
    job: JobId,
    planned: (u32, u32),
    output: Output,
    save_step: &mut dyn FnMut(&StepEvent) -> Result<(), GalleryError>,
    save: &mut dyn FnMut(&GeneratedImage) -> Result<SavedPicture, GalleryError>,
) -> Result<(), CliError> {
    let progress = Progress::new(!output.is_json(), planned.0, planned.1);
    while let Some(event) = engine.wait() {
        match event {
            Event::Phase { phase, .. } => progress.phase(phase),
            Event::Inexact { why, .. } => {
                let warning = format!("the branch is not exactly the run it left: {why}");
                progress.around(|| output.warn(&warning));
            }
            Event::Step(step) => {
                progress.step(&step);
                output.step(&step)?;
                save_step(&step)?;
            }
            Event::Image { image, .. } => {
                let SavedPicture { path, trajectory } = save(&image)?;
                if let Err(why) = trajectory {
                    let warning = format!("the picture was saved without its steps: {}", why.one_line());
                    progress.around(|| output.warn(&warning));
                }
                progress.around(|| output.image(&path, &image.record))?;
            }
            Event::Finished { job: ended } if ended == job => return Ok(()),
            Event::Cancelled { job: ended } if ended == job => {
                return Err(CliError::Failed("the job was stopped".to_owned()));
            }
            Event::Failed { job: ended, error } if ended == job => return Err(CliError::from(&*error)),
            _ => {}
        }
    }
    Err(CliError::Failed("the engine has stopped".to_owned()))
}

/// What can be said to be wrong before anything is read or started.
fn check_before_the_model(args: &GenerateArgs, seed: u64) -> Result<(), CliError> {
    args.request(seed, None)?
        .validate()
        .map_err(|error: RequestError| CliError::Usage(error.to_string()))?;
    if args.save_steps.is_some() && args.preview() == PreviewMode::Off {
        return Err(CliError::Usage(
            "--save-steps needs pictures of the steps, and --preview off makes none".to_owned(),
        ));
    }
    Ok(())
}

pub(super) fn describe(engine: &EngineHandle, args: &GenerateArgs) -> Result<Arc<ModelInfo>, CliError> {
    engine.describe(args.model())?;
    while let Some(event) = engine.wait() {
        match event {
            Event::ModelDescribed { info } => return Ok(info),
            Event::ModelRefused { error, .. } => return Err(CliError::from(&*error)),
            _ => {}
        }
    }
    Err(CliError::Failed("the engine has stopped".to_owned()))
}

/// Where finished pictures go.
pub(super) enum Destination {
    /// This very file; further pictures of a batch beside it.
    File(PathBuf),
    /// A new name in this folder.
    Gallery(PathBuf),
}

impl Destination {
    /// The file if there is one, else a new name in the folder.
    pub(super) fn new(file: Option<PathBuf>, gallery_dir: PathBuf) -> Self {
        file.map_or(Self::Gallery(gallery_dir), Self::File)
    }

    /// An error now is better than one after the work.
    pub(super) fn check_writable(&self) -> Result<(), CliError> {
        match self {
            Self::File(file) => {
                gallery::check_name(file)?;
                if file.is_dir() {
                    return Err(CliError::Usage(format!(
                        "expected a file to write, found a folder: {}",
                        file.display()
                    )));
                }
                check_folder(file.parent().unwrap_or_else(|| Path::new("")))
            }
            Self::Gallery(folder) => {
                make_folder(folder)?;
                check_folder(folder)
            }
        }
    }

    pub(super) fn save(&self, image: &GeneratedImage) -> Result<SavedPicture, GalleryError> {
        match self {
            Self::File(file) => gallery::save_as(&numbered(file, image.record.batch_index + 1), image),
            Self::Gallery(folder) => gallery::save(folder, image),
        }
    }
}

/// `a.png`, `a-2.png`, `a-3.png` …; a name that leaves no room for the number is shortened.
pub(super) fn numbered(file: &Path, number: u32) -> PathBuf {
    if number < 2 {
        return file.to_owned();
    }
    let extension = file.extension().unwrap_or_default().display();
    let ending = format!("-{number}.{extension}");
    file.with_file_name(name_with_ending(file.file_stem().unwrap_or_default(), &ending))
}

/// A folder that gets a picture of each step: `step-001.png`, and `picture-2-step-001.png` for further pictures.
struct StepFolder(PathBuf);

impl StepFolder {
    fn open(folder: PathBuf) -> Result<Self, CliError> {
        make_folder(&folder)?;
        check_folder(&folder)?;
        Ok(Self(folder))
    }

    fn save(&self, step: &StepEvent) -> Result<(), GalleryError> {
        let Some(preview) = &step.preview else { return Ok(()) };
        let mut name = format!("step-{:03}.png", step.step);
        if step.image_index > 0 {
            name = format!("picture-{}-{name}", step.image_index + 1);
        }
        gallery::save_pixels(&self.0.join(name), preview)
    }
}

fn make_folder(folder: &Path) -> Result<(), CliError> {
    std::fs::create_dir_all(folder)
        .map_err(|error| CliError::Failed(format!("could not make the folder {}: {error}", folder.display())))
}

fn check_folder(folder: &Path) -> Result<(), CliError> {
    match PendingFile::create(folder) {
        Ok(_) => Ok(()),
        Err(error) => {
            let folder = if folder.as_os_str().is_empty() {
                Path::new(".")
            } else {
                folder
            };
            Err(CliError::Failed(format!(
                "could not write to the folder {}: {}",
                folder.display(),
                error.kind()
            )))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pictures_of_a_batch_should_be_numbered_from_the_second() {
        let names: Vec<_> = (1..4)
            .map(|number| numbered(Path::new("out/a.b.png"), number))
            .collect();
        assert_eq!(
            names,
            ["out/a.b.png", "out/a.b-2.png", "out/a.b-3.png"].map(PathBuf::from)
        );
        let longest = format!("{}.png", "n".repeat(251));
        let second = numbered(Path::new(&longest), 2);
        assert_eq!(second.as_os_str().len(), 255, "the number must fit into the name");
        assert!(second.to_str().unwrap().ends_with("n-2.png"));
    }
}
