//! What the window draws on the GPU by itself, inside egui's render pass.

pub mod canvas;
pub mod compare;
pub mod heat;
pub mod latent_view;
pub mod mask_brush;
mod pipeline;
pub mod seen;
pub mod shaders;

use egui_wgpu::RenderState;

/// Prepares all that is drawn later; once, when the window opens.
pub fn install(render_state: &RenderState) {
    canvas::install(render_state);
    compare::install(render_state);
    latent_view::install(render_state);
    mask_brush::install(render_state);
}

/// Whether pixels are computed by the processor, so that every repaint takes time from the inference.
pub fn is_software(render_state: &RenderState) -> bool {
    render_state.adapter.get_info().device_type == wgpu::DeviceType::Cpu
}
