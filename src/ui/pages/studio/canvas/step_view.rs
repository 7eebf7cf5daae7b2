//! A view of the step on the canvas, drawn from its latents, and the words and the scale that go with it.

use std::ops::Range;
use std::sync::Arc;

use egui::{Align, Color32, Frame, Layout, Margin, Mesh, Rect, RichText, Sense, Ui, UiBuilder, Vec2, pos2, vec2};

use super::views;
use crate::job::{LatentPlane, RgbImage, StepRecord};
use crate::render::latent_paint::LatentPaint;
use crate::render::latent_view::LatentView;
use crate::ui::pages::studio::panel::StudioContext;
use crate::ui::theme::GRID;
use crate::ui::widgets::viewport::Viewport;
use crate::unfold::StepView;
use crate::unfold::colour::{self, ColourMap};

/// How many views are kept after they were drawn.
const MAX_KEPT: usize = 8;
/// Height of the words on the canvas, without their frame.
const CAPTION_HEIGHT: f32 = 18.0;
/// Width of a half below which the scale stands under the words.
const TWO_ROWS_WIDTH: f32 = 400.0;
/// Size of the scale of a heat map.
const SCALE_SIZE: Vec2 = Vec2::new(64.0, 8.0);

/// A part of the canvas, and where in it the picture lies.
#[derive(Debug, Clone, Copy)]
pub(in crate::ui) struct Half {
    /// Which it is, from the left.
    pub(in crate::ui) index: usize,
    /// Where the picture lies.
    pub(in crate::ui) place: Viewport,
}

/// The views drawn lately, with what was found out about them.
#[derive(Default)]
pub(in crate::ui) struct StepViews {
    kept: Vec<Kept>,
}

struct Kept {
    step: Arc<StepRecord>,
    final_latents: Option<Arc<LatentPlane>>,
    view: StepView,
    word: Range<usize>,
    range: f32,
    /// Where the shader cannot draw.
    image: Option<Arc<RgbImage>>,
}

impl StepViews {
    /// Draws a view; `picture` is what attention is laid over.
    pub(in crate::ui) fn paint(
        &mut self,
        ui: &Ui,
        ctx: &mut StudioContext<'_, '_>,
        half: Half,
        seen: LatentView,
        picture: Option<Arc<RgbImage>>,
    ) {
        let kept = self.kept(&seen, !ctx.has_gpu_canvas);
        let (range, image) = (kept.range, kept.image.clone());
        let painter = ui.painter_at(half.place.rect);
        if let Some(image) = image {
            let texture = ctx.textures.smooth(ui.ctx(), &image);
            let uv = Rect::from_min_max(pos2(0.0, 0.0), pos2(1.0, 1.0));
            painter.image(texture.id(), half.place.picture_rect(), uv, Color32::WHITE);
            return;
        }
        let (width, height) = seen.size();
        let paint = LatentPaint {
            range,
            view: seen,
            picture,
            half: half.index,
            origin_px: half.place.origin_px,
            scale: half.place.size_px() / vec2(width as f32, height as f32).max(Vec2::splat(1.0)),
            is_cubic: !ctx.state.is_still,
        };
        painter.add(paint.into_shape(half.place.rect));
    }

    /// What a view is called and, for a heat map, its scale, in the half's upper left corner.
    pub(in crate::ui) fn caption(&mut self, ui: &mut Ui, ctx: &StudioContext<'_, '_>, half: Rect, view: StepView) {
        let scale = ctx.page.seen(view).filter(|seen| seen.missing().is_none());
        let scale = scale.and_then(|seen| Some((seen.heat()?, self.kept(&seen, false).range)));
        let room = Rect::from_min_max(half.min + vec2(8.0, 8.0), half.max);
        let mut ui = ui.new_child(UiBuilder::new().max_rect(room).layout(Layout::top_down(Align::Min)));
        ui.set_clip_rect(half.intersect(ui.clip_rect()));
        let frame = Frame::new()
            .fill(ctx.palette.panel.gamma_multiply(0.9))
            .corner_radius(4)
            .inner_margin(Margin::symmetric(8, 4));
        frame.show(&mut ui, |ui| {
            ui.spacing_mut().item_spacing = Vec2::splat(GRID);
            ui.spacing_mut().interact_size.y = CAPTION_HEIGHT;
            let name = egui::Label::new(views::name(ctx, view)).selectable(false);
            let add_scale = |ui: &mut Ui| {
                if let Some(((stops, is_signed), range)) = scale {
                    number(ui, if is_signed { -range } else { 0.0 });
                    heat_scale(ui, stops);
                    number(ui, range);
                }
            };
            if half.width() < TWO_ROWS_WIDTH {
                ui.set_max_width(room.width() - 6.0 * GRID);
                ui.add(name.truncate());
                ui.horizontal(add_scale);
            } else {
                ui.horizontal(|ui| {
                    ui.add(name);
                    ui.add_space(if scale.is_some() { 2.0 * GRID } else { 0.0 });
                    add_scale(ui);
                });
            }
        });
    }

    fn kept(&mut self, seen: &LatentView, needs_image: bool) -> &Kept {
        let is_it = |kept: &Kept| {
            Arc::ptr_eq(&kept.step, &seen.step)
                && kept.final_latents.as_ref().map(Arc::as_ptr) == seen.final_latents.as_ref().map(Arc::as_ptr)
                && (kept.view, &kept.word) == (seen.view, &seen.word)
                && (kept.image.is_some() || !needs_image)
        };
        let place = self.kept.iter().position(is_it).unwrap_or_else(|| {
            if self.kept.len() == MAX_KEPT {
                self.kept.remove(0);
            }
            self.kept.push(Kept {
                step: Arc::clone(&seen.step),
                final_latents: seen.final_latents.clone(),
                view: seen.view,
                word: seen.word.clone(),
                range: seen.range(),
                image: needs_image.then(|| Arc::new(seen.pixels())),
            });
            self.kept.len() - 1
        });
        &self.kept[place]
    }
}

/// A line in the middle of a half, in place of a view that there is not.
pub(in crate::ui) fn say(ui: &mut Ui, half: Rect, text: &str) {
    let room = half.shrink(24.0);
    let mut ui = ui.new_child(UiBuilder::new().max_rect(room).layout(Layout::bottom_up(Align::Center)));
    let frame = Frame::new()
        .fill(ui.visuals().panel_fill.gamma_multiply(0.9))
        .corner_radius(4)
        .inner_margin(Margin::symmetric(10, 6));
    frame.show(&mut ui, |ui| {
        ui.add(egui::Label::new(RichText::new(text)).selectable(false).wrap());
    });
}

fn number(ui: &mut Ui, value: f32) {
    let text = match value {
        0.0 => "0".to_owned(),
        value if value < 0.0 => format!("−{:.2}", value.abs()),
        value => format!("{value:.2}"),
    };
    ui.add(egui::Label::new(RichText::new(text).weak()).selectable(false));
}

/// The colours of a heat map from left to right.
fn heat_scale(ui: &mut Ui, stops: &ColourMap) {
    let (rect, _) = ui.allocate_exact_size(SCALE_SIZE, Sense::hover());
    let mut mesh = Mesh::default();
    for index in 0..stops.len() {
        let part = index as f32 / (stops.len() - 1) as f32;
        let [red, green, blue] = colour::sample(stops, part).map(|part| (255.0 * part).round() as u8);
        let x = egui::lerp(rect.x_range(), part);
        for y in [rect.top(), rect.bottom()] {
            mesh.colored_vertex(pos2(x, y), Color32::from_rgb(red, green, blue));
        }
        if let Some(first) = (2 * index as u32).checked_sub(2) {
            mesh.add_triangle(first, first + 1, first + 2);
            mesh.add_triangle(first + 1, first + 2, first + 3);
        }
    }
    ui.painter().add(mesh);
}
