//! From a file to its row in the index.

use std::fs::File;
use std::io::{BufReader, Read as _, Seek as _, SeekFrom};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use image::ImageDecoder as _;

use super::walk::Sighting;
use crate::config::open_regular;
use crate::gallery::bounded::{Bounded, READING_BOUND, map_bounded};
use crate::gallery::foreign::lora_name;
use crate::gallery::index::{GALLERY_ROOT, Reading, Row};
use crate::gallery::store::{MAX_PIXELS, read_made};
use crate::gallery::user_metadata_file::read_user_metadata;
use crate::gallery::{EntryId, GalleryError, PictureEntry, UserMetadata};
use crate::job::{ModelRef, Record};

/// Threads that read beside each other; the rest of the computer is making pictures.
const READERS: usize = 4;
/// How a PNG begins: signature, length and name of its first chunk.
const PNG_START: &[u8; 16] = b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR";
/// How a PNG ends.
const PNG_END: &[u8; 12] = b"\0\0\0\0IEND\xAE\x42\x60\x82";

/// What was read of several files.
pub(super) struct Readings {
    /// One for each file that was looked at.
    pub(super) readings: Vec<Reading>,
    /// Files over which reading took too long. Among the readings they are as those that cannot be read.
    pub(super) too_slow: Vec<PathBuf>,
}

/// Reads what the index keeps of files, each for no longer than [`READING_BOUND`].
///
/// * `watched_metadata_dir`: see [`read`].
/// * `is_ending`: see [`map_bounded`].
pub(super) fn read_all(sightings: Vec<Sighting>, watched_metadata_dir: &Path, is_ending: &Arc<AtomicBool>) -> Readings {
    let readers = std::thread::available_parallelism().map_or(1, usize::from).min(READERS);
    let (files, folder) = (sightings.clone(), watched_metadata_dir.to_owned());
    let outcomes = map_bounded(sightings, readers, READING_BOUND, is_ending, move |sighting| {
        read(sighting, &folder)
    });
    let mut read = Readings {
        readings: Vec::new(),
        too_slow: Vec::new(),
    };
    for (sighting, outcome) in files.into_iter().zip(outcomes) {
        match outcome {
            Bounded::Done(reading) => read.readings.push(reading),
            Bounded::NotBegun => {}
            Bounded::TooLong => {
                tracing::warn!("{}", GalleryError::too_slow(&sighting.path));
                read.readings.push(unreadable(&sighting));
                read.too_slow.push(sighting.path);
            }
        }
    }
    read
}

fn unreadable(sighting: &Sighting) -> Reading {
    Reading::Unreadable {
        root: sighting.root,
        path: sighting.path.clone(),
        stamp: sighting.stamp,
    }
}

/// Reads what the index keeps of a file. A reader that panics over a file costs that file alone.
///
/// * `watched_metadata_dir`: where the user metadata of pictures in watched folders is.
pub(super) fn read(sighting: &Sighting, watched_metadata_dir: &Path) -> Reading {
    let Sighting { root, path, stamp } = sighting;
    let outcome = catch_unwind(AssertUnwindSafe(|| entry_of(sighting, watched_metadata_dir)));
    match outcome {
        Ok(Ok(entry)) => Reading::Picture(Box::new(Row {
            root: *root,
            marks_ms: stamp.marks_ms,
            entry,
        })),
        Ok(Err(GalleryError::Read { source, .. })) if source.kind() == std::io::ErrorKind::NotFound => {
            Reading::Gone(path.clone())
        }
        Ok(Err(error)) => {
            tracing::debug!("{}", error.one_line());
            unreadable(sighting)
        }
        Err(_panic) => {
            tracing::warn!("the reader stumbled over a picture: {}", path.display());
            unreadable(sighting)
        }
    }
}

fn entry_of(sighting: &Sighting, watched_metadata_dir: &Path) -> Result<PictureEntry, GalleryError> {
    let Sighting { root, path, stamp } = sighting;
    let (width_px, height_px) = size(path)?;
    let made = match read_made(path) {
        Ok(made) => Some(made),
        Err(error) => {
            tracing::debug!("{}", error.one_line());
            None
        }
    };
    let watched_metadata_dir = (*root != GALLERY_ROOT).then_some(watched_metadata_dir);
    let user_metadata = read_user_metadata(path, watched_metadata_dir).unwrap_or_else(|error| {
        tracing::warn!("{}", error.one_line());
        UserMetadata::default()
    });
    let mut entry = PictureEntry {
        id: EntryId(0),
        path: path.clone(),
        width_px,
        height_px,
        bytes: stamp.bytes,
        modified_unix_ms: stamp.modified_ms,
        created_unix_secs: stamp.modified_ms.div_euclid(1000),
        source: None,
        prompt: String::new(),
        negative_prompt: String::new(),
        model: String::new(),
        sampler: String::new(),
        loras: Vec::new(),
        seed: None,
        guidance_scale: None,
        steps: None,
        has_run: stamp.has_run,
        user_metadata,
    };
    if let Some((record, source)) = made {
        entry.source = Some(source);
        take_record(&mut entry, record);
    }
    Ok(entry)
}

/// Takes over what a record says.
fn take_record(entry: &mut PictureEntry, record: Record) {
    let Record { request, .. } = record;
    if let Some(created) = i64::try_from(record.created_unix_secs).ok().filter(|secs| *secs > 0) {
        entry.created_unix_secs = created;
    }
    entry.model = if record.model_name.is_empty() {
        match &request.model {
            ModelRef::Starter | ModelRef::Flowers => String::new(),
            ModelRef::Path(path) => stem(path),
        }
    } else {
        record.model_name
    };
    entry.loras = request.loras.iter().map(lora_name).collect();
    entry.loras.sort();
    entry.loras.dedup();
    entry.prompt = request.prompt;
    entry.negative_prompt = request.negative_prompt;
    entry.sampler = request.sampler;
    entry.seed = Some(request.seed);
    entry.guidance_scale = Some(request.guidance_scale).filter(|scale| scale.is_finite());
    entry.steps = Some(request.steps);
}

fn stem(path: &Path) -> String {
    let stem: PathBuf = path.file_stem().map(PathBuf::from).unwrap_or_default();
    stem.to_string_lossy().into_owned()
}

/// Width and height of a PNG, JPEG or WebP file in pixels, by what is in it and not by its name.
///
/// # Errors
/// [`GalleryError::Read`]; [`GalleryError::Decode`] if it is none or its end is missing,
/// [`GalleryError::TooManyPixels`] if it is larger than what is decoded.
fn size(path: &Path) -> Result<(u32, u32), GalleryError> {
    let mut file = open_regular(path).map_err(GalleryError::read(path))?;
    let mut start = [0; 24];
    let (width_px, height_px) = match file.read_exact(&mut start) {
        Ok(()) if start.starts_with(PNG_START) => {
            let number = |at: usize| u32::from_be_bytes([start[at], start[at + 1], start[at + 2], start[at + 3]]);
            if !ends_as_png(&mut file).map_err(GalleryError::read(path))? {
                return Err(torn(path, image::ImageFormat::Png));
            }
            (number(16), number(20))
        }
        _ => {
            file.rewind().map_err(GalleryError::read(path))?;
            other_size(path, file)?
        }
    };
    if u64::from(width_px) * u64::from(height_px) > MAX_PIXELS {
        return Err(GalleryError::TooManyPixels {
            path: path.to_owned(),
            width_px,
            height_px,
            limit: MAX_PIXELS,
        });
    }
    if width_px == 0 || height_px == 0 {
        return Err(torn(path, image::ImageFormat::Png));
    }
    Ok((width_px, height_px))
}

/// Whether the last chunk is there, at the end of the file or, where something follows it, by going from chunk to chunk.
fn ends_as_png(file: &mut File) -> std::io::Result<bool> {
    let bytes = file.seek(SeekFrom::End(0))?;
    let mut end = [0; PNG_END.len()];
    file.seek(SeekFrom::Start(bytes.saturating_sub(end.len() as u64)))?;
    file.read_exact(&mut end)?;
    if end == *PNG_END {
        return Ok(true);
    }
    let mut at = 8; // after the signature
    while at + 12 <= bytes {
        let mut chunk = [0; 8];
        file.seek(SeekFrom::Start(at))?;
        file.read_exact(&mut chunk)?;
        if chunk.ends_with(b"IEND") {
            return Ok(true);
        }
        at += 12 + u64::from(u32::from_be_bytes([chunk[0], chunk[1], chunk[2], chunk[3]]));
    }
    Ok(false)
}

fn other_size(path: &Path, file: File) -> Result<(u32, u32), GalleryError> {
    let decode_error = |source| GalleryError::Decode {
        path: path.to_owned(),
        source,
    };
    let bytes = file.metadata().map_err(GalleryError::read(path))?.len();
    let mut start = [0; 12];
    let is_cut = (&file).read_exact(&mut start).is_ok() && start.starts_with(b"RIFF") && {
        let size = u32::from_le_bytes([start[4], start[5], start[6], start[7]]);
        bytes < u64::from(size) + 8
    };
    (&file).rewind().map_err(GalleryError::read(path))?;
    let reader = image::ImageReader::new(BufReader::new(file))
        .with_guessed_format()
        .map_err(GalleryError::read(path))?;
    match reader.format() {
        Some(image::ImageFormat::WebP) if is_cut => Err(torn(path, image::ImageFormat::WebP)),
        Some(image::ImageFormat::Jpeg | image::ImageFormat::WebP) => {
            Ok(reader.into_decoder().map_err(decode_error)?.dimensions())
        }
        _ => Err(torn(path, image::ImageFormat::Png)),
    }
}

fn torn(path: &Path, format: image::ImageFormat) -> GalleryError {
    let cause = std::io::Error::from(std::io::ErrorKind::UnexpectedEof);
    GalleryError::Decode {
        path: path.to_owned(),
        source: image::ImageError::Decoding(image::error::DecodingError::new(format.into(), cause)),
    }
}
