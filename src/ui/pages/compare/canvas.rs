//! The pictures, large: with a divider, beside each other, one after the other, or their difference.

use std::sync::Arc;

use egui::{
    Color32, EventFilter, FontId, Id, Key, Mesh, Modifiers, Pos2, Rect, Role, Sense, Shape, Stroke, StrokeKind, Ui,
    Vec2, WidgetInfo, pos2, vec2,
};

use super::pointer::PointerHold;
use super::{CompareContext, CompareState, Shown};
use crate::job::RgbImage;
use crate::render::picture::{PictureMode, PicturePaint, Placed, difference_pixels};
use crate::ui::commands::{CompareCommand, CompareMode};
use crate::ui::model::divider::Divider;
use crate::ui::model::divider::HANDLE_DISTANCE;
use crate::ui::model::state::file_name;
use crate::ui::widgets::viewport::Viewport;

/// Room between pictures beside each other.
const GAP: f32 = 4.0;
/// How far a key moves the line, as a part of the picture.
const KEY_STEP: f32 = 0.01;
/// Radius of the handles.
const HANDLE_RADIUS: f32 = 7.0;

/// Draws the pictures and hears the pointer.
#[derive(Default)]
pub(super) struct Canvas {
    zoom: f32,
    fit_zoom: f32,
    pointer: PointerHold,
    /// The difference of a pair, where the shader cannot draw.
    difference: Option<([Arc<RgbImage>; 2], f32, Arc<RgbImage>)>,
}

/// A picture in the middle of a frame, as large as it fits.
fn placed(frame: &Viewport, shown: &Shown) -> Placed {
    let fit = (frame.picture_px / shown.picture_px.max(Vec2::splat(1.0))).min_elem();
    let size_px = shown.picture_px * fit * frame.zoom;
    let offset = (frame.size_px() - size_px) / 2.0;
    Placed {
        image: Arc::clone(&shown.image),
        origin_px: frame.origin_px + offset.round(),
        size_px,
        is_smooth: fit != 1.0 || (shown.image.width_px as f32) < shown.picture_px.x,
    }
}

impl Canvas {
    /// Pixels of the screen for each of the picture, as it was drawn last.
    pub(super) fn zoom(&self) -> f32 {
        self.zoom
    }

    /// The same at which all of the pictures is seen.
    pub(super) fn fit_zoom(&self) -> f32 {
        self.fit_zoom
    }

    /// Draws the chosen way into `body`.
    pub(super) fn show(&mut self, ui: &mut Ui, ctx: &mut CompareContext<'_, '_>, body: Rect) {
        let page = ctx.page;
        let response = ui.allocate_rect(body, Sense::click_and_drag());
        let pair = page.pair();
        let frames = match (page.mode, pair) {
            (CompareMode::Beside, _) => self.beside(ui, ctx, body),
            (mode, Some([a, b])) => {
                let frame = self.frame(ui, ctx, body, larger([&a, &b]));
                self.pair(ui, ctx, frame, mode, [&a, &b]);
                vec![frame]
            }
            (_, None) => match page.shown(page.first) {
                Some(shown) => {
                    let frame = self.frame(ui, ctx, body, shown.picture_px);
                    self.draw(ui, ctx, frame, (0, PictureMode::One), [&shown, &shown]);
                    vec![frame]
                }
                None => Vec::new(),
            },
        };
        let names: Vec<String> = page.pictures.iter().map(|picture| file_name(&picture.path)).collect();
        let words = [("files", &*names.join(", "))];
        let name = ctx.language.tr_with("compare-canvas", &words);
        response.widget_info(|| WidgetInfo::labeled(Role::Image, true, &name));
        self.pointer.handle_input(ui, ctx, &response, &frames);
    }

    fn frame(&mut self, ui: &Ui, ctx: &CompareContext<'_, '_>, rect: Rect, picture_px: Vec2) -> Viewport {
        let frame = Viewport::new(ui, rect, ctx.page.camera, picture_px);
        self.fit_zoom = frame.fit_zoom;
        self.zoom = frame.zoom;
        frame
    }

    /// All pictures in a grid; zoom and place are those of all of them.
    fn beside(&mut self, ui: &Ui, ctx: &mut CompareContext<'_, '_>, body: Rect) -> Vec<Viewport> {
        let page = ctx.page;
        let shown: Vec<Option<Shown>> = (0..page.pictures.len()).map(|place| page.shown(place)).collect();
        let picture_px = larger(shown.iter().flatten());
        let cells = cells(body.shrink(GAP), shown.len(), picture_px);
        let (first, second) = (page.first, page.second);
        let mut frames = Vec::new();
        for (place, (cell, shown)) in cells.into_iter().zip(shown).enumerate() {
            let frame = self.frame(ui, ctx, cell, picture_px);
            if let Some(shown) = shown {
                self.draw(ui, ctx, frame, (place, PictureMode::One), [&shown, &shown]);
            }
            let letter = match place {
                _ if place == first => "A  ",
                _ if place == second => "B  ",
                _ => "",
            };
            caption(ui, ctx, cell, place, letter);
            let line = if place == second {
                Stroke::new(1.0, *ctx.palette.accent)
            } else {
                Stroke::new(1.0, *ctx.palette.separator)
            };
            ui.painter().rect_stroke(cell, 2.0, line, StrokeKind::Inside);
            frames.push(frame);
        }
        frames
    }

    fn pair(
        &mut self,
        ui: &Ui,
        ctx: &mut CompareContext<'_, '_>,
        frame: Viewport,
        mode: CompareMode,
        shown: [&Shown; 2],
    ) {
        let page = ctx.page;
        let (divider, gain) = (page.divider, page.gain);
        match mode {
            CompareMode::Blink => {
                let place = usize::from(page.is_second_shown);
                let one = shown[place];
                self.draw(ui, ctx, frame, (0, PictureMode::One), [one, one]);
                let (letter, picture) = [("A  ", page.first), ("B  ", page.second)][place];
                caption(ui, ctx, frame.rect, picture, letter);
            }
            CompareMode::Difference => self.draw(ui, ctx, frame, (0, PictureMode::Difference(gain)), shown),
            _ => {
                let through_px = frame.origin_px + divider.through * frame.size_px();
                let normal = divider.normal();
                let kind = PictureMode::Slider { through_px, normal };
                self.draw(ui, ctx, frame, (0, kind), shown);
                line(ui, ctx, divider, frame);
                divider_keys(ui, ctx, divider, frame);
            }
        }
    }

    /// Draws with the shader where there is one, else with what egui can.
    fn draw(
        &mut self,
        ui: &Ui,
        ctx: &mut CompareContext<'_, '_>,
        frame: Viewport,
        (slot, kind): (usize, PictureMode),
        shown: [&Shown; 2],
    ) {
        let [a, b] = shown.map(|shown| placed(&frame, shown));
        let painter = ui.painter_at(frame.rect);
        if ctx.has_gpu_canvas {
            let paint = PicturePaint {
                a,
                b,
                mode: kind,
                slot,
                frame: ui.ctx().cumulative_pass_nr(),
            };
            painter.add(paint.into_shape(frame.rect));
            return;
        }
        let pixels_per_point = ui.pixels_per_point();
        let rect_of = |placed: &Placed| {
            let min = (placed.origin_px / pixels_per_point).to_pos2();
            Rect::from_min_size(min, placed.size_px / pixels_per_point)
        };
        let corners = |rect: Rect| {
            vec![
                rect.left_top(),
                rect.right_top(),
                rect.right_bottom(),
                rect.left_bottom(),
            ]
        };
        match kind {
            PictureMode::One => {
                let rect = rect_of(&a);
                painter.add(textured(ui, ctx, &a.image, rect, &corners(rect)));
            }
            PictureMode::Difference(gain) => {
                if let Some(image) = self.difference([&a.image, &b.image], gain) {
                    let rect = rect_of(&a);
                    painter.add(textured(ui, ctx, &image, rect, &corners(rect)));
                }
            }
            PictureMode::Slider { .. } => {
                let (divider, inner) = (ctx.page.divider, frame.picture_rect());
                for (placed, is_second) in [(a, false), (b, true)] {
                    let rect = rect_of(&placed);
                    let part = divider.cut_rect(inner, rect, is_second);
                    painter.add(textured(ui, ctx, &placed.image, rect, &part));
                }
            }
        }
    }

    fn difference(&mut self, [a, b]: [&Arc<RgbImage>; 2], gain: f32) -> Option<Arc<RgbImage>> {
        let is_it = |known: &[Arc<RgbImage>; 2]| Arc::ptr_eq(&known[0], a) && Arc::ptr_eq(&known[1], b);
        if let Some((pair, at, image)) = &self.difference
            && is_it(pair)
            && *at == gain
        {
            return Some(Arc::clone(image));
        }
        let image = Arc::new(difference_pixels(a, b, gain)?);
        self.difference = Some(([Arc::clone(a), Arc::clone(b)], gain, Arc::clone(&image)));
        Some(image)
    }
}

/// The largest of some sizes by area.
fn larger<'a>(shown: impl IntoIterator<Item = &'a Shown>) -> Vec2 {
    let sizes = shown.into_iter().map(|shown| shown.picture_px);
    sizes
        .max_by(|a, b| (a.x * a.y).total_cmp(&(b.x * b.y)))
        .unwrap_or(Vec2::splat(1.0))
}

/// Places for so many pictures, in as many columns as make them largest.
fn cells(body: Rect, count: usize, picture_px: Vec2) -> Vec<Rect> {
    let size = |columns: usize| {
        let rows = count.div_ceil(columns);
        let grid = vec2(columns as f32, rows as f32);
        (body.size() - (grid - Vec2::splat(1.0)) * GAP) / grid
    };
    let fit = |columns: usize| (size(columns) / picture_px).min_elem();
    let Some(columns) = (1..=count).max_by(|a, b| fit(*a).total_cmp(&fit(*b)).then(b.cmp(a))) else {
        return Vec::new();
    };
    let cell = size(columns);
    let place = |index: usize| vec2((index % columns) as f32, (index / columns) as f32);
    (0..count)
        .map(|index| Rect::from_min_size(body.min + place(index) * (cell + Vec2::splat(GAP)), cell))
        .collect()
}

/// A convex part of a picture that fills a rectangle.
fn textured(ui: &Ui, ctx: &mut CompareContext<'_, '_>, image: &Arc<RgbImage>, rect: Rect, part: &[Pos2]) -> Shape {
    let texture = ctx.textures.whole(ui.ctx(), image);
    let mut mesh = Mesh::with_texture(texture.id());
    for corner in part {
        let uv = (*corner - rect.min) / rect.size().max(Vec2::splat(f32::EPSILON));
        mesh.vertices.push(egui::epaint::Vertex {
            pos: *corner,
            uv: pos2(uv.x, uv.y),
            color: Color32::WHITE,
        });
    }
    for index in 2..part.len() as u32 {
        mesh.add_triangle(0, index - 1, index);
    }
    mesh.into()
}

/// The line of the slider, the knob at its point and the handle that turns it.
fn line(ui: &Ui, ctx: &CompareContext<'_, '_>, divider: Divider, frame: Viewport) {
    let inner = frame.picture_rect();
    let painter = ui.painter_at(frame.rect);
    let (dark, light) = (Color32::from_black_alpha(140), Color32::WHITE);
    if let Some(ends) = divider.ends(inner) {
        painter.line_segment(ends, Stroke::new(3.0, dark));
        painter.line_segment(ends, Stroke::new(1.0, light));
    }
    let (knob, handle) = (divider.point(inner), divider.handle(inner, HANDLE_DISTANCE));
    painter.circle(handle, HANDLE_RADIUS - 2.0, dark, Stroke::new(1.5, light));
    painter.circle(knob, HANDLE_RADIUS, *ctx.palette.accent, Stroke::new(1.5, light));
    let page = ctx.page;
    let font = FontId::proportional(13.0);
    for (letter, sign) in [("A", -1.0), ("B", 1.0)] {
        let place = knob + divider.normal() * (sign * 24.0);
        painter.circle_filled(place, 10.0, dark);
        painter.text(place, egui::Align2::CENTER_CENTER, letter, font.clone(), light);
    }
    debug_assert!(page.first != page.second, "a line divides two pictures");
}

/// The knob of the slider as a control: Left and Right move the line, ten times as far with Shift; Home and End take it to
/// either edge.
fn divider_keys(ui: &Ui, ctx: &CompareContext<'_, '_>, divider: Divider, frame: Viewport) {
    let inner = frame.picture_rect();
    let knob = Rect::from_center_size(divider.point(inner), Vec2::splat(4.0 * HANDLE_RADIUS));
    let response = ui.interact(knob, Id::unique("compare-divider"), Sense::FOCUSABLE);
    let name = ctx.tr("compare-divider");
    response.widget_info(|| WidgetInfo::slider(true, f64::from(divider.position()), &name));
    if !response.has_focus() {
        return;
    }
    ui.painter().circle_stroke(
        knob.center(),
        HANDLE_RADIUS + 3.0,
        Stroke::new(2.0, *ctx.palette.accent),
    );
    let filter = EventFilter {
        horizontal_arrows: true,
        ..EventFilter::default()
    };
    ui.memory_mut(|memory| memory.set_focus_lock_filter(response.id, filter));
    let keys = [
        (Key::ArrowLeft, Modifiers::SHIFT, -10.0 * KEY_STEP),
        (Key::ArrowRight, Modifiers::SHIFT, 10.0 * KEY_STEP),
        (Key::ArrowLeft, Modifiers::NONE, -KEY_STEP),
        (Key::ArrowRight, Modifiers::NONE, KEY_STEP),
        (Key::Home, Modifiers::NONE, -1.0),
        (Key::End, Modifiers::NONE, 1.0),
    ];
    let by: f32 = keys
        .into_iter()
        .filter(|(key, held, _)| ui.input_mut(|input| input.consume_key(*held, *key)))
        .map(|(_, _, by)| by)
        .sum();
    if by != 0.0 {
        ctx.commands.send(CompareCommand::SetDivider(divider.pushed(by)));
    }
}

/// A picture's name in the upper left corner of its place.
fn caption(ui: &Ui, ctx: &CompareContext<'_, '_>, rect: Rect, place: usize, letter: &str) {
    let page: &CompareState = ctx.page;
    let Some(picture) = page.pictures.get(place) else {
        return;
    };
    let words = match &picture.failure {
        Some(failure) => failure.clone(),
        None => format!("{letter}{}", file_name(&picture.path)),
    };
    let colour = if picture.failure.is_some() {
        *ctx.palette.error
    } else {
        *ctx.palette.text
    };
    let painter = ui.painter_at(rect);
    let room = (rect.width() - 24.0).max(20.0);
    let galley = painter.layout(words, FontId::proportional(12.0), colour, room);
    let corner = rect.min + vec2(6.0, 6.0);
    let ground = Rect::from_min_size(corner, galley.size() + vec2(12.0, 6.0));
    painter.rect_filled(ground, 3.0, ctx.palette.panel.gamma_multiply(0.9));
    painter.galley(corner + vec2(6.0, 3.0), galley, colour);
}
