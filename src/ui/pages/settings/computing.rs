//! Device, precision, threads, what is kept of runs.

use egui::{DragValue, Ui, Vec2};

use super::rows::{choice, note, row, switch, title};
use crate::engine;
use crate::job::Precision;
use crate::ui::commands::{SettingsCommand, UiCommand};
use crate::ui::panel::PanelContext;
use crate::ui::widgets::budget_field::budget_field;

/// How the processor is named in the settings.
pub(in crate::ui) const PROCESSOR: &str = "cpu";

/// Lays the part out.
pub(super) fn show(ui: &mut Ui, ctx: &PanelContext<'_>) {
    title(ui, ctx, "settings-computing");
    row(ui, ctx, "settings-device", |ui| device(ui, ctx));
    row(ui, ctx, "form-precision", |ui| precision(ui, ctx));
    row(ui, ctx, "settings-threads", |ui| threads(ui, ctx));
    row(ui, ctx, "kept-budget", |ui| budget(ui, ctx));
    if let Some(is_kept) = switch(ui, ctx, "kept-branches", ctx.settings.keep_branches) {
        ctx.commands.send(UiCommand::KeepBranches(is_kept));
    }
    if let Some(is_kept) = switch(ui, ctx, "kept-attention", ctx.settings.keep_attention) {
        ctx.commands.send(UiCommand::KeepAttention(is_kept));
    }
}

fn device(ui: &mut Ui, ctx: &PanelContext<'_>) {
    let now = ctx.settings.device.as_deref() == Some(PROCESSOR);
    let chosen = choice(ui, ctx, "settings-device", (now, &[false, true]), |is_processor| {
        ctx.tr(if is_processor {
            "settings-device-processor"
        } else {
            "settings-device-best"
        })
    });
    if let Some(is_processor) = chosen {
        let device = is_processor.then(|| PROCESSOR.to_owned());
        let command = SettingsCommand::SetDevice(device);
        ctx.commands.send(UiCommand::Settings(command));
    }
    let name = ctx.state.device.as_ref().map_or("…", |device| device.name);
    note(
        ui,
        ctx,
        ctx.language.tr_with("settings-device-now", &[("device", name)]),
    );
}

fn precision(ui: &mut Ui, ctx: &PanelContext<'_>) {
    let device = ctx.state.device.as_ref();
    let offered: Vec<Precision> = Precision::ALL
        .into_iter()
        .filter(|precision| device.is_none_or(|device| device.supports(*precision)))
        .collect();
    let now = ctx.state.precision;
    let chosen = choice(
        ui,
        ctx,
        "form-precision",
        (now, &offered),
        |precision| match precision {
            Precision::Auto => ctx.tr("precision-auto"),
            Precision::F32 => ctx.tr("precision-f32"),
            Precision::F16 => ctx.tr("precision-f16"),
            Precision::Bf16 => ctx.tr("precision-bf16"),
        },
    );
    if let Some(precision) = chosen {
        ctx.commands.send(UiCommand::SetPrecision(precision));
    }
}

fn threads(ui: &mut Ui, ctx: &PanelContext<'_>) {
    let now = ctx.settings.threads.unwrap_or(0);
    let mut threads = now;
    let automatic = ctx.tr("settings-threads-auto");
    let field = DragValue::new(&mut threads)
        .range(0..=engine::max_threads())
        .speed(0.1)
        .custom_formatter(move |value, _| {
            if value < 1.0 {
                automatic.clone()
            } else {
                format!("{value:.0}")
            }
        });
    let text = ctx.look().text("settings-threads");
    let field = ui.add(field);
    field.accessible_name(&text.name).on_hover_text(&text.tip);
    if threads != now {
        let command = SettingsCommand::SetThreads((threads > 0).then_some(threads));
        ctx.commands.send(UiCommand::Settings(command));
    }
    note(ui, ctx, ctx.tr("settings-after-restart"));
}

fn budget(ui: &mut Ui, ctx: &PanelContext<'_>) {
    let text = ctx.look().text("kept-budget");
    let (field, mib) = budget_field(ui, ctx.settings.trajectory_budget_mib, Vec2::ZERO);
    field.accessible_name(&text.name).on_hover_text(&text.tip);
    if let Some(mib) = mib {
        ctx.commands.send(UiCommand::SetTrajectoryBudget(mib));
    }
}
