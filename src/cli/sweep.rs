//! `hareru sweep`: one request in many ways, on one labelled sheet.

use std::path::PathBuf;
use std::sync::Arc;

use serde_json::json;

use super::CliError;
use super::args::GenerateArgs;
use super::generate::{Destination, describe, follow};
use super::output::Output;
use crate::engine::{EngineHandle, EngineOptions};
use crate::gallery;
use crate::job::{Axis, GeneratedImage, JobOptions, KeptRun, Sweep, SweepError, longest_start};
use crate::unfold;

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
    let Some(sheet) = args.base.out.clone() else {
        return Err(CliError::Usage("a sweep needs --out FILE for its sheet".to_owned()));
    };
    Destination::File(sheet.clone()).check_writable()?;
    let cells = Destination::Gallery(cells_dir);
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
        follow(&engine, job, (1, steps), output, &mut |_| Ok(()), &mut |image| {
            let path = cells.save(image)?;
            made[place] = Some(Arc::new(image.clone()));
            Ok(vec![path])
        })?;
        if let Some(image) = &made[place] {
            kept.push(Arc::new(KeptRun {
                record: image.record.clone(),
                trajectory: Arc::clone(&image.trajectory),
            }));
        }
    }
    let labels = |axis: Option<&Axis>| -> Vec<String> {
        axis.map_or_else(Vec::new, |axis| {
            (0..axis.values.len()).map(|place| axis.label(place)).collect()
        })
    };
    for z in 0..sheets {
        let of_sheet = &made[z * rows * columns..(z + 1) * rows * columns];
        let pictures: Vec<Vec<_>> = of_sheet
            .chunks(columns)
            .map(|row| {
                row.iter()
                    .map(|image| image.as_ref().map(|image| image.pixels.clone()))
                    .collect()
            })
            .collect();
        let grid = unfold::labelled_grid(&pictures, &labels(Some(&sweep.x)), &labels(sweep.y.as_ref()))
            .map_err(|error| CliError::Failed(error.to_string()))?;
        let path = super::generate::numbered(&sheet, z as u32 + 1);
        gallery::save_pixels(&path, &grid)?;
        output.file(&path)?;
    }
    Ok(())
}
