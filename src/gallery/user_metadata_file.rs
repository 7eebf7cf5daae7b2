//! Files that keep what its owner says of a picture: XMP beside it, as darktable and digiKam have it.
//!
//! | picture | its user metadata |
//! |---|---|
//! | in the gallery's own folder | `NAME.png.xmp` beside `NAME.png` |
//! | in a watched folder, where nothing is written | `XXXX.xmp` in a folder of the gallery's, `XXXX` the first 32 hexadecimal digits of the SHA-256 of the picture's file |
//!
//! Where there is neither, `NAME.xmp` beside the picture is read, which is Adobe's way, but never written.

use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};

use super::file_lock::is_absent;
use super::xmp::{self, XmpError};
use super::{GalleryError, UserMetadata};
use crate::config::{PendingFile, make_real_folders, open_regular};

/// Ending of these files.
const EXTENSION: &str = "xmp";
/// Longest file that is read; darktable's long histories are some hundred kilobytes.
const MAX_BYTES: u64 = 16 << 20;
/// Hexadecimal digits that name the user metadata of a picture in a watched folder.
const NUM_DIGITS: usize = 32;
/// Broken files of one picture that are kept.
const MAX_ASIDE: u32 = 1000;

/// What its owner says of a picture; no user metadata if nothing is said.
///
/// * `watched_metadata_dir`: where the user metadata of pictures is kept beside which nothing is written; `None` for the gallery's own.
///
/// # Errors
/// [`GalleryError::BadUserMetadata`] if the file with the user metadata is broken, [`GalleryError::Read`] if it or the picture cannot
/// be read.
pub fn read_user_metadata(picture: &Path, watched_metadata_dir: Option<&Path>) -> Result<UserMetadata, GalleryError> {
    let mut places = vec![beside(picture), picture.with_extension(EXTENSION)];
    if let Some(folder) = watched_metadata_dir.filter(|folder| has_files(folder)) {
        places.insert(0, foreign(picture, folder)?);
    }
    for path in places {
        if let Some(text) = read(&path)? {
            return xmp::user_metadata_in(&text).map_err(|source| GalleryError::BadUserMetadata { path, source });
        }
    }
    Ok(UserMetadata::default())
}

/// Writes what its owner says of a picture; what other programs have written into the same file stays. A file that
/// cannot be read as XMP is kept as `NAME.png.xmp.broken`. Words are written without spaces at their ends.
///
/// * `watched_metadata_dir`: as for [`read_user_metadata`].
///
/// # Errors
/// [`GalleryError::Write`] or [`GalleryError::Read`]; then the file is as it was.
pub fn write_user_metadata(
    picture: &Path,
    user_metadata: &UserMetadata,
    watched_metadata_dir: Option<&Path>,
) -> Result<(), GalleryError> {
    let path = user_metadata_path(picture, watched_metadata_dir)?;
    if *user_metadata == UserMetadata::default()
        && !path.exists()
        && read_user_metadata(picture, watched_metadata_dir)? == *user_metadata
    {
        return Ok(());
    }
    let text = read(&path).and_then(|text| match text {
        Some(text) => xmp::with_user_metadata(&text, user_metadata).map_err(|source| GalleryError::BadUserMetadata {
            path: path.clone(),
            source,
        }),
        None => Ok(xmp::text_of(user_metadata)),
    });
    let text = match text {
        Ok(text) => text,
        Err(error @ GalleryError::BadUserMetadata { .. }) => {
            let aside = set_aside(&path)?;
            tracing::warn!("{}; it was kept as {}", error.one_line(), aside.display());
            xmp::text_of(user_metadata)
        }
        Err(error) => return Err(error),
    };
    let folder = path.parent().unwrap_or_else(|| Path::new(""));
    if watched_metadata_dir.is_some() {
        // The program's own folder and the one in it: links there would lead out of the gallery.
        make_real_folders(folder, 2).map_err(GalleryError::write(folder))?;
    }
    let mut pending = PendingFile::create(folder).map_err(GalleryError::write(&path))?;
    pending
        .file()
        .write_all(text.as_bytes())
        .and_then(|()| pending.publish(&path))
        .map_err(GalleryError::write(&path))
}

/// Where the user metadata of a picture is written; the file need not be there.
///
/// * `watched_metadata_dir`: as for [`read_user_metadata`].
///
/// # Errors
/// [`GalleryError::Read`] if a picture in a watched folder cannot be read.
pub fn user_metadata_path(picture: &Path, watched_metadata_dir: Option<&Path>) -> Result<PathBuf, GalleryError> {
    match watched_metadata_dir {
        None => Ok(beside(picture)),
        Some(folder) => foreign(picture, folder),
    }
}

/// The file of a picture's user metadata where it may be written beside the picture.
pub(super) fn beside(picture: &Path) -> PathBuf {
    let mut path = picture.as_os_str().to_owned();
    path.push(".");
    path.push(EXTENSION);
    PathBuf::from(path)
}

fn foreign(picture: &Path, folder: &Path) -> Result<PathBuf, GalleryError> {
    let mut file = open_regular(picture).map_err(GalleryError::read(picture))?;
    let mut hasher = Sha256::new();
    io::copy(&mut file, &mut hasher).map_err(GalleryError::read(picture))?;
    let digits = format!("{:x}", hasher.finalize());
    Ok(folder.join(&digits[..NUM_DIGITS]).with_extension(EXTENSION))
}

fn has_files(folder: &Path) -> bool {
    std::fs::read_dir(folder).is_ok_and(|mut entries| entries.next().is_some())
}

/// The text of a file; `None` if there is no such file.
fn read(path: &Path) -> Result<Option<String>, GalleryError> {
    let bad = |source| GalleryError::BadUserMetadata {
        path: path.to_owned(),
        source,
    };
    let file = match open_regular(path) {
        Ok(file) => file,
        Err(error) if is_absent(&error) => return Ok(None),
        Err(error) => return Err(GalleryError::read(path)(error)),
    };
    let found = file.metadata().map_err(GalleryError::read(path))?.len();
    if found > MAX_BYTES {
        let limit = MAX_BYTES;
        return Err(bad(XmpError::TooLong { limit, found }));
    }
    let mut bytes = Vec::new();
    file.take(MAX_BYTES)
        .read_to_end(&mut bytes)
        .map_err(GalleryError::read(path))?;
    match String::from_utf8(bytes) {
        Ok(text) => Ok(Some(text)),
        Err(error) => Err(bad(error.utf8_error().into())),
    }
}

/// Gives a broken file another name, under which nothing is yet.
fn set_aside(path: &Path) -> Result<PathBuf, GalleryError> {
    let aside = (1..=MAX_ASIDE)
        .map(|attempt| {
            let mut aside = path.as_os_str().to_owned();
            aside.push(".broken");
            if attempt > 1 {
                aside.push(format!("-{attempt}"));
            }
            PathBuf::from(aside)
        })
        .find(|aside| !aside.exists())
        .ok_or_else(|| GalleryError::write(path)(io::ErrorKind::AlreadyExists.into()))?;
    std::fs::rename(path, &aside).map_err(GalleryError::write(&aside))?;
    Ok(aside)
}
