//! `hareru upscale`: a picture enlarged by a network made for it.

use std::path::PathBuf;

use super::CliError;
use super::generate::{Destination, follow};
use super::output::Output;
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

    /// File to write, ending in .png
    #[arg(long, value_name = "FILE", conflicts_with = "gallery")]
    out: Option<PathBuf>,

    /// Folder of pictures to save into when there is no --out; by default that of the settings
    #[arg(long, value_name = "DIR")]
    pub(super) gallery: Option<PathBuf>,

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
        Err(_) => GenerateRequest::default(), // a photo has no record
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
    let destination = Destination::new(args.out.clone(), gallery_dir);
    destination.check_writable()?;
    let options = JobOptions {
        preview: PreviewMode::Off,
        precision: args.precision,
        ..JobOptions::default()
    };
    let mut engine = EngineHandle::start(EngineOptions::of_user(), || {})?;
    let job = engine.submit(request, options)?;
    follow(&engine, job, (1, 1), output, &mut |_| Ok(()), &mut |image| {
        destination.save(image)
    })
}
