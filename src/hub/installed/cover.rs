//! Pictures that show what a model or an adapter does.

use std::io::Cursor;
use std::path::{Path, PathBuf};

use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use base64::{Engine as _, alphabet};

use super::model::{Cover, InstalledModel};
use super::notes;
use crate::config::read_regular;
use crate::formats::{TensorFile, open_tensors};
use crate::job::RgbImage;

/// Longest side of a thumbnail, in pixels.
const SIDE_PX: u32 = 320;
/// Largest file that is read as one, in bytes.
const MAX_BYTES: u64 = 32 << 20;
/// Largest side of a picture that is made smaller.
const MAX_SIDE_PX: u32 = 8192;
/// Most memory that reading one may take.
const MAX_ALLOC_BYTES: u64 = 256 << 20;
/// Reads covers whether or not their last group is padded or clean, for not all programs write both right.
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);
/// Endings of pictures beside a file.
const BESIDE: [&str; 8] = [
    ".preview.png",
    ".png",
    ".preview.jpg",
    ".preview.jpeg",
    ".jpg",
    ".jpeg",
    ".preview.webp",
    ".webp",
];
/// Names of pictures in a model's folder.
const INSIDE: [&str; 6] = [
    "cover.png",
    "cover.jpg",
    "cover.webp",
    "preview.png",
    "thumbnail.png",
    "thumbnail.webp",
];
/// Where the header of a file may have one.
const EMBEDDED: &str = "modelspec.thumbnail";

impl Cover {
    pub(super) fn or_embedded(self, file: &dyn TensorFile) -> Self {
        match self {
            Self::None if file.header_text(EMBEDDED).is_some() => Self::Embedded,
            found => found,
        }
    }
}

pub(super) fn beside(path: &Path) -> Cover {
    first(BESIDE.into_iter().map(|ending| notes::beside(path, ending)))
}

pub(super) fn inside(folder: &Path) -> Cover {
    first(INSIDE.into_iter().map(|name| folder.join(name)))
}

fn first(mut paths: impl Iterator<Item = PathBuf>) -> Cover {
    paths.find(|path| path.is_file()).map_or(Cover::None, Cover::File)
}

/// The picture of an item, made small; `None` if it has none that can be read.
pub(in crate::hub) fn thumbnail(item: &InstalledModel) -> Option<RgbImage> {
    let bytes = match &item.cover {
        Cover::None => return None,
        Cover::File(path) => read_regular(path, MAX_BYTES).ok()?,
        Cover::Embedded => {
            let file = open_tensors(&item.path).ok()?;
            let (_, text) = file.header_text(EMBEDDED)?.split_once(";base64,")?;
            LENIENT.decode(text.trim()).ok()?
        }
    };
    let mut reader = image::ImageReader::new(Cursor::new(bytes)).with_guessed_format().ok()?;
    let mut limits = image::Limits::default();
    limits.max_image_width = Some(MAX_SIDE_PX);
    limits.max_image_height = Some(MAX_SIDE_PX);
    limits.max_alloc = Some(MAX_ALLOC_BYTES);
    reader.limits(limits);
    let picture = reader.decode().ok()?;
    let is_large = picture.width().max(picture.height()) > SIDE_PX;
    let small = if is_large {
        picture.thumbnail(SIDE_PX, SIDE_PX)
    } else {
        picture
    }
    .into_rgb8();
    Some(RgbImage {
        width_px: small.width(),
        height_px: small.height(),
        pixels: small.into_raw(),
    })
}
