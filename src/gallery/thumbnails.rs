//! Small copies of pictures.

use crate::job::RgbImage;

/// Longest side of a thumbnail.
const THUMBNAIL_SIDE_PX: u32 = 256;

/// A copy no side of which is longer than [`THUMBNAIL_SIDE_PX`]; small pictures stay as they are.
pub(super) fn thumbnail(picture: &RgbImage) -> RgbImage {
    let RgbImage {
        width_px,
        height_px,
        pixels,
    } = picture;
    let longest = *width_px.max(height_px);
    if longest <= THUMBNAIL_SIDE_PX {
        return picture.clone();
    }
    let Some(view) = image::ImageBuffer::<image::Rgb<u8>, &[u8]>::from_raw(*width_px, *height_px, pixels.as_slice())
    else {
        return picture.clone();
    };
    let scaled = |side: u32| (u64::from(side) * u64::from(THUMBNAIL_SIDE_PX) / u64::from(longest)).max(1) as u32;
    let small = image::imageops::thumbnail(&view, scaled(*width_px), scaled(*height_px));
    RgbImage {
        width_px: small.width(),
        height_px: small.height(),
        pixels: small.into_raw(),
    }
}
