//! The picture: the newest step, an earlier one, or a saved one.

use std::sync::Arc;

use egui::{
    Align, Button, Color32, Layout, Rect, Response, RichText, Role, Sense, Ui, UiBuilder, Vec2, WidgetInfo, vec2,
};

use super::recent::{made_words, with_precision};
use super::{Panel, PanelContext, Slot};
use crate::job::RgbImage;
use crate::render::canvas::CanvasPaint;
use crate::ui::camera::{Camera, CameraMove};
use crate::ui::command::UiCommand;
use crate::ui::draft::STARTER_PROMPTS;
use crate::ui::state::{Run, View, file_name};
use crate::ui::widgets::textures::TextureCache;

/// Height of the line above the picture.
const HEADER_HEIGHT: f32 = 34.0;
/// Room left around a picture that is shown whole, in points.
const MARGIN: f32 = 8.0;
/// Points of wheel movement that enlarge by e.
const WHEEL_POINTS: f32 = 240.0;
/// Longest side of the noise of an empty canvas, in pixels.
const MAX_NOISE_SIDE_PX: u32 = 192;

/// Shows the picture.
#[derive(Default)]
pub(super) struct CanvasPanel {
    noise: Option<Arc<RgbImage>>,
}

/// What is to be drawn.
struct Shown {
    image: Arc<RgbImage>,
    /// Size of the picture it stands for, which may be larger.
    picture_px: Vec2,
    is_noise: bool,
}

impl Panel for CanvasPanel {
    fn id(&self) -> &'static str {
        "canvas"
    }

    fn slot(&self) -> Slot {
        Slot::Canvas
    }

    fn ui(&mut self, ui: &mut Ui, ctx: &mut PanelContext<'_>) {
        if ctx.state.shown_sweep().is_some() {
            return; // a panel of its own stands here
        }
        let whole = ui.available_rect_before_wrap();
        let (header, body) = whole.split_top_bottom_at_y(whole.top() + HEADER_HEIGHT);
        let response = ui.allocate_rect(body, Sense::click_and_drag());
        let shown = self.shown(ctx);

        let pixels_per_point = ui.pixels_per_point();
        let canvas_px = (body.size() - Vec2::splat(2.0 * MARGIN)).max(Vec2::splat(1.0)) * pixels_per_point;
        *ctx.fit_zoom = Camera::fit_zoom(shown.picture_px, canvas_px);
        let camera = if shown.is_noise {
            Camera::default()
        } else {
            ctx.state.camera
        };
        let zoom = camera.zoom_for(shown.picture_px, canvas_px);
        let margin_px = Vec2::splat(MARGIN * pixels_per_point);
        let corner_px = (body.min.to_vec2() * pixels_per_point).round();
        let origin_px = corner_px + (camera.origin_px(shown.picture_px, canvas_px) + margin_px).round();

        let caption = caption(ctx);
        response.widget_info(|| {
            WidgetInfo::labeled(
                Role::Image,
                true,
                ctx.language.tr_with("canvas-name", &[("shown", &caption)]),
            )
        });
        paint(ui, ctx.has_gpu_canvas, ctx.textures, body, &shown, (origin_px, zoom));
        if shown.is_noise {
            invite(ui, ctx, body);
        } else {
            steer(ui, ctx, &response, body);
        }
        let mut header_ui = ui.new_child(UiBuilder::new().max_rect(header.shrink2(vec2(12.0, 0.0))));
        line_above(&mut header_ui, ctx, &caption, (!shown.is_noise).then_some(zoom));
    }
}

impl CanvasPanel {
    fn shown(&mut self, ctx: &PanelContext<'_>) -> Shown {
        let state = ctx.state;
        if let View::Picture(path) = &state.view {
            if let Some(opened) = state.opened.as_ref().filter(|opened| opened.path == *path) {
                return Shown {
                    picture_px: size_px(&opened.pixels),
                    image: Arc::clone(&opened.pixels),
                    is_noise: false,
                };
            }
            if let Some(recent) = state.recent_at(path) {
                let request = recent.record.as_ref().map(|record| &record.request);
                let size = request.map(|request| vec2(request.width_px as f32, request.height_px as f32));
                return Shown {
                    picture_px: size.unwrap_or_else(|| size_px(&recent.thumbnail)),
                    image: Arc::clone(&recent.thumbnail),
                    is_noise: false,
                };
            }
        }
        if let Some(run) = &state.run
            && let Some(image) = step_image(run, &state.view)
        {
            return Shown {
                image: Arc::clone(image),
                picture_px: vec2(run.request.width_px as f32, run.request.height_px as f32),
                is_noise: false,
            };
        }
        let (width_px, height_px) = match &state.run {
            Some(run) => (run.request.width_px, run.request.height_px),
            None => (ctx.draft.width_px, ctx.draft.height_px),
        };
        let image = self.noise(width_px, height_px);
        Shown {
            picture_px: size_px(&image),
            image,
            is_noise: true,
        }
    }

    /// Still noise of the shape of the picture to come.
    fn noise(&mut self, width_px: u32, height_px: u32) -> Arc<RgbImage> {
        let shrink = f64::from(MAX_NOISE_SIDE_PX) / f64::from(width_px.max(height_px).max(1));
        let side = |px: u32| ((f64::from(px) * shrink.min(1.0)).round() as u32).max(1);
        let (width_px, height_px) = (side(width_px), side(height_px));
        let kept = self.noise.as_ref();
        if let Some(kept) = kept.filter(|kept| kept.width_px == width_px && kept.height_px == height_px) {
            return Arc::clone(kept);
        }
        let made = Arc::new(still_noise(width_px, height_px));
        self.noise = Some(Arc::clone(&made));
        made
    }
}

/// The picture of the run that the view asks for.
fn step_image<'a>(run: &'a Run, view: &View) -> Option<&'a Arc<RgbImage>> {
    let View::Step(index) = view else {
        return run.newest();
    };
    let until = run.steps.get(..=*index)?;
    until.iter().rev().find_map(|step| step.preview.as_ref())
}

fn size_px(image: &RgbImage) -> Vec2 {
    vec2(image.width_px as f32, image.height_px as f32)
}

/// Grey-coloured noise, the same every time: a sum of uniform values, near enough to normal for the eye.
fn still_noise(width_px: u32, height_px: u32) -> RgbImage {
    let mut word = 0x9e37_79b9_u32;
    let mut next = || {
        // xorshift32, Marsaglia (2003)
        word ^= word << 13;
        word ^= word >> 17;
        word ^= word << 5;
        f64::from(word >> 8) / f64::from(1 << 24)
    };
    let pixels = (0..3 * width_px * height_px)
        .map(|_| {
            let normal = (0..4).map(|_| next()).sum::<f64>() - 2.0;
            (112.0 + 62.0 * normal).clamp(0.0, 255.0) as u8
        })
        .collect();
    RgbImage {
        width_px,
        height_px,
        pixels,
    }
}

/// Draws with the shader where there is one, else as an egui image.
fn paint(
    ui: &Ui,
    has_gpu_canvas: bool,
    textures: &mut TextureCache,
    body: Rect,
    shown: &Shown,
    (origin_px, zoom): (Vec2, f32),
) {
    let painter = ui.painter_at(body);
    let scale = shown.picture_px * zoom / size_px(&shown.image);
    if has_gpu_canvas {
        let paint = CanvasPaint {
            image: Arc::clone(&shown.image),
            origin_px,
            scale,
            smooth_enlarge: shown.picture_px.x > size_px(&shown.image).x,
        };
        painter.add(paint.into_shape(body));
    } else {
        let to_points = ui.pixels_per_point().recip();
        let rect = Rect::from_min_size((origin_px * to_points).to_pos2(), shown.picture_px * zoom * to_points);
        let texture = textures.whole(ui.ctx(), &shown.image);
        let uv = Rect::from_min_max(egui::pos2(0.0, 0.0), egui::pos2(1.0, 1.0));
        painter.image(texture.id(), rect, uv, Color32::WHITE);
    }
}

/// Wheel, pinch and drag.
fn steer(ui: &Ui, ctx: &PanelContext<'_>, response: &Response, body: Rect) {
    let pixels_per_point = ui.pixels_per_point();
    if response.dragged() && response.drag_delta() != Vec2::ZERO {
        let delta = response.drag_delta() * pixels_per_point;
        ctx.commands.send(UiCommand::Camera(CameraMove::Pan(delta)));
    }
    if let Some(pointer) = response.hover_pos() {
        let (wheel, pinch) = ui.input(|input| (input.smooth_scroll_delta().y, input.zoom_delta()));
        let factor = (wheel / WHEEL_POINTS).exp() * pinch;
        if factor != 1.0 {
            let anchor_px = (pointer - body.center()) * pixels_per_point;
            ctx.commands
                .send(UiCommand::Camera(CameraMove::ZoomAt { factor, anchor_px }));
        }
    }
    if response.double_clicked() {
        ctx.commands.send(UiCommand::Camera(CameraMove::Fit));
    }
}

/// What the canvas shows, in words.
fn caption(ctx: &PanelContext<'_>) -> String {
    let run = ctx.state.run.as_ref();
    match (&ctx.state.view, run) {
        (View::Picture(path), _) => file_name(path),
        (_, Some(run)) => {
            let seed = (run.request.seed + u64::from(run.image_index)).to_string();
            if run.request.batch_count > 1 {
                let index = (run.image_index + 1).to_string();
                let count = run.request.batch_count.to_string();
                let values = [("index", &*index), ("count", &*count), ("seed", &*seed)];
                ctx.language.tr_with("canvas-batch", &values)
            } else {
                ctx.language.tr_with("canvas-run", &[("seed", &seed)])
            }
        }
        (_, None) => ctx.tr("canvas-noise"),
    }
}

/// Caption at the left, what can be done with the picture at the right.
fn line_above(ui: &mut Ui, ctx: &PanelContext<'_>, caption: &str, zoom: Option<f32>) {
    // The canvas is near in tone to a button of a panel, so here a button looks like a panel.
    ui.visuals_mut().widgets.inactive.weak_bg_fill = *ctx.palette.panel;
    ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
        for camera_move in [CameraMove::Actual, CameraMove::Fit] {
            button(ui, ctx, UiCommand::Camera(camera_move), zoom.is_some());
        }
        let percent = zoom.map_or_else(String::new, |zoom| format!("{:.0} %", 100.0 * zoom));
        ui.allocate_ui_with_layout(vec2(56.0, 20.0), Layout::right_to_left(Align::Center), |ui| {
            ui.set_min_width(56.0);
            ui.weak(percent);
        });
        if matches!(ctx.state.view, View::Picture(_)) {
            button(ui, ctx, UiCommand::UseSettings, ctx.state.shown_record().is_some());
        }
        ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
            let words = shown_record_words(ctx).unwrap_or_else(|| run_words(ctx, caption));
            ui.add(egui::Label::new(RichText::new(words).weak()).truncate());
        });
    });
}

/// How the saved picture on the canvas was made, in short.
fn shown_record_words(ctx: &PanelContext<'_>) -> Option<String> {
    let record = ctx.state.shown_record()?;
    let made = made_words(ctx.language, record);
    Some(format!("{made}  ·  {}", record.request.prompt))
}

/// The caption, with the precision once the picture is finished.
fn run_words(ctx: &PanelContext<'_>, caption: &str) -> String {
    let run = ctx.state.run.as_ref().filter(|_| ctx.state.view == View::Live);
    let precision = run.and_then(|run| run.precision.as_deref());
    with_precision(caption.to_owned(), precision.unwrap_or_default())
}

fn button(ui: &mut Ui, ctx: &PanelContext<'_>, command: UiCommand, is_enabled: bool) {
    let response = ui.add_enabled(is_enabled, Button::new(command.name(ctx.language)));
    if response
        .on_hover_text(command.tooltip(ctx.language, ui.ctx()))
        .clicked()
    {
        ctx.commands.send(command);
    }
}

/// The line on the noise and, while nothing was ever made, prompts to begin with.
fn invite(ui: &mut Ui, ctx: &mut PanelContext<'_>, body: Rect) {
    if ctx.state.run.is_some() {
        return;
    }
    let has_chips = ctx.state.is_gallery_listed && !ctx.state.has_pictures();
    let rows = if has_chips { STARTER_PROMPTS.len() as f32 } else { 0.0 };
    let size = vec2(400.0, 56.0 + 32.0 * rows + if has_chips { 8.0 } else { 0.0 });
    let card = Rect::from_center_size(body.center(), size);
    ui.painter()
        .rect_filled(card, 8.0, ctx.palette.panel.gamma_multiply(0.94));
    let inner = card.shrink2(vec2(20.0, 16.0));
    let mut ui = ui.new_child(UiBuilder::new().max_rect(inner).layout(Layout::top_down(Align::Center)));
    let line = ctx.tr("canvas-invite");
    ui.label(RichText::new(line).size(15.0).color(*ctx.palette.text));
    if !has_chips {
        return;
    }
    ui.add_space(8.0);
    for prompt in STARTER_PROMPTS {
        let is_chosen = ctx.draft.prompt == prompt;
        let chip = Button::selectable(is_chosen, prompt)
            .frame_when_inactive(true)
            .min_size(vec2(inner.width(), 28.0));
        if ui.add(chip).on_hover_text(ctx.tr("canvas-chip-tip")).clicked() {
            prompt.clone_into(&mut ctx.draft.prompt);
        }
    }
}
