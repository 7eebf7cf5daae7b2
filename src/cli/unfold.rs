//! `hareru unfold`: the steps of a kept run as an animation or a contact sheet.

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::CliError;
use super::output::Output;
use super::progress::Progress;
use super::record_files::RecordFilesArgs;
use super::unfold_views::{DECODERS, StepRenderer, ViewName};
use super::values::one_of;
use crate::config::KnownFolders;
use crate::gallery;
use crate::job::{PreviewMode, StepRecord, Trajectory};
use crate::unfold::{
    AnimationError, AnimationFormat, AnimationOptions, AnimationWriter, ContactSheetError, check_contact_sheet,
    contact_sheet,
};

/// How long the last frame of an animation is held, in milliseconds.
const LAST_FRAME_MS: u32 = 2000;
/// Frames per second that an animation may have.
const FPS: std::ops::RangeInclusive<f64> = 0.1..=50.0;
/// Longest width of a frame in pixels.
const MAX_WIDTH_PX: i64 = 8192;

/// Arguments of `hareru unfold`.
#[derive(Debug, clap::Args)]
pub(super) struct UnfoldArgs {
    /// Picture whose steps were kept beside it
    picture: PathBuf,

    /// What is seen of each step: x0, xt, noise, uncond, cond, guidance, difference or attention:WORD
    #[arg(long, default_value = "x0")]
    view: ViewName,

    /// What is seen beside it
    #[arg(long, value_name = "VIEW")]
    second: Option<ViewName>,

    /// Frames per second of an animation
    #[arg(long, default_value_t = 8.0, value_parser = parse_fps)]
    fps: f64,

    /// Steps to show, from 0: from A on and before B; either may be left out
    #[arg(long, value_name = "A..B", value_parser = parse_steps)]
    steps: Option<Steps>,

    /// Writes a contact sheet instead of an animation, of so many steps, spread evenly
    #[arg(long, value_name = "COLSxROWS", value_parser = parse_grid)]
    sheet: Option<(usize, usize)>,

    /// Width of each picture in pixels; by default that of the finished one
    #[arg(long, value_name = "PX", value_parser = clap::value_parser!(u32).range(8..=MAX_WIDTH_PX))]
    width: Option<u32>,

    /// What makes pictures of latents; heat maps need none
    #[arg(long, value_parser = one_of(DECODERS), default_value = "linear")]
    decoder: PreviewMode,

    #[command(flatten)]
    record_files: RecordFilesArgs,

    /// File to write: .gif, .webp or .png (an animated one, or the contact sheet)
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
}

/// Which steps: from the first on, before the second.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Steps {
    from: usize,
    before: Option<usize>,
}

impl Steps {
    fn has(self, index: usize) -> bool {
        index >= self.from && self.before.is_none_or(|before| index < before)
    }
}

/// Writes the animation or the sheet and says its name.
pub(super) fn run(args: &UnfoldArgs, output: Output, known: &KnownFolders) -> Result<(), CliError> {
    let format = args.format()?;
    args.check_files()?;
    let picture = gallery::read_picture(&args.picture)?;
    let trajectory = gallery::read_run(&args.picture)?.trajectory;
    let file = gallery::trajectory_path(&args.picture);

    let width = args.width.unwrap_or(picture.width_px);
    let height = u64::from(width) * u64::from(picture.height_px) / u64::from(picture.width_px.max(1));
    let names: Vec<&ViewName> = [Some(&args.view), args.second.as_ref()].into_iter().flatten().collect();
    let mut renderer = StepRenderer::new(&trajectory, &names, args.decoder, (width, height.max(1) as u32))
        .map_err(|why| at_file(&why, &file))?;
    let left_out = renderer.take_visible(args.chosen(&trajectory, &file)?);
    match (&left_out, renderer.num_steps()) {
        (Some((_, why)), 0) => return Err(at_file(why, &file)),
        (Some((number, why)), _) => output.warn(&format!("{number} steps are left out, as {why}: {}", file.display())),
        (None, _) => {}
    }
    renderer.start(&args.picture, |request| {
        args.record_files.check(&args.picture, request, known)
    })?;

    match args.sheet {
        Some((columns, rows)) => {
            args.write_sheet(&spread(renderer.num_steps(), columns * rows), columns, &mut renderer)?;
        }
        None => args.write_animation(format, &mut renderer)?,
    }
    output.line(&args.out.display().to_string())?;
    Ok(())
}

fn at_file(why: &dyn std::fmt::Display, file: &Path) -> CliError {
    CliError::Failed(format!("{why}: {}", file.display()))
}

impl UnfoldArgs {
    /// What the name says; the format of a sheet is not looked at.
    fn format(&self) -> Result<AnimationFormat, CliError> {
        let found = AnimationFormat::of_path(&self.out);
        let expected = match (found, self.sheet) {
            (Some(format), None) | (Some(format @ AnimationFormat::Apng), Some(_)) => return Ok(format),
            (_, Some(_)) => "a contact sheet is written as PNG, so the name must end in .png",
            (None, None) => "expected a name that ends in .gif, .webp or .png",
        };
        Err(CliError::Usage(format!("{expected}: {}", self.out.display())))
    }

    /// An error now is better than one after the work.
    fn check_files(&self) -> Result<(), CliError> {
        let out = self.out.display();
        if self.out.is_dir() {
            return Err(CliError::Usage(format!(
                "expected a file to write, found a folder: {out}"
            )));
        }
        let same = |path: &Path| path.canonicalize().ok();
        if same(&self.out).is_some_and(|path| same(&self.picture) == Some(path)) {
            return Err(CliError::Usage(format!("the picture itself would be replaced: {out}")));
        }
        let folder = self.out.parent().filter(|folder| !folder.as_os_str().is_empty());
        match folder {
            Some(folder) if !folder.is_dir() => {
                Err(CliError::Failed(format!("there is no such folder to write to: {out}")))
            }
            _ => Ok(()),
        }
    }

    fn chosen(&self, trajectory: &Trajectory, file: &Path) -> Result<Vec<Arc<StepRecord>>, CliError> {
        let all = &trajectory.steps;
        let is_chosen = |step: &&Arc<StepRecord>| self.steps.is_none_or(|steps| steps.has(step.index));
        let chosen: Vec<Arc<StepRecord>> = all.iter().filter(is_chosen).cloned().collect();
        if !chosen.is_empty() {
            return Ok(chosen);
        }
        let found = match (all.first(), all.last()) {
            (Some(first), Some(last)) => format!("steps {} to {}", first.index, last.index),
            _ => "no steps".to_owned(),
        };
        Err(at_file(
            &format!("none of these steps is kept; there are {found}"),
            file,
        ))
    }

    fn write_animation(&self, format: AnimationFormat, renderer: &mut StepRenderer) -> Result<(), CliError> {
        let num_frames = renderer.num_steps() as u32; // a run has 2000 steps at most
        let progress = Progress::new(true, 1, num_frames);
        let frames = AnimationWriter {
            plan: AnimationOptions {
                format,
                num_frames,
                frame_ms: (1000.0 / self.fps).round() as u32,
                last_ms: LAST_FRAME_MS,
            },
            make: &mut |index| renderer.picture(index as usize),
            progress: &mut |done| {
                progress.frame(done, num_frames);
                ControlFlow::Continue(())
            },
        };
        frames.save(&self.out).map_err(|error| match error {
            AnimationError::Frame(error) => error,
            AnimationError::Write { .. } => CliError::Failed(error.to_string()),
            other => at_file(&other, &self.out),
        })
    }

    /// * `places`: of the steps that are on the sheet.
    fn write_sheet(&self, places: &[usize], columns: usize, renderer: &mut StepRenderer) -> Result<(), CliError> {
        let refused = |error: ContactSheetError| at_file(&error, &self.out);
        check_contact_sheet(renderer.frame_size(), places.len(), columns).map_err(refused)?;
        let progress = Progress::new(true, 1, places.len() as u32);
        let mut cells = Vec::with_capacity(places.len());
        for place in places {
            let step = renderer.step(*place);
            let caption = format!("step {}   σ {}", step.index, short(step.sigma));
            cells.push((renderer.picture(*place)?, caption));
            progress.frame(cells.len() as u32, places.len() as u32);
        }
        let sheet = contact_sheet(&cells, columns).map_err(refused)?;
        Ok(gallery::save_pixels(&self.out, &sheet)?)
    }
}

/// Places of some of `count` steps, evenly, the first and the last among them.
fn spread(count: usize, number: usize) -> Vec<usize> {
    let last = count.saturating_sub(1);
    let number = number.min(count);
    let gaps = number.saturating_sub(1).max(1);
    (0..number).map(|place| (place * last + gaps / 2) / gaps).collect()
}

/// Some three digits.
fn short(sigma: f64) -> String {
    match sigma {
        10.0.. => format!("{sigma:.1}"),
        1.0.. => format!("{sigma:.2}"),
        _ => format!("{sigma:.3}"),
    }
}

fn parse_fps(text: &str) -> Result<f64, String> {
    let fps = text.trim().parse().ok().filter(|fps| FPS.contains(fps));
    fps.ok_or_else(|| format!("expected {} to {} frames per second", FPS.start(), FPS.end()))
}

fn parse_steps(text: &str) -> Result<Steps, String> {
    let number = |text: &str| match text.trim() {
        "" => Some(None),
        number => number.parse().ok().map(Some),
    };
    let ends = text
        .split_once("..")
        .and_then(|(from, before)| Some((number(from)?, number(before)?)));
    let steps = ends.map(|(from, before)| Steps {
        from: from.unwrap_or_default(),
        before,
    });
    steps
        .filter(|steps| steps.before.is_none_or(|before| before > steps.from))
        .ok_or_else(|| "expected A..B with A below B, e.g. 0..10, 5.. or ..10".to_owned())
}

fn parse_grid(text: &str) -> Result<(usize, usize), String> {
    let number = |text: &str| text.trim().parse().ok().filter(|number| (1..=1000).contains(number));
    text.split_once(['x', 'X', '×'])
        .and_then(|(columns, rows)| Some((number(columns)?, number(rows)?)))
        .ok_or_else(|| "expected COLUMNSxROWS, e.g. 5x5".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_should_be_two_ends_of_which_either_may_be_missing() {
        let steps = |from, before| Ok(Steps { from, before });
        assert_eq!(parse_steps("3..7"), steps(3, Some(7)));
        assert_eq!(parse_steps("3.."), steps(3, None));
        assert_eq!(parse_steps("..7"), steps(0, Some(7)));
        assert_eq!(parse_steps(".."), steps(0, None));
        for bad in ["", "3", "7..3", "3..3", "a..b", "-1..3", "1...3"] {
            assert!(parse_steps(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn grids_and_speeds_should_be_within_their_ranges() {
        assert_eq!(parse_grid("5x3"), Ok((5, 3)));
        for bad in ["", "5", "0x3", "5x", "5x9999"] {
            assert!(parse_grid(bad).is_err(), "{bad:?}");
        }
        assert_eq!(parse_fps("12.5"), Ok(12.5));
        for bad in ["", "0", "-1", "NaN", "inf", "51"] {
            assert!(parse_fps(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn spread_steps_should_have_both_ends() {
        let spread = |number| spread(25, number);
        assert_eq!(spread(3), [0, 12, 24]);
        assert_eq!(spread(6), [0, 5, 10, 14, 19, 24]);
        assert_eq!(spread(1), [0]);
        assert_eq!(spread(99), (0..25).collect::<Vec<_>>());
    }
}
