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
use super::trajectory_budget::hold_to_replace;
use super::trajectory_file::{self, trajectory_path};
use crate::config::{PendingFile, PublishError};
use crate::job::{GeneratedImage, Record, RgbImage};

/// Keyword of our own record, JSON.
const RECORD_KEYWORD: &str = "hareru";
/// Keyword of the text that A1111 made customary.
const INFOTEXT_KEYWORD: &str = "parameters";
/// Most pixels that are read from a file: 8192 × 8192.
pub(super) const MAX_PIXELS: u64 = 1 << 26;
/// Most memory a decoder may take, some copies of the largest picture.
pub(super) const MAX_DECODER_BYTES: u64 = 1 << 30;
/// Names that are tried before giving up: pictures of one second with the same seed and prompt.
const MAX_NAME_ATTEMPTS: u32 = 10_000;

/// A picture that was saved.
#[derive(Debug)]
pub struct Saved {
    /// The picture.
    pub path: PathBuf,
    /// Bytes of the trajectory beside it, or why there is none: a picture is worth keeping without.
    pub trajectory: Result<u64, GalleryError>,
}

/// Saves a picture and its trajectory in `folder` under a new name.
///
/// # Errors
/// [`GalleryError::Write`] and the like if the picture could not be saved; then neither file is there.
pub fn save_run(folder: &Path, image: &GeneratedImage) -> Result<Saved, GalleryError> {
    let png = encode(image)?;
    let day_folder = folder.join(relative_stem(&image.record, 1));
    let day_folder = day_folder.parent().unwrap_or(folder);
    std::fs::create_dir_all(day_folder).map_err(GalleryError::write(day_folder))?;

    let mut picture = pending_picture(day_folder, &png)?;
    let mut pending = pending_trajectory(day_folder, image);
    for attempt in 1..=MAX_NAME_ATTEMPTS {
        let path = folder.join(relative_stem(&image.record, attempt)).with_extension("png");
        let beside = trajectory_path(&path);
        if path.exists() || beside.exists() {
            continue;
        }
        let trajectory = match pending {
            Ok((bytes, file)) => match file.publish_new(&beside) {
                Ok(()) => Ok(bytes),
                Err(PublishError::NameTaken(file)) => {
                    pending = Ok((bytes, file));
                    continue;
                }
                Err(PublishError::Io(source)) => Err(GalleryError::Write { path: beside, source }),
            },
            Err(error) => Err(error),
        };
        match picture.publish_new(&path) {
            Ok(()) => return Ok(Saved { path, trajectory }),
            Err(error) => {
                if trajectory.is_ok() {
                    std::fs::remove_file(trajectory_path(&path)).ok(); // ours: it was made under a name that was free
                }
                picture = name_taken(error, &path)?;
                pending = trajectory.and_then(|_| pending_trajectory(day_folder, image));
            }
        }
    }
    Err(GalleryError::Write {
        path: folder.join(relative_stem(&image.record, 1)),
        source: std::io::ErrorKind::AlreadyExists.into(),
    })
}

/// As [`save_run`], but a trajectory that could not be saved is only logged. Returns the picture's path.
///
/// # Errors
/// As for [`save_run`].
pub fn save(folder: &Path, image: &GeneratedImage) -> Result<PathBuf, GalleryError> {
    let Saved { path, trajectory } = save_run(folder, image)?;
    warn_of(trajectory);
    Ok(path)
}

/// Saves a picture as `path` and its trajectory beside it, replacing what is there. A trajectory that cannot be saved
/// is logged; that of another picture is not left in its place.
///
/// # Errors
/// [`GalleryError::NotPngName`], or [`GalleryError::Write`] and the like; then no torn file is there.
pub fn save_as(path: &Path, image: &GeneratedImage) -> Result<(), GalleryError> {
    check_name(path)?;
    let png = encode(image)?;
    let folder = path.parent().unwrap_or_else(|| Path::new(""));
    let beside = trajectory_path(path);
    let picture = pending_picture(folder, &png)?;
    let trajectory = pending_trajectory(folder, image);
    let held = hold_to_replace(&beside).map_err(GalleryError::write(&beside))?;
    let held = held.filter(|_| !cfg!(windows)); // where an open file cannot be replaced
    let trajectory = trajectory.and_then(|(_, file)| file.publish(&beside).map_err(GalleryError::write(&beside)));
    picture.publish(path).map_err(GalleryError::write(path))?;
    if trajectory.is_err() {
        std::fs::remove_file(&beside).ok(); // if there is one, it is another picture's
    }
    warn_of(trajectory);
    drop(held);
    Ok(())
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

/// The newest pictures in `folder` and the folders in it, newest first, at most `limit`.
///
/// What cannot be read is left out: a listing is a view, and opening a picture reports its error.
pub fn newest_pictures(folder: &Path, limit: usize) -> Vec<PathBuf> {
    let mut found: Vec<(SystemTime, PathBuf)> = picture_files(folder)
        .filter_map(|path| {
            let metadata = std::fs::metadata(&path).ok()?;
            metadata.is_file().then_some(())?;
            Some((metadata.modified().ok()?, path))
        })
        .collect();
    found.sort_by(|a, b| b.cmp(a));
    found.truncate(limit);
    found.into_iter().map(|(_, path)| path).collect()
}

/// What in `folder` and the folders in it has the name of a picture.
pub(super) fn picture_files(folder: &Path) -> impl Iterator<Item = PathBuf> {
    files_in(folder).filter(|path| {
        let is_hidden = path
            .file_name()
            .is_some_and(|name| name.as_encoded_bytes().starts_with(b"."));
        is_png_name(path) && !is_hidden
    })
}

/// All that is in `folder` and the folders in it, in no order.
pub(super) fn files_in(folder: &Path) -> impl Iterator<Item = PathBuf> {
    let day_folders: Vec<PathBuf> = entries(folder)
        .filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()))
        .map(|entry| entry.path())
        .collect();
    std::iter::once(folder.to_owned())
        .chain(day_folders)
        .flat_map(|folder| entries(&folder).map(|entry| entry.path()))
}

fn entries(folder: &Path) -> impl Iterator<Item = std::fs::DirEntry> + use<> {
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

/// The trajectory under a temporary name, and its size in bytes.
fn pending_trajectory(folder: &Path, image: &GeneratedImage) -> Result<(u64, PendingFile), GalleryError> {
    let pending = PendingFile::create(folder).map_err(GalleryError::write(folder))?;
    trajectory_file::write(pending.path(), &image.trajectory, &image.record)?;
    let metadata = std::fs::metadata(pending.path()).map_err(GalleryError::write(folder))?;
    Ok((metadata.len(), pending))
}

/// Logs why a picture has no trajectory.
fn warn_of<T>(trajectory: Result<T, GalleryError>) {
    if let Err(error) = trajectory {
        tracing::warn!("a picture was saved without its steps: {}", error.one_line());
    }
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
