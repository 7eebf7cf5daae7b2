//! `hareru generate`: pictures from a prompt.

use std::path::PathBuf;
use std::sync::Arc;

use super::CliError;
use super::generate_args::GenerateArgs;
use super::output::Output;
use super::progress::Progress;
use super::save_target::{check_folder, make_folder};
use crate::engine::{EngineHandle, EngineOptions};
use crate::gallery::{self, GalleryError, SavedPicture};
use crate::job::{Event, GeneratedImage, JobId, JobOptions, ModelInfo, PreviewMode, RequestError, StepEvent};

/// Makes the pictures and saves them, into `gallery_dir` when no file is named.
pub(super) fn run(args: &GenerateArgs, output: Output, gallery_dir: PathBuf) -> Result<(), CliError> {
    let seed = args.seed_or_random();
    check_before_the_model(args, seed)?;
    let target = args.save.target(gallery_dir);
    target.check_writable()?;
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
    wait_for_job(&engine, job, planned, output, &mut save_step, &mut |image| {
        target.save(image)
    })
}

/// Shows a job until it ends.
///
/// * `planned`: pictures, and steps of each.
/// * `save_step`, `save`: called with each step and each picture.
pub(super) fn wait_for_job(
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
