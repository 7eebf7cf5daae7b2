//! Pictures in and out of their folder.

use std::fs::File;
use std::io::{BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use image::ImageDecoder as _;

use super::GalleryError;
use super::file_names::relative_stem;
use super::infotext::{infotext, record_from_infotext};
use super::png_metadata::{self, TextKind};
use super::trajectory_file::{self, trajectory_path};
use crate::config::{PendingFile, PublishError};
use crate::job::{GeneratedImage, Record, RgbImage, Trajectory};

/// Keyword of our own record, JSON.
const RECORD_KEYWORD: &str = "hareru";
/// Keyword of the text that A1111 made customary.
const INFOTEXT_KEYWORD: &str = "parameters";
/// Most pixels that are read from a file: 8192 × 8192.
const MAX_PIXELS: u64 = 1 << 26;
/// Most memory a decoder may take, some copies of the largest picture.
const MAX_DECODER_BYTES: u64 = 1 << 30;
/// Names that are tried before giving up: pictures of one second with the same seed and prompt.
const MAX_NAME_ATTEMPTS: u32 = 10_000;

/// Saves a picture and its trajectory in `folder` under a new name, and returns the picture's path.
///
/// # Errors
/// [`GalleryError::Write`] and the like; then neither file is there.
pub fn save(folder: &Path, image: &GeneratedImage) -> Result<PathBuf, GalleryError> {
    let png = encode(image)?;
    let day_folder = folder.join(relative_stem(&image.record, 1));
    let day_folder = day_folder.parent().unwrap_or(folder);
    std::fs::create_dir_all(day_folder).map_err(GalleryError::write(day_folder))?;

    let mut trajectory = pending_trajectory(day_folder, image)?;
    let mut picture = pending_picture(day_folder, &png)?;
    for attempt in 1..=MAX_NAME_ATTEMPTS {
        let path = folder.join(relative_stem(&image.record, attempt)).with_extension("png");
        if path.exists() {
            continue;
        }
        let beside = trajectory_path(&path);

        trajectory = match trajectory.publish_new(&beside) {
            Ok(()) => {
                match picture.publish_new(&path) {
                    Ok(()) => return Ok(path),
                    Err(error) => {
                        std::fs::remove_file(&beside).ok(); // ours: it was made under a name that was free
                        picture = name_taken(error, &path)?;
                    }
                }
                pending_trajectory(day_folder, image)?
            }
            Err(error) => name_taken(error, &beside)?,
        };
    }
    Err(GalleryError::Write {
        path: folder.join(relative_stem(&image.record, 1)),
        source: std::io::ErrorKind::AlreadyExists.into(),
    })
}

/// Saves a picture as `path` and its trajectory beside it, replacing what is there.
///
/// # Errors
/// [`GalleryError::NotPngName`], or [`GalleryError::Write`] and the like; then no torn file is there.
pub fn save_as(path: &Path, image: &GeneratedImage) -> Result<(), GalleryError> {
    check_name(path)?;
    let png = encode(image)?;
    let folder = path.parent().unwrap_or_else(|| Path::new(""));
    let beside = trajectory_path(path);
    let trajectory = pending_trajectory(folder, image)?;
    let picture = pending_picture(folder, &png)?;
    trajectory.publish(&beside).map_err(GalleryError::write(&beside))?;
    picture.publish(path).map_err(GalleryError::write(path))
}

/// Saves pixels alone as `path`, replacing what is there.
///
/// # Errors
/// As for [`save_as`].
pub fn save_pixels(path: &Path, pixels: &RgbImage) -> Result<(), GalleryError> {
    check_name(path)?;
    let png = png_metadata::encode(pixels, &[])?;
    let picture = pending_picture(path.parent().unwrap_or_else(|| Path::new("")), &png)?;
    picture.publish(path).map_err(GalleryError::write(path))
}

/// How a picture was made: our own record, else what an A1111 text says as far as it goes.
///
/// # Errors
/// [`GalleryError::NoRecord`] if there is neither; others if the file or the record is damaged.
pub fn read_record(path: &Path) -> Result<Record, GalleryError> {
    let texts = png_metadata::read_texts(path, &[RECORD_KEYWORD, INFOTEXT_KEYWORD])?;
    let text_of = |keyword| texts.iter().find(|text| text.keyword == keyword).map(|text| &text.text);
    if let Some(json) = text_of(RECORD_KEYWORD) {
        let record: Record = serde_json::from_str(json).map_err(|source| GalleryError::BadRecord {
            path: path.to_owned(),
            source,
        })?;
        if record.version > Record::VERSION {
            return Err(GalleryError::NewerRecord {
                path: path.to_owned(),
                found: record.version,
                limit: Record::VERSION,
            });
        }
        return Ok(record);
    }
    text_of(INFOTEXT_KEYWORD)
        .and_then(|text| record_from_infotext(text))
        .ok_or_else(|| GalleryError::NoRecord { path: path.to_owned() })
}

/// The pixels of a PNG, JPEG or WebP file as 8-bit RGB; transparency is dropped.
///
/// # Errors
/// [`GalleryError::Decode`] for what is no picture or a torn one, [`GalleryError::TooManyPixels`] for a bomb.
pub fn read_picture(path: &Path) -> Result<RgbImage, GalleryError> {
    let decode_error = |source| GalleryError::Decode {
        path: path.to_owned(),
        source,
    };
    let file = File::open(path).map_err(GalleryError::read(path))?;
    let mut reader = image::ImageReader::new(BufReader::new(file))
        .with_guessed_format()
        .map_err(GalleryError::read(path))?;
    let mut limits = image::Limits::default();
    limits.max_alloc = Some(MAX_DECODER_BYTES);
    reader.limits(limits);
    let decoder = reader.into_decoder().map_err(decode_error)?;
    let (width_px, height_px) = decoder.dimensions();
    if u64::from(width_px) * u64::from(height_px) > MAX_PIXELS {
        return Err(GalleryError::TooManyPixels {
            path: path.to_owned(),
            width_px,
            height_px,
            limit: MAX_PIXELS,
        });
    }
    let picture = image::DynamicImage::from_decoder(decoder).map_err(decode_error)?;
    Ok(RgbImage {
        width_px,
        height_px,
        pixels: picture.into_rgb8().into_raw(),
    })
}

/// The trajectory beside a picture.
///
/// # Errors
/// [`GalleryError::Read`] if there is none, others if it is torn or was not written by this program.
pub fn read_trajectory(picture_path: &Path) -> Result<Trajectory, GalleryError> {
    trajectory_file::read(&trajectory_path(picture_path))
}

/// The newest pictures in `folder` and the folders in it, newest first, at most `limit`.
///
/// What cannot be read is left out: a listing is a view, and opening a picture reports its error.
pub fn newest_pictures(folder: &Path, limit: usize) -> Vec<PathBuf> {
    let mut found: Vec<(SystemTime, PathBuf)> = Vec::new();
    let mut folders = vec![folder.to_owned()];
    for entry in entries(folder) {
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            folders.push(entry.path());
        }
    }
    for entry in folders.iter().flat_map(|folder| entries(folder)) {
        let path = entry.path();
        if is_png_name(&path)
            && !entry.file_name().as_encoded_bytes().starts_with(b".")
            && let Ok(metadata) = std::fs::metadata(&path)
            && metadata.is_file()
            && let Ok(modified) = metadata.modified()
        {
            found.push((modified, path));
        }
    }
    found.sort_by(|a, b| b.cmp(a));
    found.truncate(limit);
    found.into_iter().map(|(_, path)| path).collect()
}

fn entries(folder: &Path) -> impl Iterator<Item = std::fs::DirEntry> {
    std::fs::read_dir(folder)
        .into_iter()
        .flatten()
        .filter_map(std::result::Result::ok)
}

fn encode(image: &GeneratedImage) -> Result<Vec<u8>, GalleryError> {
    let GeneratedImage { pixels, record, .. } = image;
    let json =
        serde_json::to_string(record).map_err(|error| GalleryError::Encode(std::io::Error::from(error).into()))?;
    png_metadata::encode(
        pixels,
        &[
            (RECORD_KEYWORD, &json, TextKind::Utf8),
            (INFOTEXT_KEYWORD, &infotext(record), TextKind::Customary),
        ],
    )
}

fn pending_picture(folder: &Path, png: &[u8]) -> Result<PendingFile, GalleryError> {
    let mut pending = PendingFile::create(folder).map_err(GalleryError::write(folder))?;
    pending.file().write_all(png).map_err(GalleryError::write(folder))?;
    Ok(pending)
}

fn pending_trajectory(folder: &Path, image: &GeneratedImage) -> Result<PendingFile, GalleryError> {
    let pending = PendingFile::create(folder).map_err(GalleryError::write(folder))?;
    trajectory_file::write(pending.path(), &image.trajectory, &image.record)?;
    Ok(pending)
}

fn name_taken(error: PublishError, path: &Path) -> Result<PendingFile, GalleryError> {
    match error {
        PublishError::NameTaken(pending) => Ok(pending),
        PublishError::Io(source) => Err(GalleryError::Write {
            path: path.to_owned(),
            source,
        }),
    }
}

/// Whether a picture can be saved under that name.
///
/// # Errors
/// [`GalleryError::NotPngName`] if it does not end in `.png`.
pub fn check_name(path: &Path) -> Result<(), GalleryError> {
    if is_png_name(path) {
        Ok(())
    } else {
        Err(GalleryError::NotPngName { path: path.to_owned() })
    }
}

fn is_png_name(path: &Path) -> bool {
    path.extension()
        .is_some_and(|extension| extension.eq_ignore_ascii_case("png"))
}
