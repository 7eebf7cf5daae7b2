//! The mask that lies over a picture while it is painted: one texture of grey of which only what changed is uploaded, and
//! one triangle.

use std::sync::Arc;

use wgpu::TextureViewDimension::D2;

use super::pipeline::{self, Gpu, Paint, Target, UniformBytes};
use super::shaders::{self, Shader};

/// The most that a stripe hides of the picture.
const COVER: f32 = 0.6;

/// A part of a picture, in its pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PxRect {
    /// The first column.
    pub left: u32,
    /// The first row.
    pub top: u32,
    /// The column after the last.
    pub right: u32,
    /// The row after the last.
    pub bottom: u32,
}

impl PxRect {
    /// Whether there is no pixel in it.
    pub fn is_empty(self) -> bool {
        self.left >= self.right || self.top >= self.bottom
    }

    /// The smallest part that holds both.
    #[must_use]
    pub fn union(self, other: Self) -> Self {
        Self {
            left: self.left.min(other.left),
            top: self.top.min(other.top),
            right: self.right.max(other.right),
            bottom: self.bottom.max(other.bottom),
        }
    }
}

/// The colours of the mask, sRGB.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MaskLook {
    /// Every other stripe.
    pub light: [u8; 3],
    /// The stripes between them.
    pub dark: [u8; 3],
    /// The line along its edge.
    pub line: [u8; 3],
    /// Width of a stripe along the rows, in pixels of the framebuffer.
    pub stripe_px: f32,
}

impl MaskLook {
    /// What a pixel of the framebuffer becomes, as the shader has it: colour and opacity, 0 to 1.
    ///
    /// * `pixel`: its place in the framebuffer.
    /// * `amount`: how much is painted there, 0 to 1.
    /// * `least`: the least of its four neighbours.
    pub fn at(&self, pixel: [u32; 2], amount: f32, least: f32) -> ([f32; 3], f32) {
        if amount >= 0.5 && least < 0.5 {
            return (self.line.map(unit), 1.0);
        }
        let along = (pixel[0] as f32 + 0.5) + (pixel[1] as f32 + 0.5);
        let is_light = (along / (2.0 * self.stripe_px)).fract() < 0.5;
        let tone = if is_light { self.light } else { self.dark };
        (tone.map(unit), COVER * amount)
    }
}

fn unit(level: u8) -> f32 {
    f32::from(level) / 255.0
}

/// A mask and where it goes, in pixels of the framebuffer.
#[derive(Debug, Clone)]
pub struct MaskPaint {
    /// Identifies the mask.
    pub serial: u64,
    /// Counts the changes of this one.
    pub version: u64,
    /// The newest changes: the version each made, and where; oldest first.
    pub changes: Vec<(u64, PxRect)>,
    /// Width and height, in pixels; at least 1.
    pub size_px: (u32, u32),
    /// One byte per pixel, row by row.
    pub pixels: Arc<Vec<u8>>,
    /// Its colours.
    pub look: MaskLook,
    /// Framebuffer position of its top left corner.
    pub origin_px: egui::Vec2,
    /// Framebuffer pixels per pixel of the mask, along each side.
    pub scale: egui::Vec2,
}

impl MaskPaint {
    /// The shape to add to a painter; `rect` is the part of the window it may draw on, in points.
    pub fn into_shape(self, rect: egui::Rect) -> egui::Shape {
        pipeline::shape(self, rect)
    }

    fn whole(&self) -> PxRect {
        let (right, bottom) = self.size_px;
        PxRect {
            left: 0,
            top: 0,
            right,
            bottom,
        }
    }

    /// What changed after `version`; `None` if nothing did.
    pub fn changed_since(&self, version: u64) -> Option<PxRect> {
        if version == self.version {
            return None;
        }
        let oldest = self.changes.first().map_or(u64::MAX, |(made, _)| *made);
        if oldest > version + 1 {
            return Some(self.whole());
        }
        let newer = self.changes.iter().filter(|(made, _)| *made > version);
        newer.map(|(_, rect)| *rect).reduce(PxRect::union)
    }
}

/// The mask on the GPU now.
pub(super) struct Uploaded {
    serial: u64,
    version: u64,
    texture: wgpu::Texture,
}

impl Paint for MaskPaint {
    const SHADER: Shader = shaders::MASK_BRUSH;
    const TEXTURES: &'static [wgpu::TextureViewDimension] = &[D2];
    const UNIFORM_BYTES: usize = 80;
    const BLEND: Option<wgpu::BlendState> = Some(wgpu::BlendState::PREMULTIPLIED_ALPHA_BLENDING);
    type Cache = Option<Uploaded>;

    fn uniform(&self, target: Target) -> Vec<u8> {
        let mut bytes = UniformBytes::default();
        bytes.points([self.origin_px, self.scale]);
        for tone in [self.look.light, self.look.dark, self.look.line] {
            bytes.floats(tone.map(unit));
            bytes.floats([1.0]);
        }
        bytes.floats([self.look.stripe_px, COVER]);
        bytes.integers([target.is_srgb.into(), 0]);
        bytes.0
    }

    fn textures(&self, gpu: Gpu<'_>, cache: &mut Option<Uploaded>) -> Option<Vec<wgpu::TextureView>> {
        let (width, height) = self.size_px;
        let size = wgpu::Extent3d {
            width,
            height,
            depth_or_array_layers: 1,
        };
        let kept = cache.take().filter(|kept| kept.texture.size() == size);
        let known = kept.as_ref().filter(|kept| kept.serial == self.serial);
        let changed = match known {
            Some(kept) => self.changed_since(kept.version),
            None => Some(self.whole()),
        };
        let texture = kept.map_or_else(
            || gpu.texture("mask", size, wgpu::TextureFormat::R8Unorm),
            |kept| kept.texture,
        );
        if let Some(rect) = changed.filter(|rect| !rect.is_empty()) {
            upload(gpu.queue, &texture, self, rect);
        }
        let view = texture.create_view(&wgpu::TextureViewDescriptor::default());
        *cache = Some(Uploaded {
            serial: self.serial,
            version: self.version,
            texture,
        });
        Some(vec![view])
    }
}

/// Writes a part of the mask straight from all of its pixels.
fn upload(queue: &wgpu::Queue, texture: &wgpu::Texture, paint: &MaskPaint, rect: PxRect) {
    let (width, _) = paint.size_px;
    let first = rect.top as usize * width as usize + rect.left as usize;
    let end = (rect.bottom as usize - 1) * width as usize + rect.right as usize;
    let Some(bytes) = paint.pixels.get(first..end) else {
        return;
    };
    queue.write_texture(
        wgpu::TexelCopyTextureInfo {
            texture,
            mip_level: 0,
            origin: wgpu::Origin3d {
                x: rect.left,
                y: rect.top,
                z: 0,
            },
            aspect: wgpu::TextureAspect::All,
        },
        bytes,
        wgpu::TexelCopyBufferLayout {
            offset: 0,
            bytes_per_row: Some(width),
            rows_per_image: None,
        },
        wgpu::Extent3d {
            width: rect.right - rect.left,
            height: rect.bottom - rect.top,
            depth_or_array_layers: 1,
        },
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paint(version: u64, changes: &[(u64, PxRect)]) -> MaskPaint {
        MaskPaint {
            serial: 1,
            version,
            changes: changes.to_vec(),
            size_px: (10, 10),
            pixels: Arc::new(vec![0; 100]),
            look: MaskLook {
                light: [255; 3],
                dark: [0; 3],
                line: [9; 3],
                stripe_px: 4.0,
            },
            origin_px: egui::Vec2::ZERO,
            scale: egui::Vec2::splat(1.0),
        }
    }

    #[test]
    fn only_what_changed_since_should_be_looked_at_again() {
        let at = |left| PxRect {
            left,
            top: 2,
            right: left + 1,
            bottom: 3,
        };
        let paint = paint(9, &[(7, at(1)), (8, at(4)), (9, at(6))]);
        assert_eq!(paint.changed_since(9), None);
        assert_eq!(paint.changed_since(8), Some(at(6)));
        assert_eq!(paint.changed_since(7), Some(at(4).union(at(6))));
        let whole = paint.changed_since(3).unwrap();
        assert_eq!((whole.left, whole.right), (0, 10), "too long ago to be known");
    }

    #[test]
    fn the_edge_should_be_a_line_and_the_inside_striped() {
        let look = paint(0, &[]).look;
        assert_eq!(look.at([0, 0], 1.0, 0.0), ([9.0 / 255.0; 3], 1.0));
        assert_eq!(look.at([0, 0], 1.0, 1.0), ([1.0; 3], COVER));
        assert_eq!(look.at([4, 0], 0.5, 0.5), ([0.0; 3], 0.5 * COVER));
    }
}
