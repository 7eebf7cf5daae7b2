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

fn upload(ctx: &egui::Context, image: &RgbImage, size: Size) -> TextureHandle {
    let (pixels, options) = match size {
        Size::Thumbnail => (reduced(image, THUMBNAIL_SIDE_PX), TextureOptions::LINEAR),
        Size::Whole => (color_image(image), TextureOptions::NEAREST),
        Size::Smooth => (color_image(image), TextureOptions::LINEAR),
    };
    ctx.load_texture("picture", pixels, options)
}

fn color_image(image: &RgbImage) -> ColorImage {
    ColorImage::from_rgb([image.width_px as usize, image.height_px as usize], &image.pixels)
}

/// A smaller version whose longest side is at most `side_px`: the mean over each block.
fn reduced(image: &RgbImage, side_px: u32) -> ColorImage {
    let (width, height) = (image.width_px as usize, image.height_px as usize);
    let block = image.width_px.max(image.height_px).div_ceil(side_px).max(1) as usize;
    if block == 1 {
        return color_image(image);
    }
    let (columns, rows) = ((width / block).max(1), (height / block).max(1));
    let mut rgb = Vec::with_capacity(3 * columns * rows);
    for row in 0..rows {
        for column in 0..columns {
            let mut sums = [0_u32; 3];
            let mut count = 0;
            for y in (row * block..(row + 1) * block).take_while(|y| *y < height) {
                for x in (column * block..(column + 1) * block).take_while(|x| *x < width) {
                    let at = 3 * (y * width + x);
                    for (sum, value) in sums.iter_mut().zip(&image.pixels[at..at + 3]) {
                        *sum += u32::from(*value);
                    }
                    count += 1;
                }
            }
            rgb.extend(sums.map(|sum| (sum / count.max(1)) as u8));
        }
    }
    ColorImage::from_rgb([columns, rows], &rgb)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reduced_picture_should_be_the_mean_of_its_blocks_and_keep_its_shape() {
        let image = RgbImage {
            width_px: 300,
            height_px: 150,
            pixels: [10, 20, 30].repeat(300 * 150),
        };
        let small = reduced(&image, 128);
        assert_eq!(small.size, [100, 50]);
        assert!(small.pixels.iter().all(|pixel| pixel.to_array() == [10, 20, 30, 255]));
    }
}
