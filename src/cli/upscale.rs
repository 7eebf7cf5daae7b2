//! `hareru upscale`: a picture enlarged by a network made for it.

use std::path::PathBuf;

use super::CliError;
use super::generate::wait_for_job;
use super::output::Output;
use super::save_target::SaveArgs;
use super::values::precision_parser;
use crate::engine::{EngineHandle, EngineOptions};
use crate::gallery::{self, GalleryError};
use crate::job::{GenerateRequest, JobOptions, Precision, PreviewMode, Upscale};

#[derive(Debug, clap::Args)]
pub(super) struct UpscaleArgs {
    /// Picture to enlarge
    picture: PathBuf,

    /// Network of the ESRGAN family: one file, .pth or .safetensors
    #[arg(long, value_name = "FILE")]
    model: PathBuf,

    /// How much larger, 1 to 8; by default as much as the network makes of it
    #[arg(long, value_name = "SCALE")]
    scale: Option<f64>,

    #[command(flatten)]
    pub(super) save: SaveArgs,

    /// Number format the network computes in
    #[arg(long, default_value = "auto", value_parser = precision_parser())]
    precision: Precision,

    /// Print one JSON object per line
    #[arg(long)]
    pub(super) json: bool,
}

/// Enlarges the picture and saves it, into `gallery_dir` when no file is named. What is known of how it was made stays
/// in its record.
pub(super) fn run(args: &UpscaleArgs, output: Output, gallery_dir: PathBuf) -> Result<(), CliError> {
    let known = match gallery::read_record(&args.picture) {
        Ok(record) => record.request,
        Err(GalleryError::Read { path, source }) => return Err(GalleryError::Read { path, source }.into()),
        Err(_) => GenerateRequest::unsaid(), // a photo has no record
    };
    let request = GenerateRequest {
        hires: None,
        batch_count: 1,
        upscale: Some(Upscale {
            model: args.model.clone(),
            scale: args.scale,
            picture: Some(args.picture.clone()),
        }),
        ..known
    };
    let target = args.save.target(gallery_dir);
    target.check_writable()?;
    let options = JobOptions {
        preview: PreviewMode::Off,
        precision: args.precision,
        ..JobOptions::default()
    };
    let mut engine = EngineHandle::start(EngineOptions::of_user(), || {})?;
    let job = engine.submit(request, options)?;
    wait_for_job(&engine, job, (1, 1), output, &mut |_| Ok(()), &mut |image| {
        target.save(image)
    })
}
