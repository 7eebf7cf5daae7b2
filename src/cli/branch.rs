//! `hareru branch`: a kept run, taken up at one of its steps under other settings.

use std::path::PathBuf;
use std::sync::Arc;

use super::CliError;
use super::generate::wait_for_job;
use super::output::Output;
use super::record_files::RecordFilesArgs;
use super::save_target::SaveArgs;
use super::values::{Keep, parse_lora, precision_parser};
use crate::config::KnownFolders;
use crate::engine::{EngineHandle, EngineOptions};
use crate::gallery;
use crate::job::{Change, Inexact, JobOptions, LoraSpec, Precision, PreviewMode};

#[derive(Debug, clap::Args)]
pub(super) struct BranchArgs {
    /// Picture whose run was kept
    picture: PathBuf,

    /// The first step that is taken anew, from 0
    #[arg(long, value_name = "STEP")]
    at: u32,

    /// What to draw from there on
    #[arg(long, allow_hyphen_values = true)]
    prompt: Option<String>,

    /// What to stay away from
    #[arg(long, allow_hyphen_values = true)]
    negative: Option<String>,

    /// Guidance scale
    #[arg(long, allow_hyphen_values = true)]
    cfg: Option<f64>,

    /// Guidance rescale φ
    #[arg(long, allow_hyphen_values = true)]
    rescale: Option<f64>,

    /// Sampler that goes on
    #[arg(long)]
    sampler: Option<String>,

    /// Noise added by DDIM and TCD, 0 to 1
    #[arg(long, allow_hyphen_values = true)]
    eta: Option<f64>,

    /// Seed of the noise that steps add from there on
    #[arg(long)]
    seed: Option<u64>,

    /// Adapters from there on, in place of those before
    #[arg(long, value_name = "FILE[:WEIGHT[:TE_WEIGHT]]", value_parser = parse_lora)]
    lora: Vec<LoraSpec>,

    /// How much each control counts from there on, in their order
    #[arg(long, value_name = "W", allow_hyphen_values = true)]
    control_weight: Vec<f64>,

    /// End after this step, counted from 1: the estimate it has then is the picture
    #[arg(long, value_name = "STEP")]
    stop_after: Option<u32>,

    #[command(flatten)]
    pub(super) save: SaveArgs,

    #[command(flatten)]
    record_files: RecordFilesArgs,

    /// What each step keeps beside its latents
    #[arg(long, value_enum, value_delimiter = ',')]
    keep: Vec<Keep>,

    /// Number format the networks compute in; by default that of the run
    #[arg(long, value_parser = precision_parser())]
    precision: Option<Precision>,

    /// Print one JSON object per line
    #[arg(long)]
    pub(super) json: bool,
}

impl BranchArgs {
    fn change(&self) -> Change {
        Change {
            step: self.at,
            prompt: self.prompt.clone(),
            negative_prompt: self.negative.clone(),
            guidance_scale: self.cfg,
            guidance_rescale: self.rescale,
            sampler: self.sampler.clone(),
            eta: self.eta,
            seed: self.seed,
            loras: (!self.lora.is_empty()).then(|| self.lora.clone()),
            control_weights: (!self.control_weight.is_empty()).then(|| self.control_weight.clone()),
        }
    }
}

/// Makes the branch and saves it, into `gallery_dir` when no file is named.
pub(super) fn run(
    args: &BranchArgs,
    output: Output,
    gallery_dir: PathBuf,
    known: &KnownFolders,
) -> Result<(), CliError> {
    let kept = Arc::new(gallery::read_run(&args.picture)?);
    args.record_files.check(&args.picture, &kept.record.request, known)?;
    let mut request = kept.record.request.branched(args.change());
    request.stop_after = args.stop_after;
    let target = args.save.target(gallery_dir);
    target.check_writable()?;
    // The engine says what else is not as it was once it has the model.
    if let Some(why @ Inexact::NoStep { .. }) = kept.why_inexact(&request, args.at, "", "") {
        return Err(CliError::Usage(format!("{why}: {}", args.picture.display())));
    }
    let precision = args.precision.or_else(|| kept.record.precision.parse().ok());
    let options = JobOptions {
        preview: PreviewMode::Off,
        keep_every_step: output.is_json(),
        keep_branches: args.keep.contains(&Keep::Branches),
        keep_attention: args.keep.contains(&Keep::Attention),
        precision: precision.unwrap_or_default(),
        ..JobOptions::default()
    };
    let mut engine = EngineHandle::start(EngineOptions::of_user(), || {})?;
    let steps = request.steps;
    let job = engine.submit_after(request, (kept, args.at), options)?;
    wait_for_job(&engine, job, (1, steps), output, &mut |_| Ok(()), &mut |image| {
        target.save(image)
    })
}
