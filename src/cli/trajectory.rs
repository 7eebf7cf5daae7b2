//! `hareru trajectory`: the steps of a kept run in numbers.

use std::path::PathBuf;

use serde_json::{Value, json};

use super::CliError;
use super::output::Output;
use crate::gallery::{self, GalleryError};
use crate::job::{Change, KeptRun, Record, Trajectory};
use crate::unfold::{StepNumbers, numbers};

/// Arguments of `hareru trajectory`.
#[derive(Debug, clap::Args)]
pub(super) struct TrajectoryArgs {
    /// Picture whose steps were kept beside it
    picture: PathBuf,

    /// One JSON object instead of a table
    #[arg(long)]
    pub(super) json: bool,
}

/// Prints what is kept beside a picture.
pub(super) fn run(args: &TrajectoryArgs, output: Output) -> Result<(), CliError> {
    let file = gallery::trajectory_path(&args.picture);
    let KeptRun { record, trajectory } = gallery::read_run(&args.picture)?;
    let size_bytes = std::fs::metadata(&file)
        .map_err(|source| GalleryError::Read {
            path: file.clone(),
            source,
        })?
        .len();
    let rows = numbers(trajectory.steps.iter().map(AsRef::as_ref));
    let summary = json!({
        "picture": args.picture,
        "file": file,
        "size_bytes": size_bytes,
        "run_id": record.run_id,
        "seed": trajectory.seed,
        "latents": {
            "channels": trajectory.final_latents.channels,
            "height": trajectory.final_latents.height,
            "width": trajectory.final_latents.width,
        },
        "sigmas": trajectory.sigmas,
        "timesteps": trajectory.timesteps,
        "steps": rows.iter().map(row_json).collect::<Vec<_>>(),
        "events": record.request.all_changes(),
        "tokens": trajectory.tokens,
        "kept": kept(&trajectory),
    });
    output.json(&summary)?;
    if !output.is_json() {
        show(output, &trajectory, &record, size_bytes, &rows)?;
    }
    Ok(())
}

fn row_json(row: &StepNumbers) -> Value {
    json!({
        "index": row.index,
        "sigma": row.sigma,
        "timestep": row.timestep,
        "snr": row.snr,
        "noise_norm": row.noise,
        "guidance_norm": row.guidance,
        "x0_change_norm": row.moved,
        "secs": row.secs,
    })
}

/// At how many steps each part is there.
fn kept(trajectory: &Trajectory) -> Value {
    let steps = &trajectory.steps;
    let cond = steps.iter().filter(|step| step.branches.is_some()).count();
    let uncond = steps
        .iter()
        .filter_map(|step| step.branches.as_ref()?.uncond.as_ref())
        .count();
    let attention = steps.iter().filter(|step| !step.attention.is_empty()).count();
    json!({
        "steps": steps.len(),
        "cond": cond,
        "uncond": uncond,
        "attention": attention,
        "colours": trajectory.colours.is_some(),
    })
}

/// The same for people.
fn show(
    output: Output,
    trajectory: &Trajectory,
    record: &Record,
    size_bytes: u64,
    rows: &[StepNumbers],
) -> Result<(), CliError> {
    let mut parts = Vec::new();
    if let Value::Object(kept) = kept(trajectory) {
        for (name, number) in kept.iter().filter(|(name, _)| *name != "colours") {
            parts.push(format!("{name} {number}"));
        }
    }
    output.line(&format!(
        "{:.1} MB, kept: {}",
        size_bytes as f64 / 1e6,
        parts.join(", ")
    ))?;
    for change in record.request.all_changes() {
        output.line(&format!("from step {} on: {}", change.step, changed(&change)))?;
    }
    output.line("step       σ     ‖ε‖  ‖cond−uncond‖  ‖Δx₀‖     s")?;
    let cell = |value: Option<f64>, width: usize| {
        value.map_or_else(|| format!("{:>width$}", "–"), |value| format!("{value:>width$.3}"))
    };
    for row in rows {
        output.line(&format!(
            "{:>4} {:>7.3} {} {} {} {:>5.2}",
            row.index,
            row.sigma,
            cell(row.noise, 7),
            cell(row.guidance, 14),
            cell(row.moved, 6),
            row.secs
        ))?;
    }
    Ok(())
}

/// What a change changes, without its step.
fn changed(change: &Change) -> String {
    match serde_json::to_value(change) {
        Ok(Value::Object(fields)) => {
            let fields = fields.iter().filter(|(name, _)| *name != "step");
            let fields: Vec<String> = fields.map(|(name, value)| format!("{name} {value}")).collect();
            fields.join(", ")
        }
        _ => String::new(),
    }
}
