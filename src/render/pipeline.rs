//! What both ways to draw on the canvas have in common: one triangle, textures that are read texel by texel, and a
//! uniform that says how.

use egui_wgpu::RenderState;

use super::shaders::Shader;

/// The layout of a uniform at binding 0, then textures of these dimensions, none of which is filtered.
pub(super) fn layout(
    device: &wgpu::Device,
    label: &str,
    textures: &[wgpu::TextureViewDimension],
) -> wgpu::BindGroupLayout {
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
pub(super) fn pipeline(
    render_state: &RenderState,
    shader: Shader,
    layout: &wgpu::BindGroupLayout,
) -> wgpu::RenderPipeline {
    build(render_state, shader, layout, None)
}

/// The same for a shader whose colours are multiplied by their opacity: it draws over what is there.
pub(super) fn pipeline_over(
    render_state: &RenderState,
    shader: Shader,
    layout: &wgpu::BindGroupLayout,
) -> wgpu::RenderPipeline {
    let over = wgpu::BlendState::PREMULTIPLIED_ALPHA_BLENDING;
    build(render_state, shader, layout, Some(over))
}

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

/// A buffer for a uniform of so many bytes.
pub(super) fn uniform(device: &wgpu::Device, label: &str, bytes: usize) -> wgpu::Buffer {
    device.create_buffer(&wgpu::BufferDescriptor {
        label: Some(label),
        size: bytes as u64,
        usage: wgpu::BufferUsages::UNIFORM | wgpu::BufferUsages::COPY_DST,
        mapped_at_creation: false,
    })
}

/// A texture without mip maps, to be written and read; an array if it has more than one layer.
pub(super) fn texture(
    device: &wgpu::Device,
    label: &str,
    size: wgpu::Extent3d,
    format: wgpu::TextureFormat,
) -> wgpu::Texture {
    device.create_texture(&wgpu::TextureDescriptor {
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

/// Fills a texture of four bytes per texel.
pub(super) fn write(queue: &wgpu::Queue, texture: &wgpu::Texture, bytes: &[u8]) {
    let size = texture.size();
    queue.write_texture(
        texture.as_image_copy(),
        bytes,
        wgpu::TexelCopyBufferLayout {
            offset: 0,
            bytes_per_row: Some(4 * size.width),
            rows_per_image: Some(size.height),
        },
        size,
    );
}

/// Opaque pixels of three bytes as texels of four.
pub(super) fn rgba_from_rgb(rgb: &[u8]) -> Vec<u8> {
    rgb.as_chunks::<3>()
        .0
        .iter()
        .flat_map(|&[red, green, blue]| [red, green, blue, 255])
        .collect()
}
