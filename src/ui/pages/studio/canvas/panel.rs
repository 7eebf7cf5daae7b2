//! The picture: the newest step, an earlier one, or a saved one.

use std::sync::Arc;

use egui::{
    Align, Button, Layout, Rect, Response, RichText, Role, Sense, Stroke, Ui, UiBuilder, Vec2, WidgetInfo, vec2,
};

use super::export_menu::export_menu;
use super::failure::{self, is_failed};
use super::step_view::{self, Half, StepViews};
use super::tokens::TokenLine;
use super::views;
use crate::job::{GenerateRequest, RgbImage};
use crate::ui::commands::{ImageInputCommand, UiCommand};
use crate::ui::model::camera::{Camera, CameraMove};
use crate::ui::model::state::{View, file_name};
use crate::ui::pages::studio::form::draft::starter_prompts;
use crate::ui::pages::studio::panel::{Slot, StudioContext, StudioPanel};
use crate::ui::pages::studio::recent::{made_words, with_precision};
use crate::ui::widgets::regenerate_menu::regenerate_menu;
use crate::ui::widgets::right_aligned::{PERCENT_WIDTH, filled_line, value_cell};
use crate::ui::widgets::viewport::{Viewport, size_px};
use crate::unfold::StepView;

/// Height of the line above the picture.
const HEADER_HEIGHT: f32 = 34.0;
/// Height of the lines of views and of words below it.
const LINE_HEIGHT: f32 = 30.0;
/// Longest side of the noise of an empty canvas, in pixels.
const MAX_NOISE_SIDE_PX: u32 = 192;

/// Shows the picture.
#[derive(Default)]
pub(in crate::ui) struct CanvasPanel {
    noise: Option<Arc<RgbImage>>,
    /// The newest picture that was no noise, and the size that it stands for: it stays where a run fails.
    before: Option<(Arc<RgbImage>, Vec2)>,
    tokens: TokenLine,
    views: StepViews,
}

/// What is to be drawn.
struct Shown {
    image: Arc<RgbImage>,
    /// Size of the picture it stands for, which may be larger.
    picture_px: Vec2,
    is_noise: bool,
}

impl Shown {
    /// A step of a run, which may be decoded smaller than its picture will be, or what became of it, which may be
    /// enlarged.
    fn of(image: &Arc<RgbImage>, request: &GenerateRequest) -> Self {
        Self {
            image: Arc::clone(image),
            picture_px: size_px(image).max(planned_px(request)),
            is_noise: false,
        }
    }
}

/// Size of the picture that a run works on, in pixels.
fn planned_px(request: &GenerateRequest) -> Vec2 {
    let (width, height) = request.outpaint.grown(request.width_px, request.height_px);
    vec2(width as f32, height as f32)
}

impl StudioPanel for CanvasPanel {
    fn id(&self) -> &'static str {
        "canvas"
    }

    fn slot(&self) -> Slot {
        Slot::Canvas
    }

    fn ui(&mut self, ui: &mut Ui, ctx: &mut StudioContext<'_, '_>) {
        if ctx.state.shown_sweep().is_some()
            || ctx.page.is_mask_shown(ctx.state)
            || ctx.page.is_preview_shown(ctx.state)
        {
            return; // a panel of its own stands here
        }
        let whole = ui.available_rect_before_wrap();
        let (header, rest) = whole.split_top_bottom_at_y(whole.top() + HEADER_HEIGHT);
        let (picker, rest) = rest.split_top_bottom_at_y(rest.top() + LINE_HEIGHT);
        let (tokens, body) = rest.split_top_bottom_at_y(rest.top() + LINE_HEIGHT);
        let response = ui.allocate_rect(body, Sense::click_and_drag());
        let line = |ui: &mut Ui, rect: Rect| ui.new_child(UiBuilder::new().max_rect(rect.shrink2(vec2(12.0, 0.0))));

        views::picker(&mut line(ui, picker), ctx);
        let looked_at = self.tokens.ui(&mut line(ui, tokens), ctx);
        let pair = looked_at.map_or(ctx.page.views, |view| ctx.page.views.with_attention(view));
        let has_step = ctx.page.shown_step_record().is_some();
        let is_beside = ctx.page.beside.is_some();
        let second = pair.second.filter(|_| has_step && !is_beside);
        let is_split = second.is_some() || is_beside;
        let halves = halves(body, is_split);

        let shown = self.shown(ctx);
        if !shown.is_noise {
            self.before = Some((Arc::clone(&shown.image), shown.picture_px));
        }
        let can_steer = has_step || !shown.is_noise;
        let picture_px = picture_px(ctx, &shown);
        let camera = if can_steer { ctx.page.camera } else { Camera::default() };
        let views = halves.map(|rect| Viewport::new(ui, rect, camera, picture_px));
        let zoom = views[0].zoom;
        *ctx.fit_zoom = views[0].fit_zoom;
        for (index, view) in std::iter::once(pair.first).chain(second).enumerate() {
            self.paint_view(
                ui,
                ctx,
                Half {
                    index,
                    place: views[index],
                },
                (view, has_step),
                &shown,
            );
        }
        if is_beside {
            self.paint_beside(
                ui,
                ctx,
                Half {
                    index: 1,
                    place: views[1],
                },
                pair.first,
            );
        }
        if is_split {
            let x = body.center().x;
            ui.painter()
                .vline(x, body.y_range(), Stroke::new(1.0, *ctx.palette.active));
        }

        let caption = caption(ctx);
        response.widget_info(|| {
            WidgetInfo::labeled(
                Role::Image,
                true,
                ctx.language.tr_with("canvas-name", &[("shown", &caption)]),
            )
        });
        if can_steer {
            let under = response.hover_pos().unwrap_or(body.min);
            let place = views
                .iter()
                .find(|place| place.rect.contains(under))
                .unwrap_or(&views[0]);
            steer(ui, ctx, &response, place);
        } else {
            invite(ui, ctx, body);
        }
        line_above(&mut line(ui, header), ctx, &caption, can_steer.then_some(zoom));
        failure::card(ui, ctx, body);
        views::explanation(ui, ctx, body);
    }
}

impl CanvasPanel {
    /// Draws one half: the picture as it is decoded, or a view of the step's latents.
    fn paint_view(
        &mut self,
        ui: &mut Ui,
        ctx: &mut StudioContext<'_, '_>,
        half: Half,
        (view, has_step): (StepView, bool),
        shown: &Shown,
    ) {
        let is_decoded = view == StepView::Estimate && !shown.is_noise;
        if let Some(seen) = ctx.page.seen(view).filter(|_| !is_decoded) {
            if let Some(missing) = seen.missing() {
                if !shown.is_noise {
                    paint_picture(ui, ctx, half, shown);
                }
                step_view::say(ui, half.place.rect, &views::missing_text(ctx, &missing));
            } else {
                let picture = (!shown.is_noise).then(|| Arc::clone(&shown.image));
                self.views.paint(ui, ctx, half, seen, picture);
            }
        } else {
            paint_picture(ui, ctx, half, shown);
        }
        let is_plain = ctx.page.views.second.is_none() && view == StepView::Estimate;
        if has_step && !is_plain {
            self.views.caption(ui, ctx, half.place.rect, view);
        }
    }

    /// Draws the run beside: its picture, or the same view of its step.
    fn paint_beside(&mut self, ui: &mut Ui, ctx: &mut StudioContext<'_, '_>, half: Half, view: StepView) {
        let Some(beside) = &ctx.page.beside else {
            return;
        };
        let name = file_name(&beside.path);
        if let Some(image) = ctx.page.picture_beside().filter(|_| view == StepView::Estimate) {
            let place = Viewport::new(ui, half.place.rect, ctx.page.camera, size_px(image));
            place.draw(
                ui,
                ctx.shared.textures,
                ctx.shared.has_gpu_canvas.then_some(half.index),
                image,
            );
        } else if let Some(seen) = ctx.page.seen_beside(view) {
            match seen.missing() {
                Some(missing) => step_view::say(ui, half.place.rect, &views::missing_text(ctx, &missing)),
                None => self.views.paint(ui, ctx, half, seen, None),
            }
        }
        let room = half.place.rect.shrink(8.0);
        let mut ui = ui.new_child(
            UiBuilder::new()
                .max_rect(room)
                .layout(Layout::left_to_right(Align::Min)),
        );
        let close = UiCommand::CloseBeside;
        let tip = close.tooltip(ctx.language, ui.ctx());
        let words = format!("{name}  ×");
        let button = ui.add(Button::new(words).truncate());
        let button = button.accessible_name(close.name(ctx.language));
        if button.on_hover_text(tip).clicked() {
            ctx.commands.send(close);
        }
    }

    fn shown(&mut self, ctx: &StudioContext<'_, '_>) -> Shown {
        let (page, app) = (ctx.page, ctx.state);
        if let Some((image, timeline)) = page.shown_step_picture().zip(page.timeline.as_ref()) {
            return Shown::of(image, &timeline.request);
        }
        if let Some(path) = page.shown_path() {
            if let Some(opened) = page.opened.as_ref().filter(|opened| opened.path == *path) {
                return Shown {
                    picture_px: size_px(&opened.pixels),
                    image: Arc::clone(&opened.pixels),
                    is_noise: false,
                };
            }
            if let Some(recent) = app.recent_at(path) {
                let request = recent.record.as_ref().map(|record| &record.request);
                let size = request.map(|request| vec2(request.width_px as f32, request.height_px as f32));
                return Shown {
                    picture_px: size.unwrap_or_else(|| size_px(&recent.thumbnail)),
                    image: Arc::clone(&recent.thumbnail),
                    is_noise: false,
                };
            }
        }
        if let Some((image, run)) = page.newest_picture(app).zip(app.run.as_ref()) {
            return Shown::of(image, &run.request);
        }
        if is_failed(ctx)
            && let Some((image, picture_px)) = self.before.clone()
        {
            return Shown {
                image,
                picture_px,
                is_noise: false,
            };
        }
        let request = app.run.as_ref().map_or(&ctx.draft.request, |run| &run.request);
        let (width_px, height_px) = request.outpaint.grown(request.width_px, request.height_px);
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

fn paint_picture(ui: &Ui, ctx: &mut StudioContext<'_, '_>, half: Half, shown: &Shown) {
    half.place.draw(
        ui,
        ctx.shared.textures,
        ctx.shared.has_gpu_canvas.then_some(half.index),
        &shown.image,
    );
}

/// The canvas, or both halves of it.
fn halves(body: Rect, is_split: bool) -> [Rect; 2] {
    if is_split {
        let (left, right) = body.split_left_right_at_fraction(0.5);
        [left, right]
    } else {
        [body, body]
    }
}

/// The size that the zoom is counted from: of the picture, whatever stands for it.
fn picture_px(ctx: &StudioContext<'_, '_>, shown: &Shown) -> Vec2 {
    match &ctx.page.timeline {
        Some(timeline) if shown.is_noise && ctx.page.shown_step_record().is_some() => planned_px(&timeline.request),
        _ => shown.picture_px,
    }
}

/// Wheel, pinch and drag.
fn steer(ui: &Ui, ctx: &StudioContext<'_, '_>, response: &Response, place: &Viewport) {
    for camera_move in place.camera_moves(ui, response, response.dragged()) {
        ctx.commands.send(UiCommand::Camera(camera_move));
    }
    if response.double_clicked() {
        ctx.commands.send(UiCommand::Camera(CameraMove::Fit));
    }
}

/// What the canvas shows, in words.
fn caption(ctx: &StudioContext<'_, '_>) -> String {
    let run = ctx.state.run.as_ref();
    match (ctx.page.shown_path(), run) {
        (Some(path), _) => file_name(path),
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
fn line_above(ui: &mut Ui, ctx: &StudioContext<'_, '_>, caption: &str, zoom: Option<f32>) {
    // The canvas is near in tone to a button of a panel, so here a button looks like a panel.
    ui.visuals_mut().widgets.inactive.weak_bg_fill = *ctx.palette.panel;
    let words = shown_record_words(ctx).unwrap_or_else(|| run_words(ctx, caption));
    let caption = egui::Label::new(RichText::new(words).weak()).truncate();
    filled_line(
        ui,
        "verbs",
        |ui| ui.add(caption),
        |ui| {
            if let Some(path) = ctx.page.shown_path() {
                ctx.button(ui, UiCommand::UseSettings);
                ctx.button(ui, ImageInputCommand::ShowDropMenuOfShown);
                regenerate_menu(ui, ctx, path, ctx.page.shown_record(ctx.state).is_some());
            }
            export_menu(ui, ctx);
            let percent = zoom.map_or_else(String::new, |zoom| format!("{:.0} %", 100.0 * zoom));
            value_cell(ui, PERCENT_WIDTH, |ui| ui.weak(percent));
            for camera_move in [CameraMove::Fit, CameraMove::Actual] {
                ctx.button(ui, UiCommand::Camera(camera_move));
            }
        },
    );
}

/// How the saved picture on the canvas was made, in short.
fn shown_record_words(ctx: &StudioContext<'_, '_>) -> Option<String> {
    let record = ctx.page.shown_record(ctx.state)?;
    let made = made_words(ctx.language, record);
    Some(format!("{made}  ·  {}", record.request.prompt))
}

/// The caption, with the precision once the picture is finished.
fn run_words(ctx: &StudioContext<'_, '_>, caption: &str) -> String {
    let run = ctx.state.run.as_ref().filter(|_| ctx.page.view == View::Live);
    let precision = run.and_then(|run| run.precision.as_deref());
    with_precision(caption.to_owned(), precision.unwrap_or_default())
}

/// The line on the noise and, while nothing was ever made, prompts to begin with.
fn invite(ui: &mut Ui, ctx: &mut StudioContext<'_, '_>, body: Rect) {
    if ctx.state.run.is_some() {
        return;
    }
    let has_chips = ctx.state.is_gallery_listed && !ctx.state.has_pictures();
    let prompts = starter_prompts(ctx.language);
    let rows = if has_chips { prompts.len() as f32 } else { 0.0 };
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
    for prompt in prompts {
        let is_chosen = ctx.draft.request.prompt == prompt;
        let chip = Button::selectable(is_chosen, prompt)
            .frame_when_inactive(true)
            .min_size(vec2(inner.width(), 28.0));
        if ui.add(chip).on_hover_text(ctx.tr("canvas-chip-tip")).clicked() {
            prompt.clone_into(&mut ctx.draft.request.prompt);
        }
    }
}
