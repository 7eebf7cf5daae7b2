//! The pointer on the pictures: wheel, pinch, drag and clicks.

use egui::{CursorIcon, Pos2, Rect, Response, Ui, Vec2};

use super::CompareContext;
use crate::ui::commands::{CompareCommand, CompareMode};
use crate::ui::model::camera::CameraMove;
use crate::ui::model::divider::Divider;
use crate::ui::model::divider::HANDLE_DISTANCE;
use crate::ui::widgets::viewport::Viewport;

/// Degrees that a point of wheel movement turns the line of the slider.
const WHEEL_DEGREES: f32 = 0.3;
/// How near the line and its handles can be taken, in points.
const REACH: f32 = 9.0;

/// What can be taken hold of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Grab {
    Picture,
    Line,
    Handle,
}

/// What the pointer has taken hold of.
#[derive(Default)]
pub(super) struct PointerHold {
    grab: Option<Grab>,
    /// The angle the wheel has turned the line to, before it snaps.
    wheel_degrees: Option<f32>,
}

impl PointerHold {
    /// Wheel, pinch, drag and clicks.
    pub(super) fn handle_input(
        &mut self,
        ui: &Ui,
        ctx: &CompareContext<'_, '_>,
        response: &Response,
        frames: &[Viewport],
    ) {
        let page = ctx.page;
        let pointer = response.interact_pointer_pos().or_else(|| response.hover_pos());
        let under = pointer.and_then(|pointer| frames.iter().position(|frame| frame.rect.contains(pointer)));
        let has_line = page.mode == CompareMode::Slider && page.pair().is_some();
        let inner = frames.first().map(Viewport::picture_rect);
        if let Some((inner, pointer)) = inner.filter(|_| has_line).zip(pointer) {
            self.handle_line(ui, ctx, response, (inner, pointer));
        } else if response.drag_started() {
            self.grab = Some(Grab::Picture);
        }
        let is_panned = response.dragged() && matches!(self.grab, Some(Grab::Picture) | None);
        let is_turned = has_line && ui.input(|input| input.modifiers.alt);
        if let Some(frame) = frames.get(under.unwrap_or(0)) {
            for camera_move in frame.camera_moves(ui, response, is_panned) {
                if !is_turned || matches!(camera_move, CameraMove::Pan(_)) {
                    ctx.commands.send(CompareCommand::Camera(camera_move));
                }
            }
        }
        if response.drag_stopped() {
            self.grab = None;
        }
        let Some(place) = under else {
            return;
        };
        if page.mode == CompareMode::Beside && response.clicked() {
            ctx.commands.send(CompareCommand::SetSecond(place));
        }
        if response.double_clicked() {
            ctx.commands.send(CompareCommand::Camera(CameraMove::Fit));
        }
    }

    /// The line of the slider: drag it, turn it by its handle or by Alt and the wheel.
    fn handle_line(
        &mut self,
        ui: &Ui,
        ctx: &CompareContext<'_, '_>,
        response: &Response,
        (inner, pointer): (Rect, Pos2),
    ) {
        let divider = ctx.page.divider;
        let grabbed = |place: Pos2| {
            let is_on_handle = divider.handle(inner, HANDLE_DISTANCE).distance(place) <= REACH;
            match divider.distance(inner, place).abs() <= REACH && inner.expand(REACH).contains(place) {
                _ if is_on_handle => Grab::Handle,
                true => Grab::Line,
                false => Grab::Picture,
            }
        };
        if response.drag_started() {
            let press = ui.input(|input| input.pointer.press_origin());
            self.grab = Some(grabbed(press.unwrap_or(pointer)));
        }
        let hold = self.grab.unwrap_or_else(|| grabbed(pointer));
        if hold != Grab::Picture && (response.hovered() || response.dragged()) {
            ui.set_cursor_icon(if hold == Grab::Handle {
                CursorIcon::Alias
            } else if divider.normal().x.abs() > 0.7 {
                CursorIcon::ResizeHorizontal
            } else {
                CursorIcon::ResizeVertical
            });
        }
        if response.dragged() {
            let size = inner.size().max(Vec2::splat(1.0));
            let wanted = match self.grab {
                Some(Grab::Line) => {
                    let there = divider.point(inner) + response.drag_delta();
                    divider.moved((there - inner.min) / size)
                }
                Some(Grab::Handle) => divider.turned(Divider::snapped(divider.degrees_towards(inner, pointer))),
                _ => divider,
            };
            if wanted != divider {
                ctx.commands.send(CompareCommand::SetDivider(wanted));
            }
        }
        let (is_alt, wheel) = ui.input(|input| {
            let wheel = input.smooth_scroll_delta();
            (input.modifiers.alt, wheel.x + wheel.y)
        });
        if !is_alt || !response.hovered() {
            self.wheel_degrees = None;
        } else if wheel != 0.0 {
            let degrees = self.wheel_degrees.unwrap_or(divider.degrees) + wheel * WHEEL_DEGREES;
            self.wheel_degrees = Some(degrees);
            let turned = divider.turned(Divider::snapped(degrees));
            ctx.commands.send(CompareCommand::SetDivider(turned));
        }
    }
}
