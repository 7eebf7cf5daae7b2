//! A part of the window in which a picture is shown, zoomed and panned.

use std::sync::Arc;

use egui::{Color32, Pos2, Rect, Response, Ui, Vec2, pos2, vec2};

use super::textures::TextureCache;
use crate::job::RgbImage;
use crate::render::picture::{PictureMode, PicturePaint, Placed};
use crate::ui::model::camera::{Camera, CameraMove};

/// Space left around a picture that is shown whole, in points.
const MARGIN: f32 = 8.0;
/// Points of wheel movement that enlarge by e.
const WHEEL_POINTS: f32 = 240.0;

/// Where a picture lies in a part of the window.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Viewport {
    /// The part of the window, in points.
    pub(crate) rect: Rect,
    /// Size of the picture, in its own pixels.
    pub(crate) picture_px: Vec2,
    /// Its top left corner, in pixels of the framebuffer.
    pub(crate) origin_px: Vec2,
    /// Framebuffer pixels per pixel of the picture.
    pub(crate) zoom: f32,
    /// The zoom at which all of the picture is shown.
    pub(crate) fit_zoom: f32,
    pub(crate) pixels_per_point: f32,
}

impl Viewport {
    /// Places a picture of this size as the camera sees it.
    pub(crate) fn new(ui: &Ui, rect: Rect, camera: Camera, picture_px: Vec2) -> Self {
        let pixels_per_point = ui.pixels_per_point();
        let canvas_px = (rect.size() - Vec2::splat(2.0 * MARGIN)).max(Vec2::splat(1.0)) * pixels_per_point;
        let corner_px = (rect.min.to_vec2() * pixels_per_point).round();
        let margin_px = Vec2::splat(MARGIN * pixels_per_point);
        Self {
            rect,
            picture_px,
            origin_px: corner_px + (camera.origin_px(picture_px, canvas_px) + margin_px).round(),
            zoom: camera.zoom_for(picture_px, canvas_px),
            fit_zoom: camera.fit_zoom(picture_px, canvas_px),
            pixels_per_point,
        }
    }

    /// The picture's size in pixels of the framebuffer.
    pub(crate) fn size_px(&self) -> Vec2 {
        self.picture_px * self.zoom
    }

    /// What the whole picture covers, in points.
    pub(crate) fn picture_rect(&self) -> Rect {
        Rect::from_min_max(self.to_point(Vec2::ZERO), self.to_point(self.picture_px))
    }

    /// The position in the picture, in its pixels, under a point of the window.
    pub(crate) fn to_picture(self, point: Pos2) -> Vec2 {
        (point.to_vec2() * self.pixels_per_point - self.origin_px) / self.zoom
    }

    /// The point of the window over a position in the picture.
    pub(crate) fn to_point(self, position: Vec2) -> Pos2 {
        ((position * self.zoom + self.origin_px) / self.pixels_per_point).to_pos2()
    }

    /// A picture that fills the place, whatever its own size.
    pub(crate) fn placed(&self, image: &Arc<RgbImage>) -> Placed {
        Placed {
            image: Arc::clone(image),
            origin_px: self.origin_px,
            size_px: self.size_px(),
            is_smooth: (image.width_px as f32) < self.picture_px.x || self.zoom > 1.0 && self.zoom.fract() != 0.0,
        }
    }

    /// Draws a picture that fills the place: by the shader if the window has one, else as an egui image.
    ///
    /// * `slot`: counts the pictures of one frame.
    pub(crate) fn draw(&self, ui: &Ui, textures: &mut TextureCache, slot: Option<usize>, image: &Arc<RgbImage>) {
        let painter = ui.painter_at(self.rect);
        if let Some(slot) = slot {
            let placed = self.placed(image);
            let paint = PicturePaint {
                a: placed.clone(),
                b: placed,
                mode: PictureMode::One,
                slot,
                frame: ui.ctx().cumulative_pass_nr(),
            };
            painter.add(paint.into_shape(self.rect));
        } else {
            let texture = textures.whole(ui.ctx(), image);
            let uv = Rect::from_min_max(pos2(0.0, 0.0), pos2(1.0, 1.0));
            painter.image(texture.id(), self.picture_rect(), uv, Color32::WHITE);
        }
    }

    /// What pointer, wheel and pinch do to the camera.
    ///
    /// * `is_panned`: whether the drag under way moves the picture.
    pub(crate) fn camera_moves(&self, ui: &Ui, response: &Response, is_panned: bool) -> Vec<CameraMove> {
        let mut moves = Vec::new();
        if is_panned && response.drag_delta() != Vec2::ZERO {
            moves.push(CameraMove::Pan(response.drag_delta() * self.pixels_per_point));
        }
        if let Some(pointer) = response.hover_pos() {
            let (wheel, pinch) = ui.input(|input| (input.smooth_scroll_delta().y, input.zoom_delta()));
            let factor = (wheel / WHEEL_POINTS).exp() * pinch;
            if factor != 1.0 {
                let anchor_px = (pointer - self.rect.center()) * self.pixels_per_point;
                moves.push(CameraMove::ZoomAt { factor, anchor_px });
            }
        }
        moves
    }
}

/// Size of an image, in pixels.
pub(crate) fn size_px(image: &RgbImage) -> Vec2 {
    vec2(image.width_px as f32, image.height_px as f32)
}
