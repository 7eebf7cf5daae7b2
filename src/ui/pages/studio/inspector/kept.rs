//! What is kept of runs: how much room the one on the canvas takes, and how much there is.

use egui::{Ui, vec2};

use crate::ui::commands::UiCommand;
use crate::ui::model::run_timeline::RunTimeline;
use crate::ui::pages::studio::panel::{Slot, StudioContext, StudioPanel};
use crate::ui::theme::ROW_HEIGHT;
use crate::ui::widgets::budget_field::budget_field;

/// Bytes of a value in single precision: latents.
const SINGLE: usize = 4;
/// Bytes of a value in half precision: what is kept for views only.
const HALF: usize = 2;

/// Says what is kept.
pub(in crate::ui) struct KeptPanel;

impl StudioPanel for KeptPanel {
    fn id(&self) -> &'static str {
        "kept"
    }

    fn slot(&self) -> Slot {
        Slot::Inspector
    }

    fn ui(&mut self, ui: &mut Ui, ctx: &mut StudioContext<'_, '_>) {
        let sizes = ctx.page.timeline.as_ref().map(Sizes::of);
        ctx.look().section(ui, "inspector-kept", |ui| {
            let words = match &sizes {
                Some(sizes) => ctx.language.tr_with("kept-size", &[("size", &mib(sizes.total()))]),
                None => ctx.tr("kept-none"),
            };
            ui.label(words).on_hover_text(ctx.tr("kept-size.tip"));
            let part = |bytes: Option<usize>| bytes.filter(|bytes| *bytes > 0).map(mib);
            let (branches, attention) = (
                part(sizes.as_ref().map(|sizes| sizes.branches)),
                part(sizes.as_ref().map(|sizes| sizes.attention)),
            );
            if let Some(is_kept) = switch(ui, ctx, "kept-branches", ctx.settings.keep_branches, branches) {
                ctx.commands.send(UiCommand::KeepBranches(is_kept));
            }
            if let Some(is_kept) = switch(ui, ctx, "kept-attention", ctx.settings.keep_attention, attention) {
                ctx.commands.send(UiCommand::KeepAttention(is_kept));
            }
            budget(ui, ctx);
        });
    }
}

/// Bytes that a run takes in its file, without the few that say what it is.
#[derive(Debug, PartialEq, Eq)]
struct Sizes {
    /// x and x₀ of each step, and the result.
    latents: usize,
    /// ε under each prompt alone.
    branches: usize,
    /// Maps of the tokens.
    attention: usize,
}

impl Sizes {
    fn of(timeline: &RunTimeline) -> Self {
        let steps = || timeline.steps.iter();
        let result = timeline
            .final_latents
            .as_ref()
            .map_or(0, |latents| latents.values.len());
        let latents: usize = steps().map(|step| step.x.values.len() + step.x0.values.len()).sum();
        let both = steps().filter_map(|step| step.branches.as_ref());
        let branches = both.map(|both| {
            let uncond = both.uncond.as_ref().map_or(0, |uncond| uncond.values.len());
            both.cond.values.len() + uncond
        });
        let maps = steps().flat_map(|step| &step.attention).map(|maps| maps.values.len());
        Self {
            latents: SINGLE * (latents + result),
            branches: HALF * branches.sum::<usize>(),
            attention: HALF * maps.sum::<usize>(),
        }
    }

    fn total(&self) -> usize {
        self.latents + self.branches + self.attention
    }
}

/// A number of bytes as MiB, in two figures at least.
fn mib(bytes: usize) -> String {
    let mib = bytes as f64 / f64::from(1 << 20);
    if mib < 10.0 {
        format!("{mib:.2}")
    } else {
        format!("{mib:.0}")
    }
}

/// A box with how much the thing takes now; tells if it was clicked.
fn switch(ui: &mut Ui, ctx: &StudioContext<'_, '_>, key: &str, is_on: bool, size: Option<String>) -> Option<bool> {
    let text = ctx.look().text(key);
    let mut is_kept = is_on;
    let response = ui
        .horizontal(|ui| {
            let response = ui.checkbox(&mut is_kept, &text.name);
            if let Some(size) = size {
                ui.weak(ctx.language.tr_with("kept-part", &[("size", &size)]));
            }
            response
        })
        .inner;
    response.on_hover_text(&text.tip);
    (is_kept != is_on).then_some(is_kept)
}

fn budget(ui: &mut Ui, ctx: &StudioContext<'_, '_>) {
    let text = ctx.look().text("kept-budget");
    let mib = ui.horizontal(|ui| {
        ui.label(&text.name).on_hover_text(&text.tip);
        let (field, mib) = budget_field(ui, ctx.settings.trajectory_budget_mib, vec2(92.0, ROW_HEIGHT));
        field.accessible_name(&text.name).on_hover_text(&text.tip);
        mib
    });
    if let Some(mib) = mib.inner {
        ctx.commands.send(UiCommand::SetTrajectoryBudget(mib));
    }
}
