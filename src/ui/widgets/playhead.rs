//! The handle on a rail that says at which step runs are shown.

use egui::{Response, Slider, Stroke, Ui};

use crate::ui::theme::Palette;

/// Height that the handle is drawn for.
const HANDLE_HEIGHT: f32 = 16.0;

/// A rail of steps and, after the last of them, what is newest.
///
/// * `playhead`: the step that is shown, from 0; `None` at the end.
/// * `width`: of the rail, in points.
///
/// The step that the user has just moved the handle to, `num_steps` for the end, comes with the rail's response.
pub(in crate::ui) fn playhead(
    ui: &mut Ui,
    palette: &Palette,
    playhead: Option<usize>,
    num_steps: usize,
    width: f32,
) -> (Response, Option<usize>) {
    let mut step = playhead.unwrap_or(num_steps);
    let rail = Slider::new(&mut step, 0..=num_steps).show_value(false);
    let response = ui
        .scope(|ui| {
            ui.spacing_mut().slider_width = width;
            ui.spacing_mut().interact_size.y = HANDLE_HEIGHT;
            let visuals = ui.visuals_mut();
            visuals.selection.bg_fill = *palette.accent;
            visuals.handle_shape = egui::style::HandleShape::Circle;
            for state in [&mut visuals.widgets.inactive, &mut visuals.widgets.hovered] {
                state.bg_fill = *palette.active;
                state.fg_stroke = Stroke::new(1.5, *palette.text_weak);
            }
            ui.add(rail)
        })
        .inner;
    let moved = response.changed().then_some(step);
    (response, moved)
}
