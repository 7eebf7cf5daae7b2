//! A step as its latents show it: small textures, one triangle. Another way to look is another uniform.

use std::sync::Arc;

use egui::PaintCallbackInfo;
use egui_wgpu::{Callback, CallbackResources, CallbackTrait, RenderState, ScreenDescriptor};
use wgpu::TextureViewDimension::{D2, D2Array};

use super::seen::{LatentView, MAX_CHANNELS, MAX_LEVELS};
use super::{heat, pipeline, shaders};
use crate::job::{LatentPlane, RgbImage, StepRecord};

/// Bytes of the shader's `Look` struct.
const UNIFORM_BYTES: usize = 624;
/// Views that one frame may show side by side.
pub const MAX_HALVES: usize = 2;
/// Texels in one row of the attention's texture.
const MAPS_WIDTH: usize = 2048;

/// A view and where it goes, in pixels of the framebuffer.
#[derive(Debug, Clone)]
pub struct LatentPaint {
    /// What to draw; its latents are uploaded again only when the step is another one.
    pub seen: LatentView,
    /// [`LatentView::range`], which need not be found again for every frame.
    pub range: f32,
    /// What attention is laid over; the latents if there is none.
    pub picture: Option<Arc<RgbImage>>,
    /// Which of the frame's views this is, from 0; below [`MAX_HALVES`].
    pub half: usize,
    /// Framebuffer position of the picture's top left corner.
    pub origin_px: egui::Vec2,
    /// Framebuffer pixels per texel of the latents, along each side.
    pub scale: egui::Vec2,
    /// Enlarges by cubic curves, which takes four times as long as by straight lines.
    pub is_cubic: bool,
}

impl LatentPaint {
    /// The shape to add to a painter; `rect` is the part of the window it may draw on, in points.
    pub fn into_shape(self, rect: egui::Rect) -> egui::Shape {
        Callback::new_paint_callback(rect, self).into()
    }
}

struct LatentResources {
    pipeline: wgpu::RenderPipeline,
    layout: wgpu::BindGroupLayout,
    uniforms: [wgpu::Buffer; MAX_HALVES],
    framebuffer_is_srgb: bool,
    shown: Option<Shown>,
}

/// The step on the GPU now.
struct Shown {
    step: Arc<StepRecord>,
    final_latents: Option<Arc<LatentPlane>>,
    picture: Option<Arc<RgbImage>>,
    textures: [wgpu::Texture; 3],
    bind_groups: [wgpu::BindGroup; MAX_HALVES],
}

/// Builds the pipeline and keeps it with egui's renderer.
pub(super) fn install(render_state: &RenderState) {
    let device = &render_state.device;
    let label = shaders::LATENT_VIEW.path;
    let layout = pipeline::layout(device, label, &[D2Array, D2, D2]);
    let resources = LatentResources {
        pipeline: pipeline::pipeline(render_state, shaders::LATENT_VIEW, &layout),
        layout,
        uniforms: std::array::from_fn(|_| pipeline::uniform(device, label, UNIFORM_BYTES)),
        framebuffer_is_srgb: render_state.target_format.is_srgb(),
        shown: None,
    };
    render_state.renderer.write().callback_resources.insert(resources);
}

impl CallbackTrait for LatentPaint {
    fn prepare(
        &self,
        device: &wgpu::Device,
        queue: &wgpu::Queue,
        _screen: &ScreenDescriptor,
        _encoder: &mut wgpu::CommandEncoder,
        resources: &mut CallbackResources,
    ) -> Vec<wgpu::CommandBuffer> {
        if let Some(resources) = resources.get_mut::<LatentResources>()
            && let Some(uniform) = resources.uniforms.get(self.half)
        {
            let max_rows = device.limits().max_texture_dimension_2d as usize;
            queue.write_buffer(uniform, 0, &self.uniform(resources.framebuffer_is_srgb, max_rows));
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
        let Some(resources) = resources.get::<LatentResources>() else {
            return;
        };
        let shown = resources.shown.as_ref();
        if let Some(bind_group) = shown.and_then(|shown| shown.bind_groups.get(self.half)) {
            render_pass.set_pipeline(&resources.pipeline);
            render_pass.set_bind_group(0, bind_group, &[]);
            render_pass.draw(0..3, 0..1);
        }
    }
}

impl LatentPaint {
    fn uniform(&self, framebuffer_is_srgb: bool, max_rows: usize) -> Vec<u8> {
        let seen = &self.seen;
        let channels = seen.step.x0.channels.min(MAX_CHANNELS);
        let mut words = Words(Vec::with_capacity(UNIFORM_BYTES));
        words.floats(&[self.origin_px.x, self.origin_px.y, self.scale.x, self.scale.y]);
        words.word(seen.meaning() as u32);
        words.word(channels as u32);
        words.word(u32::from(self.is_cubic));
        words.word(u32::from(framebuffer_is_srgb));
        words.floats(&[self.range]);
        words.word(seen.word.start as u32);
        words.word(seen.word.len() as u32);
        words.word(u32::from(self.picture.is_some()));
        words.floats(&seen.mixture());
        words.floats(&[0.0; 3]);

        let places = map_places(&seen.step, max_rows);
        let levels = seen.levels();
        let all = seen.step.attention.iter().zip(places);
        let chosen = all.filter(|(maps, _)| levels.iter().any(|level| std::ptr::eq(*level, *maps)));
        let mut chosen = chosen.filter_map(|(maps, place)| Some((maps, place?)));
        for _ in 0..MAX_LEVELS {
            let (place, width, height) = chosen
                .next()
                .map_or((0, 0, 0), |(maps, place)| (place, maps.width, maps.height));
            for number in [place, width, height, 0] {
                words.word(number as u32);
            }
        }

        let colours = seen.colours();
        for channel in 0..MAX_CHANNELS {
            let weight = |part: usize| colours.weights.get(part).and_then(|row| row.get(channel));
            words.floats(&[0, 1, 2].map(|part| weight(part).copied().unwrap_or_default()));
            words.word(0);
        }
        let (stops, _) = seen.heat().unwrap_or((&heat::AMOUNT, false));
        for colour in std::iter::once(&colours.bias).chain(stops) {
            words.floats(colour);
            words.word(0);
        }
        words.0
    }
}

/// The bytes of a uniform, word by word.
struct Words(Vec<u8>);

impl Words {
    fn word(&mut self, word: u32) {
        self.0.extend(word.to_ne_bytes());
    }

    fn floats(&mut self, floats: &[f32]) {
        self.0.extend(floats.iter().flat_map(|float| float.to_ne_bytes()));
    }
}

/// Where in the attention's texture the maps of each level begin; `None` for those for which it has no room, and for
/// those that are not as they say.
fn map_places(step: &StepRecord, max_rows: usize) -> Vec<Option<usize>> {
    let room = MAPS_WIDTH.min(max_rows) * max_rows;
    let mut used = 0;
    let levels = step.attention.iter().take(MAX_LEVELS);
    levels
        .map(|maps| {
            let count = maps.values.len();
            let is_whole = count == maps.tokens * maps.height * maps.width;
            let place = (is_whole && count <= room - used).then_some(used);
            used += place.map_or(0, |_| count);
            place
        })
        .collect()
}

impl LatentResources {
    fn show(&mut self, device: &wgpu::Device, queue: &wgpu::Queue, paint: &LatentPaint) {
        let seen = &paint.seen;
        let is_same = |shown: &Shown| {
            Arc::ptr_eq(&shown.step, &seen.step)
                && is_one(shown.final_latents.as_ref(), seen.final_latents.as_ref())
                && is_one(shown.picture.as_ref(), paint.picture.as_ref())
        };
        if self.shown.as_ref().is_some_and(is_same) {
            return;
        }
        let kept = self.shown.take();
        let max_side = device.limits().max_texture_dimension_2d;
        let Some(sizes) = sizes(paint, max_side, device.limits().max_texture_array_layers) else {
            return;
        };
        let is_fitting = |shown: &Shown| shown.textures.iter().map(wgpu::Texture::size).eq(sizes);
        let (textures, bind_groups) = match kept.filter(is_fitting) {
            Some(shown) => (shown.textures, shown.bind_groups),
            None => self.create(device, sizes),
        };
        let [planes, maps, picture] = &textures;
        pipeline::write(queue, planes, &plane_bytes(seen));
        pipeline::write(queue, maps, &map_bytes(&seen.step, maps.size(), max_side as usize));
        if let Some(image) = &paint.picture {
            pipeline::write(queue, picture, &pipeline::rgba_from_rgb(&image.pixels));
        }
        self.shown = Some(Shown {
            step: Arc::clone(&seen.step),
            final_latents: seen.final_latents.clone(),
            picture: paint.picture.clone(),
            textures,
            bind_groups,
        });
    }

    fn create(
        &self,
        device: &wgpu::Device,
        sizes: [wgpu::Extent3d; 3],
    ) -> ([wgpu::Texture; 3], [wgpu::BindGroup; MAX_HALVES]) {
        let (float, colour) = (wgpu::TextureFormat::R32Float, wgpu::TextureFormat::Rgba8Unorm);
        let kinds = [("planes", float, D2Array), ("maps", float, D2), ("picture", colour, D2)];
        let textures = [0, 1, 2].map(|index| pipeline::texture(device, kinds[index].0, sizes[index], kinds[index].1));
        let views = [0, 1, 2].map(|index| {
            textures[index].create_view(&wgpu::TextureViewDescriptor {
                dimension: Some(kinds[index].2),
                ..wgpu::TextureViewDescriptor::default()
            })
        });
        let bind_groups = std::array::from_fn(|half: usize| {
            let texture = |index: usize| wgpu::BindGroupEntry {
                binding: index as u32 + 1,
                resource: wgpu::BindingResource::TextureView(&views[index]),
            };
            let uniform = wgpu::BindGroupEntry {
                binding: 0,
                resource: self.uniforms[half].as_entire_binding(),
            };
            device.create_bind_group(&wgpu::BindGroupDescriptor {
                label: Some(shaders::LATENT_VIEW.path),
                layout: &self.layout,
                entries: &[uniform, texture(0), texture(1), texture(2)],
            })
        });
        (textures, bind_groups)
    }
}

/// Whether both are the same thing, or both nothing.
fn is_one<T>(a: Option<&Arc<T>>, b: Option<&Arc<T>>) -> bool {
    a.map(Arc::as_ptr) == b.map(Arc::as_ptr)
}

/// Sizes of the textures of latents, attention and picture; `None` where the device has none so large.
fn sizes(paint: &LatentPaint, max_side: u32, max_layers: u32) -> Option<[wgpu::Extent3d; 3]> {
    let extent = |width: usize, height: usize, layers: usize| {
        let [width, height, layers] = [width, height, layers].map(|count| u32::try_from(count.max(1)).ok());
        Some(wgpu::Extent3d {
            width: width?,
            height: height?,
            depth_or_array_layers: layers?,
        })
    };
    let (step, max_rows) = (&paint.seen.step, max_side as usize);
    let places = map_places(step, max_rows);
    let placed = step.attention.iter().zip(places).filter(|(_, place)| place.is_some());
    let values: usize = placed.map(|(maps, _)| maps.values.len()).sum();
    let maps_width = MAPS_WIDTH.min(max_rows);
    let picture = paint.picture.as_ref();
    let (width_px, height_px) = picture.map_or((1, 1), |image| (image.width_px, image.height_px));
    let (width, height) = paint.seen.size();
    let layers = paint.seen.planes().len() * step.x0.channels.min(MAX_CHANNELS);
    let sizes = [
        extent(width, height, layers)?,
        extent(maps_width, values.div_ceil(maps_width), 1)?,
        extent(width_px as usize, height_px as usize, 1)?,
    ];
    let is_possible = |size: &wgpu::Extent3d| {
        size.width <= max_side && size.height <= max_side && size.depth_or_array_layers <= max_layers
    };
    sizes.iter().all(is_possible).then_some(sizes)
}

/// The planes one after the other, zeros for one that is missing.
fn plane_bytes(seen: &LatentView) -> Vec<u8> {
    let shape = &seen.step.x0;
    let texels = (shape.width * shape.height).max(1);
    let floats = texels * shape.channels.clamp(1, MAX_CHANNELS);
    let planes = seen.planes().into_iter();
    let mut bytes = Vec::with_capacity(planes.len() * floats * size_of::<f32>());
    for (index, plane) in planes.enumerate() {
        let values = plane.unwrap_or_default().iter().take(floats);
        bytes.extend(values.flat_map(|value| value.to_ne_bytes()));
        bytes.resize((index + 1) * floats * size_of::<f32>(), 0);
    }
    bytes
}

/// The maps that have a place, and zeros to the end of the texture.
fn map_bytes(step: &StepRecord, size: wgpu::Extent3d, max_rows: usize) -> Vec<u8> {
    let whole = size.width as usize * size.height as usize * size_of::<f32>();
    let mut bytes = Vec::with_capacity(whole);
    for (maps, place) in step.attention.iter().zip(map_places(step, max_rows)) {
        if place.is_some() {
            bytes.extend(maps.values.iter().flat_map(|value| value.to_ne_bytes()));
        }
    }
    bytes.resize(whole, 0);
    bytes
}
