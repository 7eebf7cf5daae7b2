//! The picture on the canvas: one texture, one triangle.

use std::sync::Arc;

use egui::PaintCallbackInfo;
use egui_wgpu::{Callback, CallbackResources, CallbackTrait, RenderState, ScreenDescriptor};

use super::shaders;
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
    let module = device.create_shader_module(wgpu::ShaderModuleDescriptor {
        label: Some("canvas"),
        source: wgpu::ShaderSource::Wgsl(shaders::CANVAS.source().into()),
    });
    let layout = device.create_bind_group_layout(&wgpu::BindGroupLayoutDescriptor {
        label: Some("canvas"),
        entries: &[
            wgpu::BindGroupLayoutEntry {
                binding: 0,
                visibility: wgpu::ShaderStages::FRAGMENT,
                ty: wgpu::BindingType::Buffer {
                    ty: wgpu::BufferBindingType::Uniform,
                    has_dynamic_offset: false,
                    min_binding_size: None,
                },
                count: None,
            },
            wgpu::BindGroupLayoutEntry {
                binding: 1,
                visibility: wgpu::ShaderStages::FRAGMENT,
                ty: wgpu::BindingType::Texture {
                    sample_type: wgpu::TextureSampleType::Float { filterable: false },
                    view_dimension: wgpu::TextureViewDimension::D2,
                    multisampled: false,
                },
                count: None,
            },
        ],
    });
    let pipeline_layout = device.create_pipeline_layout(&wgpu::PipelineLayoutDescriptor {
        label: Some("canvas"),
        bind_group_layouts: &[Some(&layout)],
        immediate_size: 0,
    });
    let pipeline = device.create_render_pipeline(&wgpu::RenderPipelineDescriptor {
        label: Some("canvas"),
        layout: Some(&pipeline_layout),
        vertex: wgpu::VertexState {
            module: &module,
            entry_point: Some("vertex_main"),
            buffers: &[],
            compilation_options: wgpu::PipelineCompilationOptions::default(),
        },
        primitive: wgpu::PrimitiveState::default(),
        depth_stencil: None,
        multisample: wgpu::MultisampleState::default(),
        fragment: Some(wgpu::FragmentState {
            module: &module,
            entry_point: Some("fragment_main"),
            targets: &[Some(render_state.target_format.into())],
            compilation_options: wgpu::PipelineCompilationOptions::default(),
        }),
        multiview_mask: None,
        cache: None,
    });
    let uniform = device.create_buffer(&wgpu::BufferDescriptor {
        label: Some("canvas"),
        size: UNIFORM_BYTES as u64,
        usage: wgpu::BufferUsages::UNIFORM | wgpu::BufferUsages::COPY_DST,
        mapped_at_creation: false,
    });
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
        queue.write_texture(
            texture.as_image_copy(),
            &rgba_from_rgb(&image.pixels),
            wgpu::TexelCopyBufferLayout {
                offset: 0,
                bytes_per_row: Some(4 * size.width),
                rows_per_image: None,
            },
            size,
        );
        self.shown = Some(Shown {
            image: Arc::clone(image),
            texture,
            bind_group,
        });
    }

    fn create_texture(&self, device: &wgpu::Device, size: wgpu::Extent3d) -> (wgpu::Texture, wgpu::BindGroup) {
        let texture = device.create_texture(&wgpu::TextureDescriptor {
            label: Some("canvas"),
            size,
            mip_level_count: 1,
            sample_count: 1,
            dimension: wgpu::TextureDimension::D2,
            format: wgpu::TextureFormat::Rgba8Unorm,
            usage: wgpu::TextureUsages::TEXTURE_BINDING | wgpu::TextureUsages::COPY_DST,
            view_formats: &[],
        });
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

fn rgba_from_rgb(rgb: &[u8]) -> Vec<u8> {
    rgb.as_chunks::<3>()
        .0
        .iter()
        .flat_map(|&[red, green, blue]| [red, green, blue, 255])
        .collect()
}
