//! Pictures in and out of their folder.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use super::exif_record::RECORD_KEYWORD;
use super::file_lock::hold_to_replace;
use super::foreign;
use super::formats::{SaveOptions, encode, ending, endings, format_of, has_picture_name, is_hidden};
use super::trajectory_file::{self, trajectory_path};
use super::{GalleryError, RecordSource};
use super::{container, stealth, texts};
use crate::config::{MAX_NAME_BYTES, PendingFile, PictureFormat, PublishError};
use crate::job::{GeneratedImage, Record, RgbImage, Setting};
use crate::picture;

/// Names that are tried, once one was free and was taken by another program.
const MAX_NAME_ATTEMPTS: u32 = 10_000;
/// Highest number that is put behind a name.
const MAX_NAME_NUMBER: u32 = 1 << 24;

/// A picture that was saved.
#[derive(Debug)]
pub struct SavedPicture {
    /// The picture.
    pub path: PathBuf,
    /// Bytes of the trajectory beside it, or why there is none: a picture is worth keeping without.
    pub trajectory: Result<u64, GalleryError>,
}

/// Saves a picture and its trajectory in `folder` under a new name, as PNG.
///
/// # Errors
/// [`GalleryError::Write`] and the like if the picture could not be saved; then neither file is there.
pub fn save(folder: &Path, image: &GeneratedImage) -> Result<SavedPicture, GalleryError> {
    save_with(folder, image, &SaveOptions::default())
}

/// As [`save`], as the options say.
///
/// # Errors
/// As for [`save`].
pub fn save_with(folder: &Path, image: &GeneratedImage, options: &SaveOptions) -> Result<SavedPicture, GalleryError> {
    let bytes = encode(&image.pixels, Some(&image.record), options.format, options.quality)?;
    let stem = |attempt| folder.join(options.name_template.relative_stem(&image.record, attempt));
    let with_ending = |attempt, ending: &str| {
        let mut path = stem(attempt).into_os_string(); // a name may have dots in it
        path.push(".");
        path.push(ending);
        PathBuf::from(path)
    };
    // A name is taken by a picture of any kind, whose trajectory it would be.
    let is_taken = |attempt| {
        let has_picture = endings().any(|ending| with_ending(attempt, ending).exists());
        has_picture || trajectory_path(&with_ending(attempt, ending(options.format))).exists()
    };
    let first = first_free(is_taken);
    let day_folder = stem(first);
    let day_folder = day_folder.parent().unwrap_or(folder);
    std::fs::create_dir_all(day_folder).map_err(GalleryError::write(day_folder))?;

    let mut picture = pending_picture(day_folder, &bytes)?;
    // A picture that was only enlarged has no steps to keep.
    let has_steps = !image.trajectory.steps.is_empty();
    let mut pending = has_steps.then(|| pending_trajectory(day_folder, image));
    for attempt in first..first.saturating_add(MAX_NAME_ATTEMPTS) {
        if is_taken(attempt) {
            continue;
        }
        let path = with_ending(attempt, ending(options.format));
        let beside = trajectory_path(&path);
        if let Some(parent) = path.parent().filter(|parent| *parent != day_folder) {
            std::fs::create_dir_all(parent).map_err(GalleryError::write(parent))?; // a folder that counts
        }
        let trajectory = match pending {
            None => Ok(0),
            Some(Ok((bytes, file))) => match file.publish_new(&beside) {
                Ok(()) => Ok(bytes),
                Err(PublishError::NameTaken(file)) => {
                    pending = Some(Ok((bytes, file)));
                    continue;
                }
                Err(PublishError::Io(source)) => Err(GalleryError::Write { path: beside, source }),
            },
            Some(Err(error)) => Err(error),
        };
        match picture.publish_new(&path) {
            Ok(()) => return Ok(SavedPicture { path, trajectory }),
            Err(error) => {
                if trajectory.is_ok() && has_steps {
                    std::fs::remove_file(trajectory_path(&path)).ok(); // ours: it was made under a name that was free
                }
                picture = name_taken(error, &path)?;
                pending = has_steps.then(|| trajectory.and_then(|_| pending_trajectory(day_folder, image)));
            }
        }
    }
    Err(GalleryError::Write {
        path: stem(first),
        source: std::io::ErrorKind::AlreadyExists.into(),
    })
}

/// The first number that is not taken, if those that are follow each other; else one that is not taken.
fn first_free(is_taken: impl Fn(u32) -> bool) -> u32 {
    let (mut taken, mut free) = (0, 1);
    while free < MAX_NAME_NUMBER && is_taken(free) {
        (taken, free) = (free, free * 2);
    }
    while taken + 1 < free {
        let middle = taken + (free - taken) / 2;
        if is_taken(middle) {
            taken = middle;
        } else {
            free = middle;
        }
    }
    free
}

/// Saves a picture as `path`, of the kind that its ending says, and its trajectory beside it, replacing what is there. The
/// trajectory of another picture is not left in its place.
///
/// # Errors
/// [`GalleryError::NotPictureName`], or [`GalleryError::Write`] and the like if the picture could not be saved; then no
/// torn file is there.
pub fn save_as(path: &Path, image: &GeneratedImage) -> Result<SavedPicture, GalleryError> {
    let quality = SaveOptions::default().quality;
    let bytes = encode(&image.pixels, Some(&image.record), named_format(path)?, quality)?;
    let folder = path.parent().unwrap_or_else(|| Path::new(""));
    let picture = pending_picture(folder, &bytes)?;
    let beside = trajectory_path(path);
    let has_steps = !image.trajectory.steps.is_empty();
    let held = hold_to_replace(&beside).map_err(GalleryError::write(&beside));
    let held = held.map(|held| held.filter(|_| !cfg!(windows))); // where an open file cannot be replaced
    let trajectory = match &held {
        Ok(_) if has_steps => pending_trajectory(folder, image).and_then(|(bytes, file)| {
            file.publish(&beside).map_err(GalleryError::write(&beside))?;
            Ok(bytes)
        }),
        _ => Ok(0),
    };
    picture.publish(path).map_err(GalleryError::write(path))?;
    if held.is_err() || trajectory.is_err() || !has_steps {
        std::fs::remove_file(&beside).ok(); // if there is one, it is another picture's
    }
    let trajectory = held.and(trajectory);
    let path = path.to_owned();
    Ok(SavedPicture { path, trajectory })
}

/// Saves pixels alone as `path`, replacing what is there.
///
/// # Errors
/// As for [`save_as`].
pub fn save_pixels(path: &Path, pixels: &RgbImage) -> Result<(), GalleryError> {
    let bytes = encode(pixels, None, named_format(path)?, SaveOptions::default().quality)?;
    let picture = pending_picture(path.parent().unwrap_or_else(|| Path::new("")), &bytes)?;
    picture.publish(path).map_err(GalleryError::write(path))
}

/// How a picture was made: our own record, else what another program's says as far as it goes.
///
/// # Errors
/// As for [`read_made`].
pub fn read_record(path: &Path) -> Result<Record, GalleryError> {
    read_made(path).map(|(record, _)| record)
}

/// How a picture was made, and whose record says so. Of a file of any size, only what stands beside its pixels is read; of a
/// PNG with alpha that says nothing there, what is hidden in it.
///
/// # Errors
/// [`GalleryError::NoRecord`] if nothing says so; others if the file or the record is damaged.
pub fn read_made(path: &Path) -> Result<(Record, RecordSource), GalleryError> {
    let mut keywords = vec![RECORD_KEYWORD];
    keywords.extend(foreign::keywords());
    let contents = container::read(path, &keywords)?;
    if let Some(json) = contents.text(RECORD_KEYWORD) {
        return Ok((own_record(path, json)?, RecordSource::Hareru));
    }
    let bad_text = |keyword: &String| GalleryError::BadText {
        path: path.to_owned(),
        keyword: keyword.clone(),
        limit: texts::MAX_TEXT_BYTES,
    };
    if let Some(keyword) = contents.bad.as_ref().filter(|keyword| *keyword == RECORD_KEYWORD) {
        return Err(bad_text(keyword));
    }
    let hidden = || foreign::record_in(&stealth::texts_in(path));
    let Some((mut record, source)) = foreign::record_in(&contents.texts).or_else(hidden) else {
        let no_record = || GalleryError::NoRecord { path: path.to_owned() };
        return Err(contents.bad.as_ref().map_or_else(no_record, bad_text));
    };
    let request = &mut record.request;
    if let Some(size) = contents.size.filter(|_| !request.knows(Setting::Size)) {
        (request.width_px, request.height_px) = size; // which the picture itself says
        request.unknown.remove(&Setting::Size);
    }
    Ok((record, source))
}

fn own_record(path: &Path, json: &str) -> Result<Record, GalleryError> {
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
    Ok(record)
}

/// The pixels of a picture as 8-bit sRGB, upright, white below what is transparent: as [`picture::read_rgb`] has it.
///
/// # Errors
/// [`GalleryError::Decode`] for what is no picture or a torn one, [`GalleryError::TooManyPixels`] for a bomb.
pub fn read_picture(path: &Path) -> Result<RgbImage, GalleryError> {
    let pixels = picture::read_rgb(path).map_err(GalleryError::picture(path))?;
    Ok(RgbImage {
        width_px: pixels.width(),
        height_px: pixels.height(),
        pixels: pixels.into_raw(),
    })
}

/// A mask as grey pixels, white where to paint: as [`picture::read_mask`] has it.
///
/// # Errors
/// As [`read_picture`].
pub fn read_mask(path: &Path) -> Result<RgbImage, GalleryError> {
    let mask = picture::read_mask(path).map_err(GalleryError::picture(path))?;
    Ok(RgbImage {
        width_px: mask.width(),
        height_px: mask.height(),
        pixels: mask.pixels().flat_map(|level| [level[0]; 3]).collect(),
    })
}

/// The newest pictures in `folder` and the folders in it, newest first, at most `limit`.
///
/// What cannot be read is left out: a listing is a view, and opening a picture reports its error.
pub fn newest_pictures(folder: &Path, limit: usize) -> Vec<PathBuf> {
    let mut found: Vec<(SystemTime, PathBuf)> = files_in(folder)
        .filter(|path| has_picture_name(path))
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

/// All that is in `folder` and in the folders below it at any depth, in no order. Hidden folders and links to folders
/// are not looked into, so nothing outside is found and each place once.
pub(super) fn files_in(folder: &Path) -> impl Iterator<Item = PathBuf> {
    let mut folders = vec![folder.to_owned()];
    std::iter::from_fn(move || {
        let entries = std::fs::read_dir(folders.pop()?).into_iter().flatten();
        let mut files = Vec::new();
        for entry in entries.filter_map(Result::ok) {
            match entry.file_type() {
                Ok(kind) if kind.is_dir() && !is_hidden(&entry.file_name()) => folders.push(entry.path()),
                Ok(kind) if kind.is_dir() => {}
                _ => files.push(entry.path()),
            }
        }
        Some(files)
    })
    .flatten()
}

fn pending_picture(folder: &Path, bytes: &[u8]) -> Result<PendingFile, GalleryError> {
    let mut pending = PendingFile::create(folder).map_err(GalleryError::write(folder))?;
    pending.file().write_all(bytes).map_err(GalleryError::write(folder))?;
    Ok(pending)
}

/// The trajectory under a temporary name, and its size in bytes.
fn pending_trajectory(folder: &Path, image: &GeneratedImage) -> Result<(u64, PendingFile), GalleryError> {
    let pending = PendingFile::create(folder).map_err(GalleryError::write(folder))?;
    trajectory_file::write(pending.path(), &image.trajectory, &image.record)?;
    let metadata = std::fs::metadata(pending.path()).map_err(GalleryError::write(folder))?;
    Ok((metadata.len(), pending))
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
/// [`GalleryError::NotPictureName`] if it does not end in `.png`, `.webp`, `.jpg` or `.jpeg`,
/// [`GalleryError::NameTooLong`] if no file system takes it.
pub fn check_name(path: &Path) -> Result<(), GalleryError> {
    let found = path.file_name().map_or(0, |name| match name.to_str() {
        Some(text) if cfg!(windows) => text.encode_utf16().count(), // what its file systems count
        _ => name.len(),
    });
    if found > MAX_NAME_BYTES {
        return Err(GalleryError::NameTooLong {
            path: path.to_owned(),
            found,
            limit: MAX_NAME_BYTES,
        });
    }
    named_format(path).map(|_| ())
}

fn named_format(path: &Path) -> Result<PictureFormat, GalleryError> {
    format_of(path).ok_or_else(|| GalleryError::NotPictureName { path: path.to_owned() })
}
