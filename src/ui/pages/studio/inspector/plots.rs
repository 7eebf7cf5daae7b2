//! The run in numbers: noise levels, norms, time, and the path of its latents.

mod chart;
mod path;
mod series;

use egui::Ui;

use self::chart::{Chart, Course};
use self::path::PathPlot;
use self::series::{Series, figures};
use super::shown;
use crate::ui::pages::studio::panel::{Slot, StudioContext, StudioPanel};
use crate::ui::pages::studio::state::StudioState;
use crate::unfold::StepNumbers;

/// Plots the run.
#[derive(Default)]
pub(in crate::ui) struct PlotsPanel {
    series: Series,
    path: PathPlot,
    /// What else the paths depend on: whether the run has its record, and how often it was changed.
    told: Option<(bool, usize)>,
}

impl StudioPanel for PlotsPanel {
    fn id(&self) -> &'static str {
        "plots"
    }

    fn slot(&self) -> Slot {
        Slot::Inspector
    }

    fn ui(&mut self, ui: &mut Ui, ctx: &mut StudioContext<'_, '_>) {
        let timeline = ctx.page.timeline.as_ref();
        let has_new_steps = self.series.update(timeline.map_or(&[], |timeline| &timeline.steps));
        let told = timeline.map(|timeline| (timeline.record.is_some(), timeline.changes.len()));
        if let Some(timeline) = timeline
            && (has_new_steps || self.told != told)
        {
            self.path.update(timeline);
        }
        self.told = told;

        let course = course(ctx.page, ctx.draft.request.steps);
        let here = shown::position(ctx.page).and_then(|at| self.series.numbers().get(at).copied());
        ctx.look().section(ui, "inspector-plots", |ui| {
            if course.steps.is_empty() {
                ui.add(egui::Label::new(egui::RichText::new(ctx.tr("plots-none")).weak()).wrap());
                return;
            }
            for chart in charts(ctx, self.series.numbers(), here, &course) {
                chart.show(ui, ctx);
            }
            self.path.show(ui, ctx, &course);
        });
    }
}

/// What all plots share.
fn course(state: &StudioState, planned: u32) -> Course {
    let Some(timeline) = &state.timeline else {
        return Course {
            total: planned as usize,
            steps: Vec::new(),
            playhead: None,
            changes: Vec::new(),
        };
    };
    let steps: Vec<usize> = timeline.steps.iter().map(|step| step.index + 1).collect();
    let planned = match timeline.sigmas.len() {
        0 | 1 => timeline.request.steps as usize,
        levels => levels - 1,
    };
    Course {
        total: planned.max(steps.last().copied().unwrap_or_default()),
        playhead: shown::position(state).and_then(|at| steps.get(at).copied()),
        steps,
        changes: timeline.changes.iter().map(|change| change.step as usize + 1).collect(),
    }
}

fn charts<'a>(
    ctx: &StudioContext<'_, '_>,
    numbers: &[StepNumbers],
    here: Option<StepNumbers>,
    course: &'a Course,
) -> [Chart<'a>; 5] {
    let line = |value: fn(&StepNumbers) -> Option<f64>| -> Vec<[f64; 2]> {
        let points = numbers.iter().map(|step| Some([(step.index + 1) as f64, value(step)?]));
        points.flatten().collect()
    };
    let readout = |value: fn(&StepNumbers) -> Option<f64>| {
        here.and_then(|here| value(&here))
            .filter(|value| value.is_finite())
            .map_or_else(String::new, figures)
    };
    let chart = |key, value| Chart {
        key,
        lines: vec![line(value)],
        is_log: false,
        readout: readout(value),
        missing: None,
        course,
    };
    let noise = chart("plot-noise", |step| step.noise);
    let change = chart("plot-change", |step| step.moved);
    let secs = chart("plot-secs", |step| Some(step.secs));
    let mut guidance = chart("plot-guidance", |step| step.guidance);
    if guidance.lines[0].is_empty() && !numbers.is_empty() {
        guidance.missing = Some(ctx.tr("plot-guidance-none"));
    }
    let levels = match readout(|step| Some(step.sigma)) {
        sigma if sigma.is_empty() => sigma,
        sigma => format!("σ {sigma} · SNR {}", readout(|step| Some(step.snr))),
    };
    let levels = Chart {
        key: "plot-sigma",
        lines: vec![line(|step| Some(step.sigma)), line(|step| Some(step.snr))],
        is_log: true,
        readout: levels,
        missing: None,
        course,
    };
    [levels, noise, guidance, change, secs]
}
