//! One triangle over a part of egui's render pass, coloured by a fragment shader: what all renderers of this room share.
//!
//! A renderer is a [`Paint`]: a shader, a uniform at binding 0 and textures from binding 1 on, which are read texel by
//! texel. Everything a frame shows of one renderer at once has a slot of its own, so that each keeps its own uniform.

use egui::PaintCallbackInfo;
use egui_wgpu::{Callback, CallbackResources, CallbackTrait, RenderState, ScreenDescriptor};

use super::shaders::Shader;

/// One drawing of a renderer, in the frame that is being built.
pub(super) trait Paint: Send + Sync + Sized + 'static {
    /// Its fragment shader.
    const SHADER: Shader;
    /// Dimensions of its textures, from binding 1 on.
    const TEXTURES: &'static [wgpu::TextureViewDimension];
    /// How many of these one frame may show.
    const SLOTS: usize = 1;
    /// Bytes of the shader's uniform.
    const UNIFORM_BYTES: usize;
    /// How its colours are combined with what is already drawn; replaces it if `None`.
    const BLEND: Option<wgpu::BlendState> = None;
    /// What stays on the GPU between frames.
    type Cache: Default + Send + Sync + 'static;

    /// Which of the frame's drawings this is, from 0; those at or above [`Self::SLOTS`] are not drawn.
    fn slot(&self) -> usize {
        0
    }

    /// The uniform, [`Self::UNIFORM_BYTES`] long.
    fn uniform(&self, target: Target) -> Vec<u8>;

    /// The textures in the order of [`Self::TEXTURES`], uploaded if they are not there yet; `None` draws nothing.
    fn textures(&self, gpu: Gpu<'_>, cache: &mut Self::Cache) -> Option<Vec<wgpu::TextureView>>;
}

/// What a uniform depends on beside the drawing itself.
#[derive(Debug, Clone, Copy)]
pub(super) struct Target {
    /// Whether the framebuffer encodes to sRGB by itself.
    pub(super) is_srgb: bool,
    /// Longest side of a texture, in texels.
    pub(super) max_texture_side: u32,
}

/// The device, and the queue that uploads to it.
#[derive(Clone, Copy)]
pub(super) struct Gpu<'a> {
    pub(super) device: &'a wgpu::Device,
    pub(super) queue: &'a wgpu::Queue,
}

impl Gpu<'_> {
    /// Longest side of a texture, in texels.
    pub(super) fn max_texture_side(self) -> u32 {
        self.device.limits().max_texture_dimension_2d
    }

    /// A texture without mip maps; an array if it has more than one layer.
    pub(super) fn texture(self, label: &str, size: wgpu::Extent3d, format: wgpu::TextureFormat) -> wgpu::Texture {
        self.device.create_texture(&wgpu::TextureDescriptor {
            label: Some(label),
            size,
            mip_level_count: 1,
            sample_count: 1,
            dimension: wgpu::TextureDimension::D2,
            format,
            usage: wgpu::TextureUsages::TEXTURE_BINDING | wgpu::TextureUsages::COPY_DST,
            view_formats: &[],
        })
    }

    /// A texture of four bytes per texel with these bytes in it.
    pub(super) fn upload(
        self,
        label: &str,
        size: wgpu::Extent3d,
        format: wgpu::TextureFormat,
        bytes: &[u8],
    ) -> wgpu::Texture {
        let texture = self.texture(label, size, format);
        self.queue.write_texture(
            texture.as_image_copy(),
            bytes,
            wgpu::TexelCopyBufferLayout {
                offset: 0,
                bytes_per_row: Some(4 * size.width),
                rows_per_image: Some(size.height),
            },
            size,
        );
        texture
    }
}

/// The shape to add to a painter; `rect` is the part of the window that may be drawn on, in points.
pub(super) fn shape<P: Paint>(paint: P, rect: egui::Rect) -> egui::Shape {
    Callback::new_paint_callback(rect, PaintCallback(paint)).into()
}

/// Builds a renderer's pipeline and keeps it with egui's renderer.
pub(super) fn install<P: Paint>(render_state: &RenderState) {
    let device = &render_state.device;
    let layout = layout(device, P::SHADER.path, P::TEXTURES);
    let uniform = || {
        device.create_buffer(&wgpu::BufferDescriptor {
            label: Some(P::SHADER.path),
            size: P::UNIFORM_BYTES as u64,
            usage: wgpu::BufferUsages::UNIFORM | wgpu::BufferUsages::COPY_DST,
            mapped_at_creation: false,
        })
    };
    let resources = Resources::<P> {
        pipeline: build(render_state, P::SHADER, &layout, P::BLEND),
        layout,
        target: Target {
            is_srgb: render_state.target_format.is_srgb(),
            max_texture_side: device.limits().max_texture_dimension_2d,
        },
        slots: (0..P::SLOTS).map(|_| (uniform(), None)).collect(),
        cache: P::Cache::default(),
    };
    render_state.renderer.write().callback_resources.insert(resources);
}

/// A renderer on the GPU.
struct Resources<P: Paint> {
    pipeline: wgpu::RenderPipeline,
    layout: wgpu::BindGroupLayout,
    target: Target,
    /// The uniform of each slot, and what it was bound to last.
    slots: Vec<(wgpu::Buffer, Option<wgpu::BindGroup>)>,
    cache: P::Cache,
}

struct PaintCallback<P>(P);

impl<P: Paint> CallbackTrait for PaintCallback<P> {
    fn prepare(
        &self,
        device: &wgpu::Device,
        queue: &wgpu::Queue,
        _screen: &ScreenDescriptor,
        _encoder: &mut wgpu::CommandEncoder,
        resources: &mut CallbackResources,
    ) -> Vec<wgpu::CommandBuffer> {
        let Some(resources) = resources.get_mut::<Resources<P>>() else {
            return Vec::new();
        };
        let Some((uniform, bound)) = resources.slots.get_mut(self.0.slot()) else {
            return Vec::new();
        };
        queue.write_buffer(uniform, 0, &self.0.uniform(resources.target));
        let views = self.0.textures(Gpu { device, queue }, &mut resources.cache);
        *bound = views.map(|views| {
            let mut entries = vec![wgpu::BindGroupEntry {
                binding: 0,
                resource: uniform.as_entire_binding(),
            }];
            entries.extend((1..).zip(&views).map(|(binding, view)| wgpu::BindGroupEntry {
                binding,
                resource: wgpu::BindingResource::TextureView(view),
            }));
            device.create_bind_group(&wgpu::BindGroupDescriptor {
                label: Some(P::SHADER.path),
                layout: &resources.layout,
                entries: &entries,
            })
        });
        Vec::new()
    }

    fn paint(
        &self,
        _info: PaintCallbackInfo,
        render_pass: &mut wgpu::RenderPass<'static>,
        resources: &CallbackResources,
    ) {
        if let Some(resources) = resources.get::<Resources<P>>()
            && let Some((_, Some(bound))) = resources.slots.get(self.0.slot())
        {
            render_pass.set_pipeline(&resources.pipeline);
            render_pass.set_bind_group(0, bound, &[]);
            render_pass.draw(0..3, 0..1);
        }
    }
}

/// The layout of a uniform at binding 0, then textures of these dimensions, none of which is filtered.
fn layout(device: &wgpu::Device, label: &str, textures: &[wgpu::TextureViewDimension]) -> wgpu::BindGroupLayout {
    let entry = |binding, ty| wgpu::BindGroupLayoutEntry {
        binding,
        visibility: wgpu::ShaderStages::FRAGMENT,
        ty,
        count: None,
    };
    let uniform = wgpu::BindingType::Buffer {
        ty: wgpu::BufferBindingType::Uniform,
        has_dynamic_offset: false,
        min_binding_size: None,
    };
    let mut entries = vec![entry(0, uniform)];
    entries.extend((1..).zip(textures).map(|(binding, dimension)| {
        let texture = wgpu::BindingType::Texture {
            sample_type: wgpu::TextureSampleType::Float { filterable: false },
            view_dimension: *dimension,
            multisampled: false,
        };
        entry(binding, texture)
    }));
    device.create_bind_group_layout(&wgpu::BindGroupLayoutDescriptor {
        label: Some(label),
        entries: &entries,
    })
}

/// A pipeline that runs a shader's `vertex_main` and `fragment_main` inside egui's render pass.
fn build(
    render_state: &RenderState,
    shader: Shader,
    layout: &wgpu::BindGroupLayout,
    blend: Option<wgpu::BlendState>,
) -> wgpu::RenderPipeline {
    let device = &render_state.device;
    let label = Some(shader.path);
    let module = device.create_shader_module(wgpu::ShaderModuleDescriptor {
        label,
        source: wgpu::ShaderSource::Wgsl(shader.source().into()),
    });
    let pipeline_layout = device.create_pipeline_layout(&wgpu::PipelineLayoutDescriptor {
        label,
        bind_group_layouts: &[Some(layout)],
        immediate_size: 0,
    });
    device.create_render_pipeline(&wgpu::RenderPipelineDescriptor {
        label,
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
            targets: &[Some(wgpu::ColorTargetState {
                blend,
                ..render_state.target_format.into()
            })],
            compilation_options: wgpu::PipelineCompilationOptions::default(),
        }),
        multiview_mask: None,
        cache: None,
    })
}

/// The bytes of a uniform, value by value.
#[derive(Default)]
pub(super) struct UniformBytes(pub(super) Vec<u8>);

impl UniformBytes {
    /// Appends unsigned numbers.
    pub(super) fn integers(&mut self, integers: impl IntoIterator<Item = u32>) {
        self.0.extend(integers.into_iter().flat_map(u32::to_ne_bytes));
    }

    /// Appends floating point numbers.
    pub(super) fn floats(&mut self, floats: impl IntoIterator<Item = f32>) {
        self.0.extend(floats.into_iter().flat_map(f32::to_ne_bytes));
    }

    /// Appends points.
    pub(super) fn points(&mut self, points: impl IntoIterator<Item = egui::Vec2>) {
        self.floats(points.into_iter().flat_map(|point| [point.x, point.y]));
    }
}
