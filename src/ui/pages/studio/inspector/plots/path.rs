//! The path of the latents in two dimensions, with those of other runs that began the same way.

use std::sync::Arc;

use egui::{Stroke, Ui, Vec2, Vec2b};
use egui_plot::{Line, Plot, PlotPoint, Points};

use super::chart::{Course, scrub, still};
use crate::job::{GenerateRequest, LatentPlane, StepRecord};
use crate::ui::model::run_timeline::{RunTimeline, Source};
use crate::ui::pages::studio::inspector::shown;
use crate::ui::pages::studio::panel::StudioContext;
use crate::unfold::paths;

/// Height of the plot, in points.
const HEIGHT: f32 = 150.0;
/// Values of each latent that are remembered of a run, left out evenly.
const MAX_VALUES: usize = 512;
/// Runs that are remembered.
const MAX_RUNS: usize = 24;
/// Steps of one run that are drawn; of longer runs they are left out evenly.
const MAX_STEPS: usize = 160;
/// Steps that are drawn in all: the work grows with their square, and the window waits for it.
const MAX_POINTS: usize = 320;

/// Whose path is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Latents {
    /// The noisy latents.
    #[default]
    Noisy,
    /// The estimate of the clean ones.
    Estimate,
}

/// A run that was on the canvas, in short.
struct Sketch {
    source: Source,
    run_id: Option<String>,
    request: GenerateRequest,
    /// The steps by their numbers from 1, with a part of x and of x₀.
    steps: Vec<(usize, [LatentPlane; 2])>,
}

/// The paths of the run that is shown and of those related to it.
#[derive(Default)]
pub(super) struct PathPlot {
    latents: Latents,
    seen: Vec<Sketch>,
    /// That of the run that is shown comes first.
    paths: Vec<Vec<[f64; 2]>>,
}

impl PathPlot {
    /// Takes in the run that is shown; called when it has changed.
    pub(super) fn update(&mut self, timeline: &RunTimeline) {
        let run_id = timeline.record.as_ref().map(|record| record.run_id.clone());
        let run_id = run_id.filter(|id| !id.is_empty());
        let is_same = |seen: &Sketch| match (&seen.run_id, &run_id) {
            (Some(a), Some(b)) => a == b,
            (None, _) => seen.source == timeline.source,
            (Some(_), None) => false,
        };
        let every = timeline.steps.len().div_ceil(MAX_STEPS).max(1);
        self.seen.retain(|seen| !is_same(seen));
        self.seen.truncate(MAX_RUNS - 1);
        let sketch = Sketch {
            source: timeline.source.clone(),
            run_id,
            request: shown::asked(timeline),
            steps: timeline.steps.iter().step_by(every).map(sketch).collect(),
        };
        self.seen.insert(0, sketch);
        self.compute();
    }

    fn compute(&mut self) {
        let Some(shown) = self.seen.first() else {
            return;
        };
        let place = usize::from(self.latents == Latents::Estimate);
        let is_related = |seen: &&Sketch| seen.request.shared_steps(&shown.request) > 0;
        let mut num_points = shown.steps.len();
        let related = self.seen[1..].iter().filter(is_related).take_while(|run| {
            num_points += run.steps.len();
            num_points <= MAX_POINTS
        });
        let runs: Vec<Vec<&LatentPlane>> = std::iter::once(shown)
            .chain(related)
            .map(|run| run.steps.iter().map(|(_, latents)| &latents[place]).collect())
            .collect();
        let wide = |path: Vec<[f32; 2]>| path.into_iter().map(|point| point.map(f64::from)).collect();
        self.paths = paths(&runs).into_iter().map(wide).collect();
    }

    /// Lays it out and sends the step that was clicked.
    pub(super) fn show(&mut self, ui: &mut Ui, ctx: &StudioContext<'_, '_>, course: &Course) {
        let (look, palette) = (ctx.look(), ctx.palette);
        let before = self.latents;
        look.explained_choice(ui, "plot-path", |ui| {
            for (latents, name) in [(Latents::Noisy, "xₜ"), (Latents::Estimate, "x₀")] {
                let choice = ui.selectable_value(&mut self.latents, latents, name);
                let tip = match latents {
                    Latents::Noisy => ctx.tr("plot-path-noisy"),
                    Latents::Estimate => ctx.tr("plot-path-estimate"),
                };
                choice.on_hover_text(&tip).accessible_name(tip);
            }
        });
        if self.latents != before {
            self.compute();
        }
        let is_there = ctx.page.timeline.is_some();
        let paths: &[Vec<[f64; 2]>] = if is_there { &self.paths } else { &[] };
        let numbers: Vec<usize> = match self.seen.first() {
            Some(shown) if is_there => shown.steps.iter().map(|(number, _)| *number).collect(),
            _ => Vec::new(),
        };
        let here = course
            .playhead
            .map(|step| numbers.partition_point(|number| *number < step));
        let here = here.map(|here| here.min(numbers.len().saturating_sub(1)));
        let response = still(Plot::new("path"), palette)
            .height(HEIGHT)
            .data_aspect(1.0)
            .show_axes(Vec2b::FALSE)
            .show_grid(Vec2b::FALSE)
            .set_margin_fraction(Vec2::splat(0.06))
            .include_x(0.0)
            .include_y(0.0)
            .show(ui, |plot| {
                for path in paths.iter().skip(1) {
                    run(plot, path, Stroke::new(1.0, *palette.text_weak), 1.2);
                }
                let Some(path) = paths.first() else {
                    return;
                };
                run(plot, path, Stroke::new(1.5, *palette.text), 1.8);
                if let Some(point) = here.and_then(|here| path.get(here)) {
                    let point = Points::new("", vec![*point]).radius(4.5);
                    plot.points(point.color(*palette.accent).allow_hover(false));
                }
            });
        let at = |position| {
            let path = paths.first()?;
            let distance = |point: &[f64; 2]| {
                let point = PlotPoint::new(point[0], point[1]);
                response.transform.position_from_point(&point).distance(position)
            };
            let near = (0..path.len()).min_by(|a, b| distance(&path[*a]).total_cmp(&distance(&path[*b])))?;
            course.nearest(*numbers.get(near)? as f64)
        };
        let name = look.text("plot-path").name;
        scrub(ui, ctx, &response.response, (&name, course), at);
        let words = ctx.language.tr_count("plot-path-runs", paths.len().saturating_sub(1));
        ui.weak(if paths.len() > 1 { words } else { String::new() });
    }
}

fn run(plot: &mut egui_plot::PlotUi<'_>, path: &[[f64; 2]], stroke: Stroke, radius: f32) {
    plot.line(Line::new("", path.to_vec()).stroke(stroke).allow_hover(false));
    let dots = Points::new("", path.to_vec()).radius(radius);
    plot.points(dots.color(stroke.color).allow_hover(false));
}

fn sketch(step: &Arc<StepRecord>) -> (usize, [LatentPlane; 2]) {
    (step.index + 1, [part(&step.x), part(&step.x0)])
}

/// Some of the values of a latent, as a row.
fn part(plane: &LatentPlane) -> LatentPlane {
    let every = plane.values.len().div_ceil(MAX_VALUES).max(1);
    let values: Vec<f32> = plane.values.iter().step_by(every).copied().collect();
    LatentPlane {
        channels: 1,
        height: 1,
        width: values.len(),
        values,
    }
}
