//! Why the run on the canvas could not be done, and what to do next.

use std::path::PathBuf;

use egui::{Align, Frame, Label, Layout, Margin, Rect, RichText, Stroke, Ui, UiBuilder};

use crate::job::JobError;
use crate::ui::commands::UiCommand;
use crate::ui::model::jobs::JobStatus;
use crate::ui::model::state::{EngineStatus, View};
use crate::ui::pages::studio::panel::StudioContext;

/// Largest width of the card, in points.
const WIDTH: f32 = 460.0;
/// Its room, in points: it grows upwards from the foot of the canvas.
const HEIGHT: f32 = 120.0;

/// Why the run on the canvas failed, if it did.
pub(in crate::ui) fn error_of<'a>(ctx: &StudioContext<'a, '_>) -> Option<&'a JobError> {
    let state = ctx.shared.state;
    match &state.run.as_ref()?.status {
        JobStatus::Failed(error) if state.engine == EngineStatus::Running && ctx.page.view == View::Live => Some(error),
        _ => None,
    }
}

/// Whether the run on the canvas failed.
pub(super) fn is_failed(ctx: &StudioContext<'_, '_>) -> bool {
    error_of(ctx).is_some()
}

/// Says it over the foot of the canvas, so that the picture of before is still seen.
pub(super) fn card(ui: &mut Ui, ctx: &StudioContext<'_, '_>, body: Rect) {
    let Some(error) = error_of(ctx) else {
        return;
    };
    let room = body.shrink(12.0);
    let width = room.width().min(WIDTH);
    let left = room.center().x - width / 2.0;
    let top = (room.bottom() - HEIGHT).max(room.top());
    let room = Rect::from_x_y_ranges(left..=left + width, top..=room.bottom());
    let mut ui = ui.new_child(UiBuilder::new().max_rect(room).layout(Layout::bottom_up(Align::Min)));
    let frame = Frame::new()
        .fill(*ctx.palette.raised)
        .stroke(Stroke::new(1.0, *ctx.palette.error))
        .corner_radius(6)
        .inner_margin(Margin::symmetric(14, 10));
    frame.show(&mut ui, |ui| {
        ui.with_layout(Layout::top_down(Align::Min), |ui| {
            ui.set_width(ui.available_width());
            let words = RichText::new(ctx.language.job_error(error)).color(*ctx.palette.text);
            ui.add(Label::new(words).wrap());
            ui.add_space(6.0);
            ui.horizontal(|ui| {
                if let Some(path) = adapter_in_form(ctx, error) {
                    ctx.button(ui, UiCommand::TakeOutOfForm(path));
                }
                let again = ui.button(ctx.tr("failure-again"));
                if again.on_hover_text(ctx.tr("failure-again.tip")).clicked() {
                    ctx.commands.send(UiCommand::Generate);
                }
            });
        });
    });
}

/// The adapter that the error names, if the form still has it.
fn adapter_in_form(ctx: &StudioContext<'_, '_>, error: &JobError) -> Option<PathBuf> {
    let path = error.file()?;
    let form = &ctx.draft.request;
    let is_there =
        form.loras.iter().any(|lora| lora.path == path) || form.embeddings.iter().any(|embedding| *embedding == path);
    is_there.then(|| path.to_owned())
}
