//! Where on the picture the canvas looks.

use egui::Vec2;

/// Smallest and largest enlargement, in screen pixels per pixel of the picture.
const ZOOM_RANGE: std::ops::RangeInclusive<f32> = 0.05..=64.0;
/// What one press of + multiplies by.
const ZOOM_STEP: f32 = std::f32::consts::SQRT_2;

/// Enlargement and position of the picture, in pixels of the screen.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Camera {
    /// Screen pixels per pixel of the picture; `None` shows all of it.
    pub zoom: Option<f32>,
    /// How far the picture's middle lies from the canvas's.
    pub offset_px: Vec2,
    /// Whether a picture that is shown whole is enlarged by whole numbers only, so that every pixel is as large as the next.
    pub has_whole_pixels: bool,
}

/// A change of the camera.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum CameraMove {
    /// Shows all of the picture.
    Fit,
    /// Shows all of the picture, enlarged by whole numbers only, or again so that it fills the canvas.
    ToggleWholePixels,
    /// One pixel of the picture on one of the screen.
    Actual,
    /// Nearer, about the middle of the canvas.
    In,
    /// Farther, about the middle of the canvas.
    Out,
    /// Moves the picture.
    Pan(Vec2),
    /// Multiplies the zoom; the point that lies `anchor_px` from the canvas's middle stays where it is.
    ZoomAt {
        /// What to multiply by.
        factor: f32,
        /// The point that stays.
        anchor_px: Vec2,
    },
}

impl Camera {
    /// The zoom that shows all of a picture, as large as the canvas allows.
    pub fn fit_zoom(&self, picture_px: Vec2, canvas_px: Vec2) -> f32 {
        let fit = (canvas_px / picture_px.max(Vec2::splat(1.0))).min_elem();
        if fit >= 1.0 && self.has_whole_pixels {
            fit.floor()
        } else {
            fit.max(0.01)
        }
    }

    /// The zoom in force for a picture on a canvas.
    pub fn zoom_for(&self, picture_px: Vec2, canvas_px: Vec2) -> f32 {
        self.zoom.unwrap_or_else(|| self.fit_zoom(picture_px, canvas_px))
    }

    /// Where the picture's top left corner lies, from the canvas's, on whole pixels.
    pub fn origin_px(&self, picture_px: Vec2, canvas_px: Vec2) -> Vec2 {
        let shown = picture_px * self.zoom_for(picture_px, canvas_px);
        ((canvas_px - shown) / 2.0 + self.offset_px).round()
    }

    /// Carries out a move; `fit_zoom` is the zoom that shows all.
    pub fn apply(&mut self, camera_move: CameraMove, fit_zoom: f32) {
        let zoom = self.zoom.unwrap_or(fit_zoom);
        match camera_move {
            CameraMove::Fit => self.fit(),
            CameraMove::ToggleWholePixels => {
                self.has_whole_pixels = !self.has_whole_pixels;
                self.fit();
            }
            CameraMove::Actual => self.zoom_about(1.0 / zoom, zoom, Vec2::ZERO),
            CameraMove::In => self.zoom_about(ZOOM_STEP, zoom, Vec2::ZERO),
            CameraMove::Out => self.zoom_about(ZOOM_STEP.recip(), zoom, Vec2::ZERO),
            CameraMove::Pan(delta) => {
                self.zoom = Some(zoom);
                self.offset_px += delta;
            }
            CameraMove::ZoomAt { factor, anchor_px } => self.zoom_about(factor, zoom, anchor_px),
        }
    }

    fn fit(&mut self) {
        self.zoom = None;
        self.offset_px = Vec2::ZERO;
    }

    fn zoom_about(&mut self, factor: f32, zoom: f32, anchor_px: Vec2) {
        let wanted = (zoom * factor).clamp(*ZOOM_RANGE.start(), *ZOOM_RANGE.end());
        // Near a whole number means that number: pixels are then all of one size.
        let nearest = wanted.round();
        let wanted = if nearest >= 1.0 && (wanted / nearest - 1.0).abs() < 0.02 {
            nearest
        } else {
            wanted
        };
        self.offset_px = anchor_px - (anchor_px - self.offset_px) * (wanted / zoom);
        self.zoom = Some(wanted);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PICTURE: Vec2 = Vec2::new(128.0, 128.0);
    const CANVAS: Vec2 = Vec2::new(900.0, 600.0);

    #[test]
    fn a_picture_should_fill_the_canvas_or_be_enlarged_by_a_whole_number() {
        let mut camera = Camera::default();
        assert_eq!(camera.zoom_for(PICTURE, CANVAS), 600.0 / 128.0);
        assert_eq!(camera.zoom_for(Vec2::splat(1200.0), CANVAS), 0.5);
        camera.apply(CameraMove::In, 1.0);
        camera.apply(CameraMove::ToggleWholePixels, 1.0);
        assert_eq!(camera.zoom_for(PICTURE, CANVAS), 4.0);
        assert_eq!(
            camera.zoom_for(Vec2::splat(1200.0), CANVAS),
            0.5,
            "made smaller it cannot be whole"
        );
        camera.apply(CameraMove::Fit, 1.0);
        assert_eq!(camera.zoom_for(PICTURE, CANVAS), 4.0, "it stays chosen");
        camera.apply(CameraMove::ToggleWholePixels, 1.0);
        assert_eq!(camera, Camera::default());
    }

    #[test]
    fn the_point_under_the_pointer_should_stay_when_zooming() {
        let mut camera = Camera::default();
        let anchor = Vec2::new(100.0, -40.0);
        let point = |camera: &Camera| (anchor - camera.offset_px) / camera.zoom_for(PICTURE, CANVAS);
        let before = point(&camera);
        let factor = 1.7;
        camera.apply(
            CameraMove::ZoomAt {
                factor,
                anchor_px: anchor,
            },
            CANVAS.y / PICTURE.y,
        );
        assert!((point(&camera) - before).length() < 1e-3);
    }
}
