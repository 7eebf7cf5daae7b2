//! What the window draws on the GPU by itself, inside egui's render pass.

pub mod latent_paint;
pub mod latent_view;
pub mod mask_brush;
pub mod picture;
mod pipeline;
pub mod shaders;

use egui_wgpu::RenderState;

/// Prepares all that is drawn later; once, when the window opens.
pub fn install(render_state: &RenderState) {
    pipeline::install::<picture::PicturePaint>(render_state);
    pipeline::install::<latent_paint::LatentPaint>(render_state);
    pipeline::install::<mask_brush::MaskPaint>(render_state);
}

/// Whether pixels are computed by the processor, so that every repaint takes time from the inference.
pub fn is_software(render_state: &RenderState) -> bool {
    render_state.adapter.get_info().device_type == wgpu::DeviceType::Cpu
}
