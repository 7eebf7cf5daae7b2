//! A step as its latents show it: small textures, one triangle. Another way to look is another uniform.

use std::sync::Arc;

use wgpu::TextureViewDimension::{D2, D2Array};

use super::latent_view::{LatentView, MAX_CHANNELS, MAX_LEVELS};
use super::picture::texels;
use super::pipeline::{self, Gpu, Paint, Target, UniformBytes};
use super::shaders::{self, Shader};
use crate::job::{LatentPlane, RgbImage, StepRecord};
use crate::unfold::colour;

/// Views that one frame may show side by side.
pub const MAX_HALVES: usize = 2;
/// Texels in one row of the attention's texture.
const MAPS_WIDTH: usize = 2048;

/// A view and where it goes, in pixels of the framebuffer.
#[derive(Debug, Clone)]
pub struct LatentPaint {
    /// What to draw; its latents are uploaded again only when the step is another one.
    pub view: LatentView,
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
        pipeline::shape(self, rect)
    }
}

/// The steps on the GPU now, one for each half.
#[derive(Default)]
pub(super) struct Uploaded([Option<UploadedStep>; MAX_HALVES]);

/// A step on the GPU, with what is drawn of it.
#[derive(Clone)]
struct UploadedStep {
    record: Arc<StepRecord>,
    final_latents: Option<Arc<LatentPlane>>,
    picture: Option<Arc<RgbImage>>,
    views: [wgpu::TextureView; 3],
}

impl Paint for LatentPaint {
    const SHADER: Shader = shaders::LATENT_VIEW;
    const TEXTURES: &'static [wgpu::TextureViewDimension] = &[D2Array, D2, D2];
    const SLOTS: usize = MAX_HALVES;
    const UNIFORM_BYTES: usize = 624;
    type Cache = Uploaded;

    fn slot(&self) -> usize {
        self.half
    }

    fn uniform(&self, target: Target) -> Vec<u8> {
        let view = &self.view;
        let mut bytes = UniformBytes::default();
        bytes.points([self.origin_px, self.scale]);
        bytes.integers([
            view.view.meaning() as u32,
            view.step.x0.channels.min(MAX_CHANNELS) as u32,
            self.is_cubic.into(),
            target.is_srgb.into(),
        ]);
        bytes.floats([self.range]);
        bytes.integers([
            view.word.start as u32,
            view.word.len() as u32,
            self.picture.is_some().into(),
        ]);
        bytes.floats(view.mixture());
        bytes.floats([0.0; 3]);

        let places = map_places(&view.step, target.max_texture_side as usize);
        let levels = view.levels();
        let all = view.step.attention.iter().zip(places);
        let chosen = all.filter(|(maps, _)| levels.iter().any(|level| std::ptr::eq(*level, *maps)));
        let mut chosen = chosen.filter_map(|(maps, place)| Some((maps, place?)));
        for _ in 0..MAX_LEVELS {
            let (place, width, height) = chosen
                .next()
                .map_or((0, 0, 0), |(maps, place)| (place, maps.width, maps.height));
            bytes.integers([place as u32, width as u32, height as u32, 0]);
        }

        let colours = view.colours();
        for channel in 0..MAX_CHANNELS {
            let weight = |part: usize| colours.weights.get(part).and_then(|row| row.get(channel));
            bytes.floats([0, 1, 2].map(|part| weight(part).copied().unwrap_or_default()));
            bytes.integers([0]);
        }
        let (stops, _) = view.heat().unwrap_or((&colour::AMOUNT, false));
        for colour in std::iter::once(&colours.bias).chain(stops) {
            bytes.floats(*colour);
            bytes.integers([0]);
        }
        bytes.0
    }

    fn textures(&self, gpu: Gpu<'_>, cache: &mut Uploaded) -> Option<Vec<wgpu::TextureView>> {
        let view = &self.view;
        let is_same = |kept: &&UploadedStep| {
            Arc::ptr_eq(&kept.record, &view.step)
                && is_one(kept.final_latents.as_ref(), view.final_latents.as_ref())
                && is_one(kept.picture.as_ref(), self.picture.as_ref())
        };
        let known = cache.0.iter().flatten().find(is_same).cloned();
        let shown = known.or_else(|| {
            Some(UploadedStep {
                record: Arc::clone(&view.step),
                final_latents: view.final_latents.clone(),
                picture: self.picture.clone(),
                views: self.upload(gpu)?,
            })
        });
        let views = shown.as_ref().map(|shown| shown.views.to_vec());
        cache.0[self.half] = shown;
        views
    }
}

impl LatentPaint {
    /// Planes, attention and picture as textures; `None` where the device has none so large.
    fn upload(&self, gpu: Gpu<'_>) -> Option<[wgpu::TextureView; 3]> {
        let (view, max_side) = (&self.view, gpu.max_texture_side());
        let blank = || Arc::new(RgbImage::filled(1, 1, [0; 3]));
        let (picture_size, picture) = texels(&self.picture.clone().unwrap_or_else(blank), max_side);
        let [planes_size, maps_size] = sizes(view, max_side, gpu.device.limits().max_texture_array_layers)?;
        let maps = map_bytes(&view.step, maps_size, max_side as usize);
        let (float, colour) = (wgpu::TextureFormat::R32Float, wgpu::TextureFormat::Rgba8Unorm);
        let textures = [
            ("planes", planes_size, float, plane_bytes(view), D2Array),
            ("maps", maps_size, float, maps, D2),
            ("picture", picture_size, colour, picture, D2),
        ];
        Some(textures.map(|(label, size, format, bytes, dimension)| {
            let texture = gpu.upload(label, size, format, &bytes);
            texture.create_view(&wgpu::TextureViewDescriptor {
                dimension: Some(dimension),
                ..wgpu::TextureViewDescriptor::default()
            })
        }))
    }
}

/// Where in the attention's texture the maps of each level begin; `None` for those for which it has no room, and for
/// those that are not as they say.
fn map_places(step: &StepRecord, max_rows: usize) -> Vec<Option<usize>> {
    let capacity = MAPS_WIDTH.min(max_rows) * max_rows;
    let mut used = 0;
    let levels = step.attention.iter().take(MAX_LEVELS);
    levels
        .map(|maps| {
            let count = maps.values.len();
            let is_whole = count == maps.tokens * maps.height * maps.width;
            let place = (is_whole && count <= capacity - used).then_some(used);
            used += place.map_or(0, |_| count);
            place
        })
        .collect()
}

/// Whether both are the same thing, or both nothing.
fn is_one<T>(a: Option<&Arc<T>>, b: Option<&Arc<T>>) -> bool {
    a.map(Arc::as_ptr) == b.map(Arc::as_ptr)
}

/// Sizes of the textures of latents and attention; `None` where the device has none so large.
fn sizes(view: &LatentView, max_side: u32, max_layers: u32) -> Option<[wgpu::Extent3d; 2]> {
    let extent = |width: usize, height: usize, layers: usize| {
        let [width, height, layers] = [width, height, layers].map(|count| u32::try_from(count.max(1)).ok());
        Some(wgpu::Extent3d {
            width: width.filter(|width| *width <= max_side)?,
            height: height.filter(|height| *height <= max_side)?,
            depth_or_array_layers: layers.filter(|layers| *layers <= max_layers)?,
        })
    };
    let (step, max_rows) = (&view.step, max_side as usize);
    let places = map_places(step, max_rows);
    let placed = step.attention.iter().zip(places).filter(|(_, place)| place.is_some());
    let values: usize = placed.map(|(maps, _)| maps.values.len()).sum();
    let maps_width = MAPS_WIDTH.min(max_rows);
    let (width, height) = view.size();
    let layers = view.planes().len() * step.x0.channels.min(MAX_CHANNELS);
    Some([
        extent(width, height, layers)?,
        extent(maps_width, values.div_ceil(maps_width), 1)?,
    ])
}

/// The planes one after the other, zeros for one that is missing.
fn plane_bytes(view: &LatentView) -> Vec<u8> {
    let shape = &view.step.x0;
    let texels = (shape.width * shape.height).max(1);
    let floats = texels * shape.channels.clamp(1, MAX_CHANNELS);
    let planes = view.planes().into_iter();
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
