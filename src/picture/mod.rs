//! Picture files as pixels: the one way in, for the gallery, pictures to start from and to follow, masks and comparisons.
//!
//! * **Formats**: PNG, JPEG, WebP and GIF, by their first bytes and not by their names; of an animation the first frame.
//!   What else a file is, is said by name ([`PictureError::Kind`]).
//! * **Colours** are sRGB, 8 bits each: what a colour profile says is converted, 16 bits are rounded.
//! * **Transparency**: white lies below it. In a mask it says where, if the colour is the same all over.
//! * **Orientation**: upright, as EXIF says; so is the size.
//! * **Limits**: [`MAX_PIXELS`], whatever the sides; memory beside the pixels by the size of the file.
//! * **Torn files** are none: a picture of which the end is missing is an error, in every format that has an end.

mod error;
mod kind;
mod profile;
mod whole;

use std::fs::File;
use std::io::{BufReader, Seek as _};
use std::path::Path;

use image::metadata::Orientation;
use image::{DynamicImage, GrayImage, ImageDecoder, ImageFormat, ImageReader, Limits, RgbImage};

pub use error::PictureError;
pub use kind::kind_of;

use crate::config::open_regular;
use crate::job::max_decoder_bytes;

/// Most pixels that are read from a file: 16384 × 16384.
pub const MAX_PIXELS: u64 = 1 << 28;
/// Most memory that reading a GIF may take, in bytes: its decoder keeps whole frames itself.
const MAX_GIF_BYTES: u64 = 1 << 30;

/// Reads a picture as 8-bit sRGB, upright, white below what is transparent.
///
/// # Errors
/// [`PictureError`] if it is none, a torn or a too large one.
pub fn read_rgb(path: &Path) -> Result<RgbImage, PictureError> {
    let picture = decode(path)?;
    if !picture.color().has_alpha() {
        return Ok(picture.into_rgb8());
    }
    let mut rgba = picture.into_rgba8();
    for pixel in rgba.pixels_mut() {
        let alpha = u32::from(pixel[3]);
        for level in &mut pixel.0[..3] {
            *level = ((u32::from(*level) * alpha + 255 * (255 - alpha) + 127) / 255) as u8;
        }
    }
    Ok(DynamicImage::ImageRgba8(rgba).into_rgb8())
}

/// Reads a mask, upright: how bright a picture is, or, where its colour is the same all over, how opaque.
///
/// # Errors
/// As [`read_rgb`].
pub fn read_mask(path: &Path) -> Result<GrayImage, PictureError> {
    let picture = decode(path)?;
    if !picture.color().has_alpha() {
        return Ok(picture.into_luma8());
    }
    let levels = picture.to_luma_alpha8();
    let mut opaque = levels.pixels().filter(|pixel| pixel[1] > 0).map(|pixel| pixel[0]);
    let first = opaque.next();
    let is_flat = opaque.all(|level| Some(level) == first);
    let has_holes = levels.pixels().any(|pixel| pixel[1] < 255);
    let channel = usize::from(is_flat && has_holes);
    let mut mask = GrayImage::new(levels.width(), levels.height());
    for (level, pixel) in mask.pixels_mut().zip(levels.pixels()) {
        level[0] = pixel[channel];
    }
    Ok(mask)
}

/// Width and height of a picture in pixels, upright, without reading its pixels.
///
/// # Errors
/// As [`read_rgb`].
pub fn size_px(path: &Path) -> Result<(u32, u32), PictureError> {
    let (mut file, format) = open(path)?;
    if format == ImageFormat::Png
        && let Some(size) = whole::png_size(&mut file).map_err(PictureError::Read)?
    {
        return check_size(size, 0);
    }
    let (decoder, orientation) = decoder(file, format)?;
    let (width_px, height_px) = decoder.dimensions();
    let is_on_its_side = matches!(
        orientation,
        Orientation::Rotate90 | Orientation::Rotate270 | Orientation::Rotate90FlipH | Orientation::Rotate270FlipH
    );
    Ok(if is_on_its_side {
        (height_px, width_px)
    } else {
        (width_px, height_px)
    })
}

fn decode(path: &Path) -> Result<DynamicImage, PictureError> {
    let (file, format) = open(path)?;
    let (mut decoder, orientation) = decoder(file, format)?;
    // A broken profile says nothing of the colours.
    let profile = decoder.icc_profile().ok().flatten();
    let mut picture = DynamicImage::from_decoder(decoder).map_err(PictureError::Decode)?;
    if let Some(profile) = profile {
        picture = profile::to_srgb(picture, &profile);
    }
    picture.apply_orientation(orientation);
    Ok(picture)
}

/// Opens a picture that is of a known kind, and whole.
fn open(path: &Path) -> Result<(BufReader<File>, ImageFormat), PictureError> {
    let mut file = BufReader::new(open_regular(path).map_err(PictureError::Read)?);
    let format = kind::format_of(&mut file)?;
    if !whole::is_whole(&mut file, format).map_err(PictureError::Read)? {
        return Err(PictureError::Torn);
    }
    file.rewind().map_err(PictureError::Read)?;
    Ok((file, format))
}

/// What reads the pixels, and how the picture lies.
fn decoder(file: BufReader<File>, format: ImageFormat) -> Result<(impl ImageDecoder, Orientation), PictureError> {
    let num_bytes = file.get_ref().metadata().map_err(PictureError::Read)?.len();
    let mut reader = ImageReader::with_format(file, format);
    let mut limits = Limits::default();
    limits.max_alloc = Some(match format {
        ImageFormat::Gif => MAX_GIF_BYTES,
        _ => max_decoder_bytes(num_bytes),
    });
    reader.limits(limits);
    let mut decoder = reader.into_decoder().map_err(PictureError::Decode)?;
    check_size(decoder.dimensions(), decoder.total_bytes())?;
    // Broken EXIF leaves the picture as it lies.
    let orientation = decoder.orientation().unwrap_or(Orientation::NoTransforms);
    Ok((decoder, orientation))
}

/// * `num_bytes`: that the pixels take.
fn check_size((width_px, height_px): (u32, u32), num_bytes: u64) -> Result<(u32, u32), PictureError> {
    if width_px == 0 || height_px == 0 {
        return Err(PictureError::Empty);
    }
    let is_large = u64::from(width_px) * u64::from(height_px) > MAX_PIXELS;
    if is_large || num_bytes > 4 * MAX_PIXELS {
        return Err(PictureError::TooManyPixels { width_px, height_px });
    }
    Ok((width_px, height_px))
}
