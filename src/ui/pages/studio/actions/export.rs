//! Writing what is on the canvas as a film or a sheet.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::job::Axis;
use crate::ui::commands::ExportKind;
use crate::ui::model::notifications::{Level, Text};
use crate::ui::model::state::{AppState, file_name};
use crate::ui::model::sweeping::Sweeping;
use crate::ui::page::PageContext;
use crate::ui::pages::studio::exporting::{Animation, Exporting};
use crate::ui::pages::studio::sweep::draft::value_words;
use crate::ui::pages::studio::{StudioPage, StudioState};
use crate::unfold::{GridAnimation, GridCell, RunAnimation};

/// Begins to write a file into the gallery's folder, or beside the picture that is shown.
pub(super) fn start(page: &mut StudioPage, ctx: &mut PageContext<'_>, kind: ExportKind) {
    if page.state.exporting.is_some() {
        return;
    }
    let state = &page.state;
    let (reel, stem) = match ctx.state.shown_sweep() {
        Some(sweeping) => (Animation::Grid(grid(sweeping)), "sweep".to_owned()),
        None => match run(state, ctx.state) {
            Some((run, stem)) => (Animation::Run(run), stem),
            None => return,
        },
    };
    let beside = state.shown_path().and_then(Path::parent).map(Path::to_owned);
    let folder = beside.unwrap_or_else(|| ctx.services.gallery_dir.clone());
    let repaint = Arc::clone(&ctx.services.repaint);
    match Exporting::start(reel, kind, (folder, stem), move || repaint()) {
        Ok(exporting) => page.state.exporting = Some(exporting),
        Err(error) => failed(ctx, error.to_string()),
    }
}

/// Asks the file in the making to stop.
pub(super) fn stop(page: &StudioPage) {
    if let Some(exporting) = &page.state.exporting {
        exporting.stop();
    }
}

/// Tells of a file that is done.
pub(in crate::ui) fn poll(page: &mut StudioPage, ctx: &mut PageContext<'_>) {
    let Some(exporting) = &page.state.exporting else {
        return;
    };
    let Some(answer) = exporting.poll() else { return };
    let is_stopped = exporting.is_stopped();
    page.state.exporting = None;
    match answer {
        Ok(path) => {
            let values = [("file", file_name(&path))];
            ctx.state.notices.notify(Level::Info, Text::new("export-done", values));
        }
        Err(_) if is_stopped => {}
        Err(reason) => failed(ctx, reason),
    }
}

fn failed(ctx: &mut PageContext<'_>, reason: String) {
    let text = Text::new("export-failed", [("reason", reason)]);
    ctx.state.notices.notify(Level::Error, text);
}

/// The run on the canvas in the views it is looked at, and a name for it.
fn run(state: &StudioState, app: &AppState) -> Option<(RunAnimation, String)> {
    let timeline = state.timeline.as_ref().filter(|timeline| !timeline.steps.is_empty())?;
    let opened = state
        .opened
        .as_ref()
        .filter(|opened| state.shown_path() == Some(&opened.path));
    let live = app.run.as_ref().and_then(|run| run.image.as_ref());
    let finished = match state.shown_path() {
        Some(_) => opened.map(|opened| &opened.pixels),
        None => live,
    };
    let request = &timeline.request;
    let stem = state.shown_path().and_then(Path::file_stem).map(PathBuf::from);
    let stem = stem.map_or_else(|| format!("seed-{}", request.seed), |stem| stem.display().to_string());
    let pictures = timeline
        .steps
        .iter()
        .map(|step| timeline.pictures.get(step.index).cloned());
    let reel = RunAnimation {
        decoded: pictures.collect(),
        steps: timeline.steps.clone(),
        final_latents: timeline.final_latents.clone(),
        colours: timeline.colours.clone(),
        tokens: Arc::clone(&timeline.tokens),
        views: std::iter::once(state.views.first).chain(state.views.second).collect(),
        size_px: finished.map_or((request.width_px, request.height_px), |picture| {
            (picture.width_px, picture.height_px)
        }),
        finished: finished.cloned(),
    };
    Some((reel, stem))
}

/// The sheet of a sweep that is shown.
fn grid(sweeping: &Sweeping) -> GridAnimation {
    let [columns, rows, _] = sweeping.sweep.size();
    let cell = |place| {
        let (_, cell) = sweeping.at(place)?;
        let (kept, image) = (cell.kept.as_ref()?, cell.image.as_ref()?);
        Some(GridCell {
            trajectory: Arc::clone(&kept.trajectory),
            finished: Arc::clone(image),
        })
    };
    let labels = |axis: Option<&Axis>| -> Vec<String> {
        axis.map_or_else(Vec::new, |axis| {
            axis.values
                .iter()
                .map(|value| value_words(value, &axis.field))
                .collect()
        })
    };
    GridAnimation {
        cells: (0..rows)
            .map(|y| (0..columns).map(|x| cell([x, y, sweeping.sheet])).collect())
            .collect(),
        column_labels: labels(Some(&sweeping.sweep.x)),
        row_labels: labels(sweeping.sweep.y.as_ref()),
    }
}
