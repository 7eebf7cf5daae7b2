//! The menu that writes what is on the canvas as a film or a sheet, and how far that is.

use egui::{Button, ProgressBar, Ui};

use crate::ui::commands::{ExportKind, UiCommand};
use crate::ui::pages::studio::panel::StudioContext;

/// Width of the menu's button, so that nothing moves when it becomes a bar.
const WIDTH: f32 = 84.0;

/// Lays the menu out, or the bar with its button to stop.
pub(in crate::ui) fn export_menu(ui: &mut Ui, ctx: &StudioContext<'_, '_>) {
    if let Some(exporting) = &ctx.page.exporting {
        let stop = UiCommand::StopExport;
        let response = ui.add(Button::new("×"));
        let response = response.on_hover_text(stop.tooltip(ctx.language, ui.ctx()));
        response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Button, true, stop.name(ctx.language)));
        if response.clicked() {
            ctx.commands.send(stop);
        }
        let bar = ProgressBar::new(exporting.fraction()).show_percentage();
        ui.add(bar.desired_width(WIDTH - 28.0));
        return;
    }
    let has_steps = ctx
        .page
        .timeline
        .as_ref()
        .is_some_and(|timeline| !timeline.steps.is_empty());
    let is_possible = has_steps || ctx.state.shown_sweep().is_some();
    ui.add_enabled_ui(is_possible, |ui| {
        let menu = ui.menu_button(ctx.tr("export-menu"), |ui| {
            for kind in ExportKind::ALL {
                let tip = ctx.tr(&format!("{}.tip", kind.key()));
                if ui.button(ctx.tr(kind.key())).on_hover_text(tip).clicked() {
                    ctx.commands.send(UiCommand::Export(kind));
                    ui.close();
                }
            }
        });
        menu.response.on_hover_text(ctx.tr("export-menu.tip"));
    });
}
