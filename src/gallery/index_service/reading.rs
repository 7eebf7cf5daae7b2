//! From a file to its row in the index.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use super::walk::Sighting;
use crate::gallery::bounded::{Bounded, READING_BOUND, map_bounded};
use crate::gallery::foreign::lora_name;
use crate::gallery::index::{GALLERY_ROOT, Reading, Row};
use crate::gallery::store::read_made;
use crate::gallery::user_metadata_file::read_user_metadata;
use crate::gallery::{EntryId, GalleryError, PictureEntry, UserMetadata};
use crate::job::{ModelRef, Record, Setting};
use crate::picture;

/// Threads that read beside each other; the rest of the computer is making pictures.
const READERS: usize = 4;
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
    let (width_px, height_px) = picture::size_px(path).map_err(GalleryError::picture(path))?;
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

/// Takes over what a record says; what it does not know stays unknown.
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
    let knows = |setting| request.knows(setting);
    let guidance_scale = Some(request.guidance_scale).filter(|scale| scale.is_finite());
    entry.seed = knows(Setting::Seed).then_some(request.seed);
    entry.guidance_scale = guidance_scale.filter(|_| knows(Setting::GuidanceScale));
    entry.steps = knows(Setting::Steps).then_some(request.steps);
    if knows(Setting::Sampler) {
        entry.sampler = request.sampler;
    }
    entry.prompt = request.prompt;
    entry.negative_prompt = request.negative_prompt;
}

fn stem(path: &Path) -> String {
    let stem: PathBuf = path.file_stem().map(PathBuf::from).unwrap_or_default();
    stem.to_string_lossy().into_owned()
}
