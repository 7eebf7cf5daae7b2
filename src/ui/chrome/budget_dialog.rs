//! Asks before a smaller budget for runs costs some of them their steps.

use egui::{Id, Modal, Ui};

use crate::ui::commands::UiCommand;
use crate::ui::panel::PanelContext;
use crate::ui::theme::GRID;

/// Width of the question, in points.
const WIDTH: f32 = 380.0;

/// Asks, while there is a question.
pub(super) fn show(ui: &Ui, ctx: &PanelContext<'_>) {
    let Some(report) = ctx.state.budget_question.report() else {
        return;
    };
    let freed_mib = report.bytes_before.saturating_sub(report.bytes_after) as f64 / f64::from(1 << 20);
    let size = [("size", format!("{freed_mib:.0}"))];
    let modal = Modal::new(Id::unique("budget_dialog")).show(ui.ctx(), |ui| {
        ui.set_width(WIDTH);
        ui.heading(ctx.tr("budget-ask"));
        ui.add_space(GRID);
        if !report.dropped.is_empty() {
            ui.label(ctx.language.tr_count("budget-dropped", report.dropped.len()));
        }
        if !report.thinned.is_empty() {
            ui.label(ctx.language.tr_count("budget-thinned", report.thinned.len()));
        }
        ui.label(ctx.language.tr_with("budget-freed", &size));
        ui.add_space(2.0 * GRID);
        ui.horizontal(|ui| {
            let [cancel, agree] = [("budget-cancel", false), ("budget-agree", true)].map(|(key, is_agreed)| {
                let button = ui.button(ctx.tr(key)).on_hover_text(ctx.tr(&format!("{key}.tip")));
                if button.clicked() {
                    ctx.commands.send(UiCommand::AnswerBudget(is_agreed));
                }
                button
            });
            if !cancel.has_focus() && !agree.has_focus() {
                cancel.request_focus(); // where keys go must be seen, and Enter must cost nothing
            }
        });
    });
    if modal.should_close() {
        ctx.commands.send(UiCommand::AnswerBudget(false));
    }
}
