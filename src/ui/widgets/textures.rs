//! Pictures as egui textures, kept while they are drawn.

use std::collections::HashMap;
use std::sync::Arc;

use egui::{ColorImage, TextureHandle, TextureOptions};

use crate::job::RgbImage;

/// Longest side of a thumbnail, in pixels.
const THUMBNAIL_SIDE_PX: u32 = 128;

/// The size at which a picture is uploaded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Size {
    Thumbnail,
    Whole,
    Smooth,
}

struct Kept {
    /// Held so that no other picture can come to lie at the same address.
    image: Arc<RgbImage>,
    texture: TextureHandle,
    is_used: bool,
}

/// Textures of the pictures drawn lately.
#[derive(Default)]
pub(crate) struct TextureCache {
    kept: HashMap<(usize, Size), Kept>,
}

impl TextureCache {
    /// A small version of a picture.
    pub(crate) fn thumbnail(&mut self, ctx: &egui::Context, image: &Arc<RgbImage>) -> &TextureHandle {
        self.get(ctx, image, Size::Thumbnail)
    }

    /// A picture as it is.
    pub(crate) fn whole(&mut self, ctx: &egui::Context, image: &Arc<RgbImage>) -> &TextureHandle {
        self.get(ctx, image, Size::Whole)
    }

    /// A picture as it is, smooth when enlarged.
    pub(crate) fn smooth(&mut self, ctx: &egui::Context, image: &Arc<RgbImage>) -> &TextureHandle {
        self.get(ctx, image, Size::Smooth)
    }

    /// Lets go of what this frame did not draw.
    pub(crate) fn end_frame(&mut self) {
        self.kept.retain(|_, kept| std::mem::take(&mut kept.is_used));
    }

    fn get(&mut self, ctx: &egui::Context, image: &Arc<RgbImage>, size: Size) -> &TextureHandle {
        let kept = self
            .kept
            .entry((Arc::as_ptr(image) as usize, size))
            .or_insert_with(|| Kept {
                image: Arc::clone(image),
                texture: upload(ctx, image, size),
                is_used: true,
            });
        debug_assert!(Arc::ptr_eq(&kept.image, image), "a kept picture keeps its address");
        kept.is_used = true;
        &kept.texture
    }
}

fn upload(ctx: &egui::Context, image: &Arc<RgbImage>, size: Size) -> TextureHandle {
    let max_side_px = ctx.input(|input| input.max_texture_side) as u32;
    let (side_px, options) = match size {
        Size::Thumbnail => (THUMBNAIL_SIDE_PX, TextureOptions::LINEAR),
        Size::Whole => (max_side_px, TextureOptions::NEAREST),
        Size::Smooth => (max_side_px, TextureOptions::LINEAR),
    };
    ctx.load_texture("picture", color_image(&image.shrunk(side_px)), options)
}

/// The pixels as egui takes them.
pub(crate) fn color_image(image: &RgbImage) -> ColorImage {
    ColorImage::from_rgb([image.width_px as usize, image.height_px as usize], &image.pixels)
}
