//! `hareru sweep`: one request in many ways, on one labelled sheet or in one animation.

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::json;

use super::CliError;
use super::generate::{describe, wait_for_job};
use super::generate_args::GenerateArgs;
use super::output::Output;
use super::save_target::{SaveTarget, numbered};
use crate::engine::{EngineHandle, EngineOptions};
use crate::gallery;
use crate::job::{Axis, GeneratedImage, JobOptions, KeptRun, Sweep, SweepError, longest_start};
use crate::unfold::{AnimationError, AnimationFormat, AnimationOptions, AnimationWriter, GridAnimation, GridCell};

/// How long a step is shown in an animation, in milliseconds.
const FRAME_MS: u32 = 125;
/// How long the end is shown, in milliseconds.
const LAST_FRAME_MS: u32 = 2000;

#[derive(Debug, clap::Args)]
pub(super) struct SweepArgs {
    /// Columns: NAME[@STEP]=FROM..TO:COUNT or NAME[@STEP]=VALUE,VALUE…, where NAME is cfg, rescale, steps, seed, sampler,
    /// schedule, eta, strength, clip-skip, switch, lora:N, control:N, words, prompt or negative; @STEP changes it there
    #[arg(long, value_name = "AXIS", value_parser = parse_axis, allow_hyphen_values = true)]
    x: Axis,

    /// Rows
    #[arg(long, value_name = "AXIS", value_parser = parse_axis, allow_hyphen_values = true)]
    y: Option<Axis>,

    /// Sheets: further files FILE-2, FILE-3 …
    #[arg(long, value_name = "AXIS", value_parser = parse_axis, allow_hyphen_values = true)]
    z: Option<Axis>,

    /// Folder that keeps the pictures with their runs; by default the gallery
    #[arg(long, value_name = "DIR")]
    pub(super) cells: Option<PathBuf>,

    #[command(flatten)]
    pub(super) base: GenerateArgs,
}

fn parse_axis(text: &str) -> Result<Axis, String> {
    text.parse().map_err(|error: SweepError| error.to_string())
}

/// Makes all runs, keeps them in `cells_dir`, and puts their pictures on a sheet.
pub(super) fn run(args: &SweepArgs, output: Output, cells_dir: PathBuf) -> Result<(), CliError> {
    let Some(sheet) = args.base.save.out.clone() else {
        return Err(CliError::Usage("a sweep needs --out FILE for its sheet".to_owned()));
    };
    let film = AnimationFormat::of_path(&sheet).filter(|format| *format != AnimationFormat::Apng);
    let as_picture = sheet.with_extension("png");
    SaveTarget::File(if film.is_some() { as_picture } else { sheet.clone() }).check_writable()?;
    let cells = SaveTarget::Gallery(cells_dir);
    cells.check_writable()?;
    let seed = args.base.seed_or_random();
    let mut engine = EngineHandle::start(EngineOptions::of_user(), || {})?;
    let info = describe(&engine, &args.base)?;
    let sweep = Sweep {
        base: args.base.request(seed, Some(&args.base.defaults(&info)?))?,
        x: args.x.clone(),
        y: args.y.clone(),
        z: args.z.clone(),
    };
    let planned = sweep.cells().map_err(|error| CliError::Usage(error.to_string()))?;
    let [columns, rows, sheets] = sweep.size();
    let mut made: Vec<Option<Arc<GeneratedImage>>> = vec![None; columns * rows * sheets];
    let mut kept: Vec<Arc<KeptRun>> = Vec::new();
    let options = JobOptions {
        keep_every_step: output.is_json(),
        preview: args.base.sweep_preview(film.is_some()),
        ..args.base.options()
    };
    for (done, cell) in planned.iter().enumerate() {
        let [x, y, z] = cell.place;
        let precision = kept.first().map_or("", |run| run.record.precision.as_str());
        let start = longest_start(&kept, &cell.request, precision);
        output.json(&json!({
            "event": "cell",
            "place": cell.place,
            "label": sweep.label(cell.place),
            "done": done,
            "total": planned.len(),
            "shared_steps": start.as_ref().map_or(0, |(_, step)| *step),
        }))?;
        let steps = cell.request.steps;
        let job = match start {
            Some(start) => engine.submit_after(cell.request.clone(), start, options)?,
            None => engine.submit(cell.request.clone(), options)?,
        };
        let place = (z * rows + y) * columns + x;
        wait_for_job(&engine, job, (1, steps), output, &mut |_| Ok(()), &mut |image| {
            made[place] = Some(Arc::new(image.clone()));
            cells.save(image)
        })?;
        if let Some(image) = &made[place] {
            kept.push(Arc::new(KeptRun {
                record: image.record.clone(),
                trajectory: Arc::clone(&image.trajectory),
            }));
        }
    }
    for z in 0..sheets {
        let of_sheet = &made[z * rows * columns..(z + 1) * rows * columns];
        let path = numbered(&sheet, z as u32 + 1);
        write(&animation(of_sheet, &sweep), film, &path)?;
        output.file(&path)?;
    }
    Ok(())
}

/// A sheet's runs, with their steps.
fn animation(made: &[Option<Arc<GeneratedImage>>], sweep: &Sweep) -> GridAnimation {
    let cell = |image: &Option<Arc<GeneratedImage>>| {
        let image = image.as_ref()?;
        Some(GridCell {
            trajectory: Arc::clone(&image.trajectory),
            finished: Arc::clone(&image.pixels),
        })
    };
    let labels = |axis: &Axis| (0..axis.values.len()).map(|place| axis.label(place)).collect();
    GridAnimation {
        cells: made
            .chunks(sweep.x.values.len())
            .map(|row| row.iter().map(cell).collect())
            .collect(),
        column_labels: labels(&sweep.x),
        row_labels: sweep.y.as_ref().map(labels).unwrap_or_default(),
    }
}

/// Writes the finished pictures, or all steps as an animation.
fn write(animation: &GridAnimation, film: Option<AnimationFormat>, path: &Path) -> Result<(), CliError> {
    let failed = |error: String| CliError::Failed(format!("{error}: {}", path.display()));
    let Some(format) = film else {
        let sheet = animation.sheet().map_err(|error| failed(error.to_string()))?;
        return Ok(gallery::save_pixels(path, &sheet)?);
    };
    let frames = AnimationWriter {
        plan: AnimationOptions {
            format,
            num_frames: animation.num_frames() as u32,
            frame_ms: FRAME_MS,
            last_ms: LAST_FRAME_MS,
        },
        make: &mut |place| animation.frame(place as usize),
        progress: &mut |_| ControlFlow::Continue(()),
    };
    frames.save(path).map_err(|error| match error {
        AnimationError::Write { .. } => CliError::Failed(error.to_string()),
        other => failed(other.to_string()),
    })
}
