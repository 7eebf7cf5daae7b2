//! Pictures that a request names: reading, fitting, masking, putting back.

use std::path::Path;

use image::imageops::{self, FilterType};
use image::{GrayImage, Luma, RgbImage};

use super::ConditioningError;
use crate::job::{self, Outpaint};
use crate::picture::{self, PictureError};

/// Reads a picture, whatever its format, as 8-bit RGB. What is transparent becomes white.
///
/// # Errors
/// [`ConditioningError::Picture`] if it cannot be read or is too large.
pub fn read_rgb(path: &Path) -> Result<RgbImage, ConditioningError> {
    picture::read_rgb(path).map_err(unreadable(path))
}

/// Reads a mask: how bright a picture is or, where its colour is the same all over, how opaque.
///
/// # Errors
/// As [`read_rgb`].
pub fn read_gray(path: &Path) -> Result<GrayImage, ConditioningError> {
    picture::read_mask(path).map_err(unreadable(path))
}

fn unreadable(path: &Path) -> impl FnOnce(PictureError) -> ConditioningError {
    |error| ConditioningError::Picture {
        what: error.one_line(),
        path: path.display().to_string(),
    }
}

/// Scales a picture so that it covers `width` × `height` pixels, and cuts off what reaches beyond, evenly on both sides.
pub fn cover(picture: &RgbImage, width: u32, height: u32) -> RgbImage {
    if picture.dimensions() == (width, height) {
        return picture.clone();
    }
    let (left, top, inner_width, inner_height) = covered(picture.dimensions(), (width, height));
    let inner = imageops::crop_imm(picture, left, top, inner_width, inner_height).to_image();
    imageops::resize(&inner, width, height, FilterType::Lanczos3)
}

/// The same for a mask.
pub fn cover_mask(mask: &GrayImage, width: u32, height: u32) -> GrayImage {
    if mask.dimensions() == (width, height) {
        return mask.clone();
    }
    let (left, top, inner_width, inner_height) = covered(mask.dimensions(), (width, height));
    let inner = imageops::crop_imm(mask, left, top, inner_width, inner_height).to_image();
    imageops::resize(&inner, width, height, FilterType::Triangle)
}

/// The largest part of a picture in the middle that has the proportions wanted: left, top, width, height.
fn covered((width, height): (u32, u32), (wanted_width, wanted_height): (u32, u32)) -> (u32, u32, u32, u32) {
    let (w, h) = (u64::from(width), u64::from(height));
    let (wanted_w, wanted_h) = (u64::from(wanted_width), u64::from(wanted_height));
    let (inner_width, inner_height) = if w * wanted_h > h * wanted_w {
        (((h * wanted_w + wanted_h / 2) / wanted_h).clamp(1, w) as u32, height)
    } else {
        (width, ((w * wanted_h + wanted_w / 2) / wanted_w).clamp(1, h) as u32)
    };
    (
        (width - inner_width) / 2,
        (height - inner_height) / 2,
        inner_width,
        inner_height,
    )
}

/// A picture with room around it, filled with the colours at its edges, and the mask of what is new.
pub fn grow(picture: &RgbImage, by: Outpaint) -> (RgbImage, GrayImage) {
    let (width, height) = picture.dimensions();
    let inside = |x: u32, y: u32| {
        let is_inside = (by.left_px..by.left_px + width).contains(&x) && (by.top_px..by.top_px + height).contains(&y);
        let place = |at: u32, before: u32, side: u32| at.saturating_sub(before).min(side - 1);
        (is_inside, place(x, by.left_px, width), place(y, by.top_px, height))
    };
    let (grown_width, grown_height) = (width + by.left_px + by.right_px, height + by.top_px + by.bottom_px);
    let grown = RgbImage::from_fn(grown_width, grown_height, |x, y| {
        let (_, x, y) = inside(x, y);
        *picture.get_pixel(x, y)
    });
    let mask = GrayImage::from_fn(grown_width, grown_height, |x, y| {
        Luma([if inside(x, y).0 { 0 } else { 255 }])
    });
    (grown, mask)
}

/// The brighter of two masks of one size.
pub fn either(a: &GrayImage, b: &GrayImage) -> GrayImage {
    GrayImage::from_fn(a.width(), a.height(), |x, y| {
        Luma([a.get_pixel(x, y)[0].max(b.get_pixel(x, y)[0])])
    })
}

/// A part of a picture: left, top, width, height, in pixels.
pub type Region = (u32, u32, u32, u32);

/// The part of a picture around what a mask covers (half and more), with so many pixels around it and widened to the
/// proportions of `width` × `height` as far as the picture reaches; `None` if the mask covers nothing.
pub fn region_around(mask: &GrayImage, padding: u32, (width, height): (u32, u32)) -> Option<Region> {
    let covered = mask.enumerate_pixels().filter(|(_, _, level)| level[0] >= 128);
    let bounds = covered.fold(None, |bounds: Option<[u32; 4]>, (x, y, _)| {
        let [left, top, right, bottom] = bounds.unwrap_or([x, y, x, y]);
        Some([left.min(x), top.min(y), right.max(x), bottom.max(y)])
    })?;
    let [left, top, right, bottom] = bounds;
    let (full_width, full_height) = mask.dimensions();
    let (mut x0, mut y0) = (left.saturating_sub(padding), top.saturating_sub(padding));
    let mut w = (right + 1 + padding).min(full_width) - x0;
    let mut h = (bottom + 1 + padding).min(full_height) - y0;
    // Widened on both sides, and shifted back inside.
    let by_height = (u64::from(h) * u64::from(width) / u64::from(height)).min(u64::from(full_width)) as u32;
    let by_width = (u64::from(w) * u64::from(height) / u64::from(width)).min(u64::from(full_height)) as u32;
    if by_height > w {
        x0 = x0.saturating_sub((by_height - w) / 2).min(full_width - by_height);
        w = by_height;
    } else if by_width > h {
        y0 = y0.saturating_sub((by_width - h) / 2).min(full_height - by_width);
        h = by_width;
    }
    Some((x0, y0, w, h))
}

/// A painted part on its way back into the picture it was cut from.
#[derive(Debug, Clone)]
pub struct Paste {
    /// The whole picture.
    pub original: RgbImage,
    /// How much of the painted part counts, of the size of the original: 255 all of it.
    pub weight: GrayImage,
    /// Where the part belongs.
    pub region: Region,
}

impl Paste {
    /// The original with the painted part in its place.
    pub fn onto(&self, painted: &RgbImage) -> RgbImage {
        let (left, top, width, height) = self.region;
        let painted = if painted.dimensions() == (width, height) {
            painted.clone()
        } else {
            imageops::resize(painted, width, height, FilterType::Lanczos3)
        };
        let mut whole = self.original.clone();
        for (x, y, new) in painted.enumerate_pixels() {
            let (x, y) = (left + x, top + y);
            let weight = u32::from(self.weight.get_pixel(x, y)[0]);
            let old = whole.get_pixel_mut(x, y);
            for (old, new) in old.0.iter_mut().zip(new.0) {
                *old = ((u32::from(*old) * (255 - weight) + u32::from(new) * weight + 127) / 255) as u8;
            }
        }
        whole
    }
}

/// Blurs the edge of a mask.
pub fn blurred(mask: &GrayImage, radius_px: f64) -> GrayImage {
    if radius_px < 0.5 {
        return mask.clone();
    }
    imageops::blur(mask, (radius_px / 2.0) as f32)
}

/// The pixels as the `image` crate has them; `None` if there are too few for the size.
pub fn from_job(picture: job::RgbImage) -> Option<RgbImage> {
    RgbImage::from_raw(picture.width_px, picture.height_px, picture.pixels)
}

/// The pixels as jobs carry them.
pub fn to_job(picture: RgbImage) -> job::RgbImage {
    let (width_px, height_px) = picture.dimensions();
    job::RgbImage {
        width_px,
        height_px,
        pixels: picture.into_raw(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gradient(width: u32, height: u32) -> RgbImage {
        RgbImage::from_fn(width, height, |x, y| image::Rgb([x as u8, y as u8, 7]))
    }

    #[test]
    fn the_middle_of_a_wide_picture_should_cover_a_square() {
        let fitted = cover(&gradient(100, 50), 50, 50);
        assert_eq!(fitted.dimensions(), (50, 50));
        assert_eq!((fitted.get_pixel(0, 0)[0], fitted.get_pixel(49, 49)[0]), (25, 74));
        assert_eq!(cover(&gradient(1, 1), 8, 16).dimensions(), (8, 16));
    }

    #[test]
    fn growing_should_keep_the_picture_and_mark_what_is_new() {
        let by = Outpaint {
            left_px: 8,
            bottom_px: 4,
            ..Outpaint::default()
        };
        let (grown, mask) = grow(&gradient(16, 16), by);
        assert_eq!(grown.dimensions(), (24, 20));
        assert_eq!((grown.get_pixel(8, 0)[0], mask.get_pixel(8, 0)[0]), (0, 0));
        assert_eq!((grown.get_pixel(23, 15)[0], mask.get_pixel(23, 15)[0]), (15, 0));
        assert_eq!((grown.get_pixel(0, 3)[1], mask.get_pixel(0, 3)[0]), (3, 255));
        assert_eq!((grown.get_pixel(10, 19)[1], mask.get_pixel(10, 19)[0]), (15, 255));
    }

    #[test]
    fn a_region_should_hold_the_mask_and_stay_inside_the_picture() {
        let mut mask = GrayImage::new(100, 60);
        mask.put_pixel(95, 5, Luma([255]));
        assert_eq!(region_around(&mask, 10, (64, 64)), Some((84, 0, 16, 16)));
        assert_eq!(region_around(&mask, 200, (64, 64)), Some((0, 0, 100, 60)));
        assert_eq!(region_around(&GrayImage::new(4, 4), 1, (8, 8)), None);
    }

    #[test]
    fn pasting_should_change_only_what_the_weight_covers() {
        let original = gradient(20, 20);
        let mut weight = GrayImage::new(20, 20);
        weight.put_pixel(6, 7, Luma([255]));
        let paste = Paste {
            original: original.clone(),
            weight,
            region: (4, 4, 8, 8),
        };
        let whole = paste.onto(&RgbImage::from_pixel(16, 16, image::Rgb([200, 201, 202])));
        let changed: Vec<_> = whole
            .enumerate_pixels()
            .filter(|(x, y, p)| original.get_pixel(*x, *y) != *p)
            .collect();
        assert_eq!(changed.len(), 1);
        assert_eq!((changed[0].0, changed[0].1, changed[0].2.0), (6, 7, [200, 201, 202]));
    }
}
