//! Colour profiles: what numbers mean that are not sRGB.

use image::{DynamicImage, ImageBuffer, RgbImage, RgbaImage};
use moxcms::{ColorProfile, DataColorSpace, Layout, Transform8BitExecutor, TransformOptions};

/// Levels of each colour by which a profile is compared with sRGB.
const PROBED: [u8; 6] = [0, 51, 102, 153, 204, 255];

/// The picture in sRGB. It stays as it is where the profile is sRGB, broken, or one for other inks than the decoder gave.
pub(super) fn to_srgb(picture: DynamicImage, profile: &[u8]) -> DynamicImage {
    let Ok(profile) = ColorProfile::new_from_slice(profile) else {
        tracing::debug!("a broken colour profile says nothing");
        return picture;
    };
    let has_colour = picture.color().has_color();
    let has_alpha = picture.color().has_alpha();
    let is_deep = picture.color().bytes_per_pixel() / picture.color().channel_count() > 1;
    let from = match (profile.color_space, has_colour, has_alpha) {
        (DataColorSpace::Rgb, true, false) => Layout::Rgb,
        (DataColorSpace::Rgb, true, true) => Layout::Rgba,
        (DataColorSpace::Gray, false, false) => Layout::Gray,
        (DataColorSpace::Gray, false, true) => Layout::GrayAlpha,
        _ => return picture,
    };
    if matches!(from, Layout::Rgb | Layout::Rgba) && is_srgb(&profile) {
        return picture;
    }
    let converted = if is_deep {
        deep(&picture, &profile, from)
    } else {
        shallow(&picture, &profile, from)
    };
    converted.unwrap_or(picture)
}

/// Whether a profile says no more than a rounding of what sRGB does.
fn is_srgb(profile: &ColorProfile) -> bool {
    let colours: Vec<u8> = PROBED
        .iter()
        .flat_map(|red| {
            PROBED
                .iter()
                .flat_map(|green| PROBED.iter().flat_map(|blue| [*red, *green, *blue]))
        })
        .collect();
    let mut converted = vec![0; colours.len()];
    let transform = transform_8(profile, Layout::Rgb);
    let is_done = transform.is_some_and(|transform| transform.transform(&colours, &mut converted).is_ok());
    is_done && colours.iter().zip(&converted).all(|(a, b)| a.abs_diff(*b) <= 1)
}

fn transform_8(profile: &ColorProfile, from: Layout) -> Option<std::sync::Arc<Transform8BitExecutor>> {
    let options = TransformOptions::default();
    profile
        .create_transform_8bit(from, &ColorProfile::new_srgb(), to_layout(from), options)
        .ok()
}

/// Where it is put: colours, with alpha if there was any.
fn to_layout(from: Layout) -> Layout {
    match from {
        Layout::Rgba | Layout::GrayAlpha => Layout::Rgba,
        _ => Layout::Rgb,
    }
}

fn shallow(picture: &DynamicImage, profile: &ColorProfile, from: Layout) -> Option<DynamicImage> {
    let (width, height) = (picture.width(), picture.height());
    let transform = transform_8(profile, from)?;
    let to = to_layout(from);
    let mut converted = vec![0; width as usize * height as usize * to.channels()];
    transform.transform(picture.as_bytes(), &mut converted).ok()?;
    Some(match to {
        Layout::Rgba => DynamicImage::ImageRgba8(RgbaImage::from_raw(width, height, converted)?),
        _ => DynamicImage::ImageRgb8(RgbImage::from_raw(width, height, converted)?),
    })
}

/// As [`shallow`], for 16 bits.
fn deep(picture: &DynamicImage, profile: &ColorProfile, from: Layout) -> Option<DynamicImage> {
    let (width, height) = (picture.width(), picture.height());
    let to = to_layout(from);
    let options = TransformOptions::default();
    let transform = profile
        .create_transform_16bit(from, &ColorProfile::new_srgb(), to, options)
        .ok()?;
    let levels = match picture {
        DynamicImage::ImageRgb16(levels) => levels.as_raw(),
        DynamicImage::ImageRgba16(levels) => levels.as_raw(),
        DynamicImage::ImageLuma16(levels) => levels.as_raw(),
        DynamicImage::ImageLumaA16(levels) => levels.as_raw(),
        _ => return None,
    };
    let mut converted = vec![0; width as usize * height as usize * to.channels()];
    transform.transform(levels, &mut converted).ok()?;
    Some(match to {
        Layout::Rgba => DynamicImage::ImageRgba16(ImageBuffer::from_raw(width, height, converted)?),
        _ => DynamicImage::ImageRgb16(ImageBuffer::from_raw(width, height, converted)?),
    })
}
