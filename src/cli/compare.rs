//! `hareru compare`: in what two pictures differ.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::{Value, json};

use super::CliError;
use super::output::Output;
use crate::gallery::{self, GalleryError};
use crate::job::{Parting, Record, RgbImage, SettingRow, Trajectory, settings_that_differ};
use crate::unfold::Similarity;

/// Arguments of `hareru compare`.
#[derive(Debug, clap::Args)]
pub(super) struct CompareArgs {
    /// Picture
    a: PathBuf,

    /// Picture to hold against it
    b: PathBuf,

    /// One JSON object instead of lines
    #[arg(long)]
    pub(super) json: bool,
}

/// What is known of one picture.
struct Side {
    picture: RgbImage,
    /// `None` if the file says nothing of how it was made.
    record: Option<Record>,
    /// `None` if no steps were kept.
    trajectory: Option<Arc<Trajectory>>,
}

impl Side {
    /// Reads all that there is; what is there and cannot be read is an error.
    fn read(path: &Path) -> Result<Self, GalleryError> {
        let picture = gallery::read_picture(path)?;
        let record = match gallery::read_record(path) {
            Ok(record) => Some(record),
            Err(error) if is_without_record(&error) => None,
            Err(error) => return Err(error),
        };
        let has_steps = gallery::trajectory_path(path).exists();
        let run = has_steps.then(|| gallery::read_run(path)).transpose()?;
        Ok(Self {
            picture,
            record,
            trajectory: run.map(|run| run.trajectory),
        })
    }
}

/// Whether a picture that could be read says nothing of how it was made.
fn is_without_record(error: &GalleryError) -> bool {
    matches!(error, GalleryError::NoRecord { .. } | GalleryError::Container { .. })
}

/// Says in what two pictures differ.
pub(super) fn run(args: &CompareArgs, output: Output) -> Result<(), CliError> {
    let (a, b) = (Side::read(&args.a)?, Side::read(&args.b)?);
    let similarity = Similarity::of(&a.picture, &b.picture);
    let settings = match (&a.record, &b.record) {
        (Some(a), Some(b)) => Some(settings_that_differ(&[Some(a), Some(b)])),
        _ => None,
    };
    let parting = match (&a.trajectory, &b.trajectory) {
        (Some(a), Some(b)) => {
            let results = [a, b].map(|run| Some(&run.final_latents));
            let [a, b] = [a, b].map(|run| run.steps.iter().map(AsRef::as_ref));
            Some(Parting::of(a, b, results))
        }
        _ => None,
    };
    let of_side = |path: &Path, side: &Side| {
        json!({
            "path": path,
            "width_px": side.picture.width_px,
            "height_px": side.picture.height_px,
            "has_record": side.record.is_some(),
            "has_run": side.trajectory.is_some(),
        })
    };
    output.json(&json!({
        "a": of_side(&args.a, &a),
        "b": of_side(&args.b, &b),
        "settings": settings.as_ref().map(|rows| rows.iter().map(row_json).collect::<Vec<_>>()),
        "is_identical": a.picture == b.picture,
        "psnr_db": similarity.map(|one| one.psnr_db).filter(|psnr| psnr.is_finite()),
        "ssim": similarity.and_then(|one| one.ssim),
        "max_difference": similarity.map(|one| one.max_difference),
        "runs": match parting {
            None => "missing",
            Some(Parting::Unknown) => "no common step",
            Some(Parting::Never) => "same",
            Some(Parting::From(_)) => "part",
        },
        "part_from_step": parting.and_then(Parting::step),
    }))?;
    if !output.is_json() {
        show(output, [&a, &b], settings.as_deref(), (similarity, parting))?;
    }
    Ok(())
}

fn row_json(row: &SettingRow) -> Value {
    json!({ "field": row.field, "step": row.step, "a": row.values[0], "b": row.values[1] })
}

/// The same for people.
fn show(
    output: Output,
    sides: [&Side; 2],
    settings: Option<&[SettingRow]>,
    (similarity, parting): (Option<Similarity>, Option<Parting>),
) -> Result<(), CliError> {
    let [a, b] = sides.map(|side| format!("{}×{}", side.picture.width_px, side.picture.height_px));
    match similarity {
        None => output.line(&format!("sizes: {a} and {b}, which have no PSNR"))?,
        Some(_) if sides[0].picture == sides[1].picture => {
            output.line(&format!("size: {a}; the pixels are the same"))?;
        }
        Some(one) => {
            let ssim = one.ssim.map_or_else(|| "–".to_owned(), |ssim| format!("{ssim:.4}"));
            output.line(&format!(
                "size: {a}; PSNR {:.2} dB, SSIM {ssim}, largest difference {}",
                one.psnr_db, one.max_difference
            ))?;
        }
    }
    output.line(&match parting {
        None => "runs: not both were kept".to_owned(),
        Some(Parting::Unknown) => "runs: no step was kept of both".to_owned(),
        Some(Parting::Never) => "runs: the same at every step".to_owned(),
        Some(Parting::From(step)) => format!("runs: part from step {step} on"),
    })?;
    match settings {
        None => output.line("settings: not both pictures say how they were made")?,
        Some([]) => output.line("settings: the same")?,
        Some(rows) => {
            for row in rows {
                let from = row
                    .step
                    .map_or_else(String::new, |step| format!(" (from step {step} on)"));
                let [a, b] = [0, 1].map(|side| {
                    if row.values[side].is_empty() {
                        "–"
                    } else {
                        &row.values[side]
                    }
                });
                output.line(&format!("{}{from}: {a} → {b}", row.field))?;
            }
        }
    }
    Ok(())
}
