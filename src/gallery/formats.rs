//! The kinds of files that pictures are saved as.

use std::ffi::OsStr;
use std::path::Path;

use image::codecs::jpeg::JpegEncoder;
use image::codecs::webp::WebPEncoder;
use image::{ExtendedColorType, ImageEncoder as _};

use super::GalleryError;
use super::container::{MAX_JPEG_EXIF_BYTES, join_jpeg};
use super::exif_record::{INFOTEXT_KEYWORD, RECORD_KEYWORD, exif_with};
use super::infotext::infotext;
use super::name_template::{NameTemplate, NameTemplateError};
use super::png_metadata::{self, TextKind};
use crate::config::{PictureFormat, Settings};
use crate::job::{Record, RgbImage};

/// Quality of a JPEG where none is asked for.
const DEFAULT_QUALITY: u8 = 90;
/// Endings of the files, the first of each kind for new ones.
const ENDINGS: [(PictureFormat, &str); 6] = [
    (PictureFormat::Png, "png"),
    (PictureFormat::WebpLossless, "webp"),
    (PictureFormat::Jpeg, "jpg"),
    (PictureFormat::Jpeg, "jpeg"),
    (PictureFormat::Jpeg, "jfif"),
    (PictureFormat::Jpeg, "jpe"),
];

/// How pictures are saved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SaveOptions {
    /// The kind of file.
    pub format: PictureFormat,
    /// Quality of a JPEG, 1 to 100.
    pub quality: u8,
    /// What the files are called.
    pub name_template: NameTemplate,
}

impl Default for SaveOptions {
    fn default() -> Self {
        Self {
            format: PictureFormat::default(),
            quality: DEFAULT_QUALITY,
            name_template: NameTemplate::default(),
        }
    }
}

impl SaveOptions {
    /// As the settings have it.
    ///
    /// # Errors
    /// If the template of the names is none.
    pub fn of(settings: &Settings) -> Result<Self, NameTemplateError> {
        Ok(Self {
            format: settings.picture_format,
            quality: settings.picture_quality,
            name_template: NameTemplate::parse(&settings.name_template)?,
        })
    }
}

/// The ending of new files of that kind.
pub(super) fn ending(format: PictureFormat) -> &'static str {
    let known = ENDINGS.iter().find(|(known, _)| *known == format);
    known.map_or("png", |(_, ending)| ending)
}

/// All endings of pictures.
pub(super) fn endings() -> impl Iterator<Item = &'static str> {
    ENDINGS.iter().map(|(_, ending)| *ending)
}

/// What kind of file a name is that of.
pub(super) fn format_of(path: &Path) -> Option<PictureFormat> {
    let ending = path.extension()?;
    let known = ENDINGS.iter().find(|(_, known)| ending.eq_ignore_ascii_case(known));
    known.map(|(format, _)| *format)
}

/// Whether a file is called as pictures are, and not hidden.
pub(super) fn has_picture_name(path: &Path) -> bool {
    format_of(path).is_some() && !path.file_name().is_some_and(is_hidden)
}

/// Whether what has this name is not looked at.
pub(super) fn is_hidden(name: &OsStr) -> bool {
    name.as_encoded_bytes().starts_with(b".")
}

/// The bytes of a file with a picture and its record.
///
/// * `quality`: of a JPEG, 1 to 100.
///
/// # Errors
/// [`GalleryError::PixelCount`]; others if the encoder refuses the picture.
pub(super) fn encode(
    picture: &RgbImage,
    record: Option<&Record>,
    format: PictureFormat,
    quality: u8,
) -> Result<Vec<u8>, GalleryError> {
    let &RgbImage {
        width_px,
        height_px,
        ref pixels,
    } = picture;
    let expected = width_px as usize * height_px as usize * 3;
    if pixels.len() != expected {
        return Err(GalleryError::PixelCount {
            width_px,
            height_px,
            expected,
            found: pixels.len(),
        });
    }
    let texts = record.map(Texts::of).transpose()?;
    match format {
        PictureFormat::Png => match &texts {
            Some(Texts { json, infotext, .. }) => png_metadata::encode(
                picture,
                &[
                    (RECORD_KEYWORD, json, TextKind::Utf8),
                    (INFOTEXT_KEYWORD, infotext, TextKind::Customary),
                ],
            ),
            None => png_metadata::encode(picture, &[]),
        },
        PictureFormat::WebpLossless => {
            let mut bytes = Vec::new();
            let mut encoder = WebPEncoder::new_lossless(&mut bytes);
            if let Some(Texts {
                program,
                infotext,
                json,
            }) = &texts
            {
                let exif = exif_with(program, Some(infotext), Some(json))?;
                encoder
                    .set_exif_metadata(exif)
                    .map_err(image::ImageError::Unsupported)?;
            }
            encoder.write_image(pixels, width_px, height_px, ExtendedColorType::Rgb8)?;
            Ok(bytes)
        }
        PictureFormat::Jpeg => {
            let mut bytes = Vec::new();
            let encoder = JpegEncoder::new_with_quality(&mut bytes, quality.clamp(1, 100));
            encoder.write_image(pixels, width_px, height_px, ExtendedColorType::Rgb8)?;
            match &texts {
                Some(texts) => texts.in_jpeg(&bytes),
                None => Ok(bytes),
            }
        }
    }
}

/// What a file says of its picture.
struct Texts {
    program: String,
    infotext: String,
    json: String,
}

impl Texts {
    fn of(record: &Record) -> Result<Self, GalleryError> {
        let json =
            serde_json::to_string(record).map_err(|error| GalleryError::Encode(std::io::Error::from(error).into()))?;
        Ok(Self {
            program: record.program.clone(),
            infotext: infotext(record),
            json,
        })
    }

    /// A segment of a JPEG holds 64 KiB: what has no room in EXIF goes elsewhere, or is left out if it is only the
    /// customary text.
    fn in_jpeg(&self, jpeg: &[u8]) -> Result<Vec<u8>, GalleryError> {
        let Self {
            program,
            infotext,
            json,
        } = self;
        let both = exif_with(program, Some(infotext), Some(json))?;
        if both.len() <= MAX_JPEG_EXIF_BYTES {
            return Ok(join_jpeg(jpeg, &both, None));
        }
        let text = exif_with(program, Some(infotext), None)?;
        if text.len() <= MAX_JPEG_EXIF_BYTES {
            return Ok(join_jpeg(jpeg, &text, Some(json)));
        }
        let bare = exif_with(program, None, None)?;
        Ok(join_jpeg(jpeg, &bare, Some(json)))
    }
}
