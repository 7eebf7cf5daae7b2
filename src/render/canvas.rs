//! The picture on the canvas: one texture, one triangle.

use std::sync::Arc;

use egui::PaintCallbackInfo;
use egui_wgpu::{Callback, CallbackResources, CallbackTrait, RenderState, ScreenDescriptor};

use super::{pipeline, shaders};
use crate::job::RgbImage;

/// Bytes of the shader's `Canvas` struct.
const UNIFORM_BYTES: usize = 32;

/// A picture and where it goes, in pixels of the framebuffer.
#[derive(Debug, Clone)]
pub struct CanvasPaint {
    /// What to draw; uploaded again only when it is another one.
    pub image: Arc<RgbImage>,
    /// Framebuffer position of the picture's top left corner.
    pub origin_px: egui::Vec2,
    /// Framebuffer pixels per texel along each side.
    pub scale: egui::Vec2,
    /// Interpolates when enlarged; for previews smaller than their picture.
    pub smooth_enlarge: bool,
}

impl CanvasPaint {
    /// The shape to add to a painter; `rect` is the part of the window it may draw on, in points.
    pub fn into_shape(self, rect: egui::Rect) -> egui::Shape {
        Callback::new_paint_callback(rect, self).into()
    }
}

struct CanvasResources {
    pipeline: wgpu::RenderPipeline,
    layout: wgpu::BindGroupLayout,
    uniform: wgpu::Buffer,
    framebuffer_is_srgb: bool,
    shown: Option<Shown>,
}

/// The picture on the GPU now.
struct Shown {
    image: Arc<RgbImage>,
    texture: wgpu::Texture,
    bind_group: wgpu::BindGroup,
}

/// Builds the pipeline and keeps it with egui's renderer.
pub(super) fn install(render_state: &RenderState) {
    let device = &render_state.device;
    let layout = pipeline::layout(device, "canvas", &[wgpu::TextureViewDimension::D2]);
    let pipeline = pipeline::pipeline(render_state, shaders::CANVAS, &layout);
    let uniform = pipeline::uniform(device, "canvas", UNIFORM_BYTES);
    render_state
        .renderer
        .write()
        .callback_resources
        .insert(CanvasResources {
            pipeline,
            layout,
            uniform,
            framebuffer_is_srgb: render_state.target_format.is_srgb(),
            shown: None,
        });
}

impl CallbackTrait for CanvasPaint {
    fn prepare(
        &self,
        device: &wgpu::Device,
        queue: &wgpu::Queue,
        _screen: &ScreenDescriptor,
        _encoder: &mut wgpu::CommandEncoder,
        resources: &mut CallbackResources,
    ) -> Vec<wgpu::CommandBuffer> {
        if let Some(resources) = resources.get_mut::<CanvasResources>() {
            queue.write_buffer(&resources.uniform, 0, &self.uniform(resources.framebuffer_is_srgb));
            resources.show(device, queue, &self.image);
        }
        Vec::new()
    }

    fn paint(
        &self,
        _info: PaintCallbackInfo,
        render_pass: &mut wgpu::RenderPass<'static>,
        resources: &CallbackResources,
    ) {
        let Some(resources) = resources.get::<CanvasResources>() else {
            return;
        };
        let Some(shown) = &resources.shown else {
            return;
        };
        render_pass.set_pipeline(&resources.pipeline);
        render_pass.set_bind_group(0, &shown.bind_group, &[]);
        render_pass.draw(0..3, 0..1);
    }
}

impl CanvasPaint {
    fn uniform(&self, framebuffer_is_srgb: bool) -> [u8; UNIFORM_BYTES] {
        let words = [
            self.origin_px.x.to_bits(),
            self.origin_px.y.to_bits(),
            self.scale.x.to_bits(),
            self.scale.y.to_bits(),
            u32::from(self.smooth_enlarge),
            u32::from(framebuffer_is_srgb),
            0,
            0,
        ];
        let mut bytes = [0; UNIFORM_BYTES];
        for (place, word) in bytes.chunks_exact_mut(4).zip(words) {
            place.copy_from_slice(&word.to_ne_bytes());
        }
        bytes
    }
}

impl CanvasResources {
    fn show(&mut self, device: &wgpu::Device, queue: &wgpu::Queue, image: &Arc<RgbImage>) {
        if self
            .shown
            .as_ref()
            .is_some_and(|shown| Arc::ptr_eq(&shown.image, image))
        {
            return;
        }
        let size = wgpu::Extent3d {
            width: image.width_px.max(1),
            height: image.height_px.max(1),
            depth_or_array_layers: 1,
        };
        let reusable = self.shown.take().filter(|shown| shown.texture.size() == size);
        let (texture, bind_group) = reusable.map_or_else(
            || self.create_texture(device, size),
            |shown| (shown.texture, shown.bind_group),
        );
        pipeline::write(queue, &texture, &pipeline::rgba_from_rgb(&image.pixels));
        self.shown = Some(Shown {
            image: Arc::clone(image),
            texture,
            bind_group,
        });
    }

    fn create_texture(&self, device: &wgpu::Device, size: wgpu::Extent3d) -> (wgpu::Texture, wgpu::BindGroup) {
        let texture = pipeline::texture(device, "canvas", size, wgpu::TextureFormat::Rgba8Unorm);
        let view = texture.create_view(&wgpu::TextureViewDescriptor::default());
        let bind_group = device.create_bind_group(&wgpu::BindGroupDescriptor {
            label: Some("canvas"),
            layout: &self.layout,
            entries: &[
                wgpu::BindGroupEntry {
                    binding: 0,
                    resource: self.uniform.as_entire_binding(),
                },
                wgpu::BindGroupEntry {
                    binding: 1,
                    resource: wgpu::BindingResource::TextureView(&view),
                },
            ],
        });
        (texture, bind_group)
    }
}
