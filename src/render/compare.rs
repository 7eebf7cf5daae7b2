//! Two pictures in one place: one alone, both with a divider at any angle, or their difference as heat.
//!
//! Each picture fills a rectangle of its own. At a place p of the framebuffer the slider shows the second where
//! (p − through)·normal ≥ 0. The difference d is the mean of |b − a| over red, green and blue, in sRGB from 0 to 1, with the
//! sign of the largest of them; its colour is that of [`heat::SIGNED`] at ½ + ½·gain·d: blue where the second is darker,
//! orange where it is brighter. Where several texels lie under a pixel, it is the mean of their colours in linear light.

use std::sync::Arc;

use egui::{PaintCallbackInfo, Vec2};
use egui_wgpu::{Callback, CallbackResources, CallbackTrait, RenderState, ScreenDescriptor};
use wgpu::TextureViewDimension::D2;

use super::{heat, pipeline, shaders};
use crate::job::RgbImage;

/// Bytes of the shader's `Compare` struct.
const UNIFORM_BYTES: usize = 224;
/// Pictures that one frame may show beside each other.
pub const MAX_SLOTS: usize = 9;
/// Bytes of textures that are kept beyond what the frame shows.
const TEXTURE_BUDGET: usize = 192 << 20;

/// A picture and where it goes.
#[derive(Debug, Clone)]
pub struct Placed {
    /// What to draw; uploaded again only when it is another one.
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
pub enum CompareKind {
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
pub struct ComparePaint {
    /// The first.
    pub a: Placed,
    /// The second; the first again if there is none.
    pub b: Placed,
    /// How.
    pub kind: CompareKind,
    /// Which of the frame's places this is, from 0; below [`MAX_SLOTS`].
    pub slot: usize,
    /// Counts frames, so that textures no frame shows are let go.
    pub frame: u64,
}

impl ComparePaint {
    /// The shape to add to a painter; `rect` is the part of the window it may draw on, in points.
    pub fn into_shape(self, rect: egui::Rect) -> egui::Shape {
        Callback::new_paint_callback(rect, self).into()
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
        let colour = heat::colour(&heat::SIGNED, 0.5 + 0.5 * gain * difference(*a, *b));
        colour.map(|part| (255.0 * part).round() as u8)
    });
    is_one_size.then(|| RgbImage {
        width_px: a.width_px,
        height_px: a.height_px,
        pixels: colours.collect(),
    })
}

struct CompareResources {
    pipeline: wgpu::RenderPipeline,
    layout: wgpu::BindGroupLayout,
    uniforms: [wgpu::Buffer; MAX_SLOTS],
    bind_groups: [Option<wgpu::BindGroup>; MAX_SLOTS],
    framebuffer_is_srgb: bool,
    kept: Vec<Kept>,
}

/// A picture on the GPU.
struct Kept {
    /// Held so that no other picture can come to lie at the same address.
    image: Arc<RgbImage>,
    view: wgpu::TextureView,
    bytes: usize,
    frame: u64,
}

/// Builds the pipeline and keeps it with egui's renderer.
pub(super) fn install(render_state: &RenderState) {
    let device = &render_state.device;
    let label = shaders::COMPARE.path;
    let layout = pipeline::layout(device, label, &[D2, D2]);
    let resources = CompareResources {
        pipeline: pipeline::pipeline(render_state, shaders::COMPARE, &layout),
        layout,
        uniforms: std::array::from_fn(|_| pipeline::uniform(device, label, UNIFORM_BYTES)),
        bind_groups: std::array::from_fn(|_| None),
        framebuffer_is_srgb: render_state.target_format.is_srgb(),
        kept: Vec::new(),
    };
    render_state.renderer.write().callback_resources.insert(resources);
}

impl CallbackTrait for ComparePaint {
    fn prepare(
        &self,
        device: &wgpu::Device,
        queue: &wgpu::Queue,
        _screen: &ScreenDescriptor,
        _encoder: &mut wgpu::CommandEncoder,
        resources: &mut CallbackResources,
    ) -> Vec<wgpu::CommandBuffer> {
        if let Some(resources) = resources.get_mut::<CompareResources>()
            && self.slot < MAX_SLOTS
        {
            let uniform = self.uniform(resources.framebuffer_is_srgb);
            queue.write_buffer(&resources.uniforms[self.slot], 0, &uniform);
            resources.show(device, queue, self);
        }
        Vec::new()
    }

    fn paint(
        &self,
        _info: PaintCallbackInfo,
        render_pass: &mut wgpu::RenderPass<'static>,
        resources: &CallbackResources,
    ) {
        let Some(resources) = resources.get::<CompareResources>() else {
            return;
        };
        if let Some(Some(bind_group)) = resources.bind_groups.get(self.slot) {
            render_pass.set_pipeline(&resources.pipeline);
            render_pass.set_bind_group(0, bind_group, &[]);
            render_pass.draw(0..3, 0..1);
        }
    }
}

impl ComparePaint {
    fn uniform(&self, framebuffer_is_srgb: bool) -> Vec<u8> {
        let (kind, through, normal, gain) = match self.kind {
            CompareKind::One => (0, Vec2::ZERO, Vec2::X, 0.0),
            CompareKind::Slider { through_px, normal } => (1, through_px, normal, 0.0),
            CompareKind::Difference(gain) => (2, Vec2::ZERO, Vec2::X, gain),
        };
        let places = [
            self.a.origin_px,
            self.a.size_px,
            self.b.origin_px,
            self.b.size_px,
            through,
            normal,
        ];
        let mut words: Vec<u32> = places
            .into_iter()
            .flat_map(|place| [place.x, place.y])
            .map(f32::to_bits)
            .collect();
        words.extend([
            kind,
            u32::from(self.a.is_smooth),
            u32::from(self.b.is_smooth),
            u32::from(framebuffer_is_srgb),
        ]);
        words.extend([gain.to_bits(), 0, 0, 0]);
        for [red, green, blue] in heat::SIGNED {
            words.extend([red, green, blue, 0.0].map(f32::to_bits));
        }
        words.into_iter().flat_map(u32::to_ne_bytes).collect()
    }
}

impl CompareResources {
    fn show(&mut self, device: &wgpu::Device, queue: &wgpu::Queue, paint: &ComparePaint) {
        let frame = paint.frame;
        let [a, b] = [&paint.a, &paint.b].map(|placed| self.keep(device, queue, &placed.image, frame));
        let texture = |binding: u32, kept: usize| wgpu::BindGroupEntry {
            binding,
            resource: wgpu::BindingResource::TextureView(&self.kept[kept].view),
        };
        let uniform = wgpu::BindGroupEntry {
            binding: 0,
            resource: self.uniforms[paint.slot].as_entire_binding(),
        };
        let bind_group = device.create_bind_group(&wgpu::BindGroupDescriptor {
            label: Some(shaders::COMPARE.path),
            layout: &self.layout,
            entries: &[uniform, texture(1, a), texture(2, b)],
        });
        self.bind_groups[paint.slot] = Some(bind_group);
        self.let_go(frame);
    }

    /// The place of a picture among the textures.
    fn keep(&mut self, device: &wgpu::Device, queue: &wgpu::Queue, image: &Arc<RgbImage>, frame: u64) -> usize {
        if let Some(place) = self.kept.iter().position(|kept| Arc::ptr_eq(&kept.image, image)) {
            self.kept[place].frame = frame;
            return place;
        }
        let (size, bytes) = texels(image, device.limits().max_texture_dimension_2d);
        let texture = pipeline::texture(device, shaders::COMPARE.path, size, wgpu::TextureFormat::Rgba8Unorm);
        pipeline::write(queue, &texture, &bytes);
        self.kept.push(Kept {
            image: Arc::clone(image),
            view: texture.create_view(&wgpu::TextureViewDescriptor::default()),
            bytes: bytes.len(),
            frame,
        });
        self.kept.len() - 1
    }

    /// Forgets what was shown longest ago while there is too much. Bind groups hold what they show.
    fn let_go(&mut self, frame: u64) {
        let mut bytes: usize = self.kept.iter().map(|kept| kept.bytes).sum();
        while bytes > TEXTURE_BUDGET {
            let all = self.kept.iter().enumerate().filter(|(_, kept)| kept.frame != frame);
            let Some((oldest, _)) = all.min_by_key(|(_, kept)| kept.frame) else {
                return;
            };
            bytes -= self.kept.remove(oldest).bytes;
        }
    }
}

/// Four bytes for each texel of a picture, and how many there are; of one that is larger than any texture of the device,
/// every second, third, … pixel. A torn picture is black where it ends.
fn texels(image: &RgbImage, max_side: u32) -> (wgpu::Extent3d, Vec<u8>) {
    let stride = image.width_px.max(image.height_px).div_ceil(max_side.max(1)).max(1);
    let (width, height) = (
        image.width_px.div_ceil(stride).max(1),
        image.height_px.div_ceil(stride).max(1),
    );
    let size = wgpu::Extent3d {
        width,
        height,
        depth_or_array_layers: 1,
    };
    let whole = 4 * width as usize * height as usize;
    let mut bytes = if stride == 1 {
        pipeline::rgba_from_rgb(&image.pixels)
    } else {
        let row_bytes = 3 * image.width_px as usize;
        let rows = image.pixels.chunks(row_bytes.max(1)).step_by(stride as usize);
        let pixels = rows.flat_map(|row| row.as_chunks::<3>().0.iter().step_by(stride as usize));
        pixels.flat_map(|&[red, green, blue]| [red, green, blue, 255]).collect()
    };
    bytes.resize(whole, 0);
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
    fn pictures_larger_than_a_texture_should_be_thinned_out() {
        let image = RgbImage {
            width_px: 5,
            height_px: 2,
            pixels: (0..30).collect(),
        };
        let (size, bytes) = texels(&image, 2);
        assert_eq!((size.width, size.height), (2, 1));
        assert_eq!(bytes, [0, 1, 2, 255, 9, 10, 11, 255]);
        let (size, bytes) = texels(&image, 64);
        assert_eq!((size.width, size.height, bytes.len()), (5, 2, 40));
        let torn = RgbImage {
            pixels: vec![7; 4],
            ..image
        };
        assert_eq!(texels(&torn, 64).1.len(), 40);
    }
}
