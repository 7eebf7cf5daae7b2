//! The canvas while it shows a preview, or a mask being painted.

use std::sync::Arc;

use egui::{Color32, PointerButton, Pos2, Rect, Response, RichText, Role, Sense, Slider, Stroke, Ui, UiBuilder};
use egui::{Vec2, WidgetInfo, vec2};

use super::edges;
use super::preview::STEPS_TAKEN;
use crate::render::mask_brush::{MaskLook, MaskPaint};
use crate::ui::commands::{FEATHER_PX, ImageInputCommand, MaskEdit, UiCommand};
use crate::ui::model::brush::{Brush, Dab};
use crate::ui::pages::studio::panel::{Slot, StudioContext, StudioPanel};
use crate::ui::widgets::viewport::{Viewport, size_px};

/// Height of what stands above the picture, as on the canvas otherwise.
const HEADER_HEIGHT: f32 = 94.0;
/// Width of a stripe of the mask, in points.
const STRIPE: f32 = 5.0;

/// Stands in the canvas's place.
#[derive(Default)]
pub(in crate::ui) struct StagePanel {
    is_stroking: bool,
    pressure: f32,
}

impl StudioPanel for StagePanel {
    fn id(&self) -> &'static str {
        "stage"
    }

    fn slot(&self) -> Slot {
        Slot::Canvas
    }

    fn ui(&mut self, ui: &mut Ui, ctx: &mut StudioContext<'_, '_>) {
        if ctx.page.is_mask_shown(ctx.state) {
            self.mask(ui, ctx);
        } else if ctx.page.is_preview_shown(ctx.state) {
            preview(ui, ctx);
        }
    }
}

/// The room above and the room for the picture.
fn rooms(ui: &Ui) -> (Rect, Rect) {
    let whole = ui.available_rect_before_wrap();
    whole.split_top_bottom_at_y(whole.top() + HEADER_HEIGHT)
}

fn header(ui: &mut Ui, room: Rect) -> Ui {
    let mut ui = ui.new_child(UiBuilder::new().max_rect(room.shrink2(vec2(12.0, 4.0))));
    ui.visuals_mut().widgets.inactive.weak_bg_fill = ui.visuals().panel_fill;
    ui
}

fn preview(ui: &mut Ui, ctx: &mut StudioContext<'_, '_>) {
    let (above, body) = rooms(ui);
    let response = ui.allocate_rect(body, Sense::click_and_drag());
    let preview = &ctx.page.image_input.preview;
    let init = ctx.draft.request.init.as_ref();
    let before = init.and_then(|init| ctx.page.image_input.looked(&init.file));
    let size_px = vec2(ctx.draft.request.width_px as f32, ctx.draft.request.height_px as f32);
    let picture = preview
        .picture
        .clone()
        .or_else(|| before.map(|looked| Arc::clone(&looked.thumbnail)));
    let name = ctx.tr("bring-preview");
    let words = ctx.language.tr_with("canvas-name", &[("shown", &name)]);
    response.widget_info(|| WidgetInfo::labeled(Role::Image, true, &words));
    let place = place(ui, ctx, body, size_px);
    if let Some(picture) = picture {
        place.draw(
            ui,
            ctx.shared.textures,
            ctx.shared.has_gpu_canvas.then_some(0),
            &picture,
        );
    }
    steer(ui, ctx, &response, &place, response.dragged());
    let mut ui = header(ui, above);
    ui.horizontal(|ui| {
        ui.label(RichText::new(&name).color(*ctx.palette.accent));
        let steps = STEPS_TAKEN.to_string();
        let key = if preview.is_at_work() {
            "bring-preview-working"
        } else {
            "bring-preview-done"
        };
        ui.weak(ctx.language.tr_with(key, &[("steps", &steps)]));
        command_button(ui, ctx, ImageInputCommand::ClosePreview);
    });
}

impl StagePanel {
    fn mask(&mut self, ui: &mut Ui, ctx: &mut StudioContext<'_, '_>) {
        let (above, body) = rooms(ui);
        let response = ui.allocate_rect(body, Sense::click_and_drag());
        let name = ctx.tr("mask-canvas");
        response.widget_info(|| WidgetInfo::labeled(Role::Image, true, &name));
        let editor = &ctx.page.image_input.mask;
        let looked = ctx.page.image_input.looked(&editor.picture).cloned();
        if let (Some(looked), Some(document)) = (looked, &editor.document) {
            let size_px = size_px(&looked.pixels);
            let place = place(ui, ctx, body, size_px);
            place.draw(
                ui,
                ctx.shared.textures,
                ctx.shared.has_gpu_canvas.then_some(0),
                &looked.pixels,
            );
            let (width, height) = document.size_px();
            let to_mask = vec2(width as f32, height as f32) / size_px;
            if ctx.has_gpu_canvas {
                let paint = MaskPaint {
                    serial: editor.serial,
                    version: document.version(),
                    changes: document.changes().collect(),
                    size_px: (width, height),
                    pixels: Arc::clone(document.pixels()),
                    look: look(ctx, place.pixels_per_point),
                    origin_px: place.origin_px,
                    scale: Vec2::splat(place.zoom) / to_mask,
                };
                ui.painter_at(body).add(paint.into_shape(body));
            }
            edges::frame(ui, ctx, &place, size_px);
            self.stroke(ui, ctx, &response, &place, to_mask);
            let is_panned = response.dragged_by(PointerButton::Middle) || response.dragged_by(PointerButton::Secondary);
            steer(ui, ctx, &response, &place, is_panned);
        } else {
            ui.put(body, egui::Label::new(RichText::new(ctx.tr("bring-reading")).weak()));
        }
        tools(&mut header(ui, above), ctx);
    }

    /// Paints along the pointer's way, and shows how large the brush is.
    fn stroke(&mut self, ui: &Ui, ctx: &StudioContext<'_, '_>, response: &Response, place: &Viewport, to_mask: Vec2) {
        let brush = Brush {
            size_px: ctx.page.image_input.mask.brush.size_px * to_mask.x,
            ..ctx.page.image_input.mask.brush
        };
        let events = ui.input(|input| input.events.clone());
        let send = |edit| ctx.commands.send(UiCommand::ImageInput(ImageInputCommand::Mask(edit)));
        for event in events {
            let dab = |pos: Pos2, pressure: f32| {
                let at = place.to_picture(pos) * to_mask;
                Dab {
                    x: at.x,
                    y: at.y,
                    pressure,
                }
            };
            match event {
                egui::Event::Touch { force, .. } => self.pressure = force.unwrap_or(1.0),
                egui::Event::PointerButton {
                    pos,
                    button: PointerButton::Primary,
                    pressed,
                    ..
                } => {
                    if pressed && (response.hovered() || response.is_pointer_button_down_on()) {
                        self.is_stroking = true;
                        send(MaskEdit::Begin(brush, dab(pos, self.pressure())));
                    } else if !pressed && self.is_stroking {
                        self.is_stroking = false;
                        self.pressure = 1.0;
                        send(MaskEdit::End);
                    }
                }
                egui::Event::PointerMoved(pos) if self.is_stroking => {
                    send(MaskEdit::Extend(brush, dab(pos, self.pressure())));
                }
                egui::Event::PointerGone | egui::Event::WindowFocused(false) if self.is_stroking => {
                    self.is_stroking = false;
                    send(MaskEdit::End);
                }
                _ => {}
            }
        }
        if let Some(pointer) = response.hover_pos() {
            let radius = 0.5 * ctx.page.image_input.mask.brush.size_px * place.zoom / place.pixels_per_point;
            let painter = ui.painter_at(place.rect);
            painter.circle_stroke(pointer, radius + 1.0, Stroke::new(1.0, *ctx.palette.canvas));
            painter.circle_stroke(pointer, radius, Stroke::new(1.0, *ctx.palette.text));
            ui.set_cursor_icon(egui::CursorIcon::Crosshair);
        }
    }

    fn pressure(&self) -> f32 {
        if self.pressure > 0.0 { self.pressure } else { 1.0 }
    }
}

/// Stripes of the accent and of the canvas, the line of the accent.
fn look(ctx: &StudioContext<'_, '_>, pixels_per_point: f32) -> MaskLook {
    let rgb = |colour: Color32| [colour.r(), colour.g(), colour.b()];
    MaskLook {
        light: rgb(*ctx.palette.accent),
        dark: rgb(*ctx.palette.canvas),
        line: rgb(*ctx.palette.accent),
        stripe_px: (STRIPE * pixels_per_point).round().max(1.0),
    }
}

fn place(ui: &Ui, ctx: &mut StudioContext<'_, '_>, body: Rect, picture_px: Vec2) -> Viewport {
    let place = Viewport::new(ui, body, ctx.page.camera, picture_px);
    *ctx.fit_zoom = place.fit_zoom;
    place
}

/// Wheel and pinch; dragging where that does not paint.
fn steer(ui: &Ui, ctx: &StudioContext<'_, '_>, response: &Response, place: &Viewport, is_panned: bool) {
    for camera_move in place.camera_moves(ui, response, is_panned) {
        ctx.commands.send(UiCommand::Camera(camera_move));
    }
}

fn command_button(ui: &mut Ui, ctx: &StudioContext<'_, '_>, command: ImageInputCommand) {
    let editor = &ctx.page.image_input.mask;
    let is_on = match command {
        ImageInputCommand::EditMask => editor.is_open,
        ImageInputCommand::ToggleEraser => editor.brush.is_eraser,
        _ => false,
    };
    ctx.button_with(ui, command, |button| button.selected(is_on).frame_when_inactive(true));
}

fn tools(ui: &mut Ui, ctx: &StudioContext<'_, '_>) {
    let editor = &ctx.page.image_input.mask;
    let mut brush = editor.brush;
    ui.horizontal_wrapped(|ui| {
        command_button(ui, ctx, ImageInputCommand::EditMask);
        command_button(ui, ctx, ImageInputCommand::ToggleEraser);
        let edits = [
            MaskEdit::Undo,
            MaskEdit::Redo,
            MaskEdit::Fill,
            MaskEdit::Clear,
            MaskEdit::Invert,
            MaskEdit::Feather(FEATHER_PX),
        ];
        for edit in edits {
            command_button(ui, ctx, ImageInputCommand::Mask(edit));
        }
    });
    ui.horizontal(|ui| {
        ui.visuals_mut().handle_shape = egui::style::HandleShape::Circle;
        ui.visuals_mut().selection.bg_fill = *ctx.palette.accent;
        ui.visuals_mut().widgets.inactive.bg_fill = *ctx.palette.active;
        let look = ctx.look();
        let size = look.text("mask-size");
        ui.label(RichText::new(&size.name).color(*ctx.palette.text_weak));
        ui.spacing_mut().slider_width = 84.0;
        let slider = Slider::new(&mut brush.size_px, 1.0..=512.0)
            .logarithmic(true)
            .step_by(1.0)
            .suffix(" px");
        ui.add(slider).accessible_name(&size.name).on_hover_text(&size.tip);
        let hardness = look.text("mask-hardness");
        ui.label(RichText::new(&hardness.name).color(*ctx.palette.text_weak));
        let slider = Slider::new(&mut brush.hardness, 0.0..=1.0).fixed_decimals(2);
        ui.add(slider)
            .accessible_name(&hardness.name)
            .on_hover_text(&hardness.tip);
    });
    if brush != editor.brush {
        ctx.commands
            .send(UiCommand::ImageInput(ImageInputCommand::SetBrush(brush)));
    }
}
