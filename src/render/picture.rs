//! Pictures on a canvas: one alone, two with a divider at any angle, or the difference of two as heat.
//!
//! Each picture fills a rectangle of its own. At a point p of the framebuffer the slider shows the second where
//! (p − through)·normal ≥ 0. The difference d is the mean of |b − a| over red, green and blue, in sRGB from 0 to 1, with the
//! sign of the largest of them; its colour is that of [`SIGNED`](crate::unfold::colour::SIGNED) at ½ + ½·gain·d: blue where the second is darker,
//! orange where it is brighter. Where several texels lie under a pixel, it is the mean of their colours in linear light.

use std::sync::Arc;

use egui::Vec2;
use wgpu::TextureViewDimension::D2;

use super::pipeline::{self, Gpu, Paint, Target, UniformBytes};
use super::shaders::{self, Shader};
use crate::job::RgbImage;
use crate::unfold::colour::signed;

/// Pictures that one frame may show beside each other.
pub const MAX_SLOTS: usize = 9;
/// Bytes of textures that are kept beyond what the frame shows.
const TEXTURE_BUDGET: usize = 192 << 20;

/// A picture and where it goes.
#[derive(Debug, Clone)]
pub struct Placed {
    /// What to draw; uploaded once while it is shown or was shown lately.
    pub image: Arc<RgbImage>,
    /// Framebuffer position of its top left corner.
    pub origin_px: Vec2,
    /// Its size in pixels of the framebuffer.
    pub size_px: Vec2,
    /// Interpolates when enlarged; for previews smaller than their picture.
    pub is_smooth: bool,
}

/// What is drawn of two pictures.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum PictureMode {
    /// The first alone.
    One,
    /// The first on one side of a line, the second on the other.
    Slider {
        /// A point of the line, in pixels of the framebuffer.
        through_px: Vec2,
        /// Unit vector from the first to the second.
        normal: Vec2,
    },
    /// The difference as heat, multiplied by this.
    Difference(f32),
}

/// One or two pictures, and how they are drawn.
#[derive(Debug, Clone)]
pub struct PicturePaint {
    /// The first.
    pub a: Placed,
    /// The second; the first again if there is none.
    pub b: Placed,
    /// How.
    pub mode: PictureMode,
    /// Which of the frame's pictures this is, from 0; below [`MAX_SLOTS`].
    pub slot: usize,
    /// The number of the frame, by which textures that no frame shows are dropped.
    pub frame: u64,
}

impl PicturePaint {
    /// The shape to add to a painter; `rect` is the part of the window it may draw on, in points.
    pub fn into_shape(self, rect: egui::Rect) -> egui::Shape {
        pipeline::shape(self, rect)
    }
}

/// By how much the second colour differs, −1 to 1; parts from 0 to 255.
pub fn difference(a: [u8; 3], b: [u8; 3]) -> f32 {
    let by = [0, 1, 2].map(|part| f32::from(b[part]) - f32::from(a[part]));
    let larger = |largest: f32, part: f32| if part.abs() > largest.abs() { part } else { largest };
    let largest = by.into_iter().reduce(larger).unwrap_or_default();
    let amount = by.into_iter().map(f32::abs).sum::<f32>() / (3.0 * 255.0);
    if largest == 0.0 { 0.0 } else { amount * largest.signum() }
}

/// The difference of two pictures of one size as heat, texel by texel; `None` for others.
pub fn difference_pixels(a: &RgbImage, b: &RgbImage, gain: f32) -> Option<RgbImage> {
    let is_one_size = (a.width_px, a.height_px) == (b.width_px, b.height_px) && a.pixels.len() == b.pixels.len();
    let pairs = a.pixels.as_chunks::<3>().0.iter().zip(b.pixels.as_chunks::<3>().0);
    let colours = pairs.flat_map(|(a, b)| {
        let colour = signed(gain * difference(*a, *b));
        colour.map(|part| (255.0 * part).round() as u8)
    });
    is_one_size.then(|| RgbImage {
        width_px: a.width_px,
        height_px: a.height_px,
        pixels: colours.collect(),
    })
}

/// The pictures on the GPU.
#[derive(Default)]
pub(super) struct Textures {
    kept: Vec<Kept>,
}

/// A picture on the GPU.
struct Kept {
    /// Held so that no other picture can be allocated at the same address.
    image: Arc<RgbImage>,
    view: wgpu::TextureView,
    bytes: usize,
    frame: u64,
}

impl Paint for PicturePaint {
    const SHADER: Shader = shaders::PICTURE;
    const TEXTURES: &'static [wgpu::TextureViewDimension] = &[D2, D2];
    const SLOTS: usize = MAX_SLOTS;
    const UNIFORM_BYTES: usize = 224;
    type Cache = Textures;

    fn slot(&self) -> usize {
        self.slot
    }

    fn uniform(&self, target: Target) -> Vec<u8> {
        let (mode, through, normal, gain) = match self.mode {
            PictureMode::One => (0, Vec2::ZERO, Vec2::X, 0.0),
            PictureMode::Slider { through_px, normal } => (1, through_px, normal, 0.0),
            PictureMode::Difference(gain) => (2, Vec2::ZERO, Vec2::X, gain),
        };
        let mut bytes = UniformBytes::default();
        for placed in [&self.a, &self.b] {
            bytes.points([placed.origin_px, placed.size_px]);
        }
        bytes.points([through, normal]);
        bytes.integers([
            mode,
            self.a.is_smooth.into(),
            self.b.is_smooth.into(),
            target.is_srgb.into(),
        ]);
        bytes.floats([gain, 0.0, 0.0, 0.0]);
        for [red, green, blue] in crate::unfold::colour::SIGNED {
            bytes.floats([red, green, blue, 0.0]);
        }
        bytes.0
    }

    fn textures(&self, gpu: Gpu<'_>, cache: &mut Textures) -> Option<Vec<wgpu::TextureView>> {
        let views = [&self.a, &self.b].map(|placed| cache.view(gpu, &placed.image, self.frame));
        cache.evict(self.frame);
        Some(views.into())
    }
}

impl Textures {
    /// The texture of a picture, uploaded unless it is kept.
    fn view(&mut self, gpu: Gpu<'_>, image: &Arc<RgbImage>, frame: u64) -> wgpu::TextureView {
        if let Some(kept) = self.kept.iter_mut().find(|kept| Arc::ptr_eq(&kept.image, image)) {
            kept.frame = frame;
            return kept.view.clone();
        }
        let (size, bytes) = texels(image, gpu.max_texture_side());
        let texture = gpu.upload("picture", size, wgpu::TextureFormat::Rgba8Unorm, &bytes);
        let view = texture.create_view(&wgpu::TextureViewDescriptor::default());
        self.kept.push(Kept {
            image: Arc::clone(image),
            view: view.clone(),
            bytes: bytes.len(),
            frame,
        });
        view
    }

    /// Drops what was shown longest ago while there is too much. Bind groups hold what they show.
    fn evict(&mut self, frame: u64) {
        let mut bytes: usize = self.kept.iter().map(|kept| kept.bytes).sum();
        while bytes > TEXTURE_BUDGET {
            let others = self.kept.iter().enumerate().filter(|(_, kept)| kept.frame != frame);
            let Some((oldest, _)) = others.min_by_key(|(_, kept)| kept.frame) else {
                return;
            };
            bytes -= self.kept.remove(oldest).bytes;
        }
    }
}

/// Four bytes for each texel of a picture, and how many there are; a picture that is larger than any texture of the
/// device is reduced. Missing pixels are black.
pub(super) fn texels(image: &Arc<RgbImage>, max_side: u32) -> (wgpu::Extent3d, Vec<u8>) {
    let image = image.shrunk(max_side);
    let size = wgpu::Extent3d {
        width: image.width_px.max(1),
        height: image.height_px.max(1),
        depth_or_array_layers: 1,
    };
    let pixels = image.pixels.as_chunks::<3>().0.iter();
    let mut bytes: Vec<u8> = pixels.flat_map(|&[red, green, blue]| [red, green, blue, 255]).collect();
    bytes.resize(4 * size.width as usize * size.height as usize, 0);
    (size, bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_difference_should_have_the_sign_of_its_largest_part() {
        assert_eq!(difference([9, 9, 9], [9, 9, 9]), 0.0);
        assert_eq!(difference([0; 3], [255; 3]), 1.0);
        assert_eq!(difference([255; 3], [0; 3]), -1.0);
        let found = difference([100, 100, 100], [160, 100, 70]);
        assert!((found - 90.0 / 765.0).abs() < 1e-6, "{found}");
        assert_eq!(difference([160, 100, 70], [100, 100, 100]), -found);
    }

    #[test]
    fn pictures_larger_than_a_texture_should_be_reduced() {
        let image = Arc::new(RgbImage {
            width_px: 5,
            height_px: 2,
            pixels: (0..30).collect(),
        });
        let (size, bytes) = texels(&image, 2);
        assert_eq!((size.width, size.height), (2, 1));
        assert_eq!(bytes, [10, 11, 12, 255, 18, 19, 20, 255], "the mean over each block");
        let (size, bytes) = texels(&image, 64);
        assert_eq!((size.width, size.height, bytes.len()), (5, 2, 40));
        let torn = Arc::new(RgbImage {
            pixels: vec![7; 4],
            ..(*image).clone()
        });
        for max_side in [2, 64] {
            let (size, bytes) = texels(&torn, max_side);
            assert_eq!(bytes.len(), 4 * (size.width * size.height) as usize, "{max_side}");
        }
    }
}
