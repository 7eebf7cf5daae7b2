//! Small copies of pictures on disk, named after the file and the state it was in.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

use image::ImageEncoder as _;
use image::codecs::jpeg::JpegEncoder;
use sha2::{Digest as _, Sha256};

use super::PictureFile;
use crate::config::{PendingFile, read_regular, sweep_leftovers};
use crate::job::RgbImage;

/// Most bytes of copies on disk.
pub(super) const BUDGET_BYTES: u64 = 1 << 30;
/// Quality of the copies, 1 to 100.
const QUALITY: u8 = 86;
/// Part of the budget that is left once the oldest copies are gone.
const LEFT_OF_BUDGET: f64 = 0.9;
/// A copy that was last used longer ago than this is marked as used again.
const TOUCH_AFTER: Duration = Duration::from_hours(24);
/// Copies larger than this were not written by this program.
const MAX_FILE_BYTES: u64 = 4 << 20;
/// Stands in the place of the copy of a file that takes too long to be read.
const SET_ASIDE_ENDING: &str = "slow";
/// Stands for a size that was not measured yet.
const UNMEASURED: u64 = u64::MAX;

/// A folder of small copies that does not grow beyond its budget.
#[derive(Debug)]
pub(super) struct ThumbnailCache {
    folder: PathBuf,
    budget_bytes: u64,
    bytes: AtomicU64,
}

impl ThumbnailCache {
    /// * `folder`: need not exist.
    /// * `budget_bytes`: beyond it, those that were not used for longest are removed.
    pub(super) fn new(folder: PathBuf, budget_bytes: u64) -> Self {
        Self {
            folder,
            budget_bytes,
            bytes: AtomicU64::new(UNMEASURED),
        }
    }

    /// The copy of a picture, if there is one for this state of its file.
    pub(super) fn read(&self, file: &PictureFile) -> Option<RgbImage> {
        let path = self.path_of(file);
        let metadata = std::fs::metadata(&path).ok()?;
        let bytes = read_regular(&path, MAX_FILE_BYTES).ok()?;
        let Ok(picture) = image::load_from_memory_with_format(&bytes, image::ImageFormat::Jpeg) else {
            std::fs::remove_file(&path).ok(); // torn: it is made again
            return None;
        };
        let is_long_ago = |used: SystemTime| used.elapsed().is_ok_and(|age| age > TOUCH_AFTER);
        if metadata.modified().is_ok_and(is_long_ago) {
            touch(&path);
        }
        let picture = picture.into_rgb8();
        Some(RgbImage {
            width_px: picture.width(),
            height_px: picture.height(),
            pixels: picture.into_raw(),
        })
    }

    /// Keeps a copy. One that cannot be kept is made again another time.
    pub(super) fn write(&self, file: &PictureFile, copy: &RgbImage) {
        let path = self.path_of(file);
        match write_jpeg(&path, copy) {
            Ok(bytes) => {
                let grow = |known: u64| (known != UNMEASURED).then(|| known.saturating_add(bytes).min(UNMEASURED - 1));
                self.bytes.fetch_update(Ordering::Relaxed, Ordering::Relaxed, grow).ok(); // what is not measured yet will be
            }
            Err(error) => tracing::debug!("a thumbnail was not kept ({error}): {}", path.display()),
        }
    }

    /// Notes that this state of a file takes too long to be read.
    pub(super) fn set_aside(&self, file: &PictureFile) {
        let path = self.path_of(file).with_extension(SET_ASIDE_ENDING);
        if let Err(error) = PendingFile::replace(&path, b"") {
            tracing::debug!("a slow file was not noted ({error}): {}", path.display());
        }
    }

    /// Whether this state of a file took too long to be read, and there is no copy of it yet.
    pub(super) fn is_set_aside(&self, file: &PictureFile) -> bool {
        let path = self.path_of(file);
        path.with_extension(SET_ASIDE_ENDING).exists() && !path.exists()
    }

    /// Whether [`Self::tidy`] has something to do.
    pub(super) fn is_untidy(&self) -> bool {
        let bytes = self.bytes.load(Ordering::Relaxed);
        bytes == UNMEASURED || bytes > self.budget_bytes
    }

    /// Measures the folder, and removes what was left half written long ago, and what was not used for longest if it is larger than the budget.
    pub(super) fn tidy(&self) {
        sweep_leftovers(files_below(&self.folder), SystemTime::now());
        let mut copies: Vec<(SystemTime, u64, PathBuf)> = files_below(&self.folder)
            .filter_map(|path| {
                let metadata = std::fs::metadata(&path).ok()?;
                Some((metadata.modified().ok()?, metadata.len(), path))
            })
            .collect();
        let mut bytes: u64 = copies.iter().map(|(_, bytes, _)| bytes).sum();
        if bytes > self.budget_bytes {
            copies.sort();
            let goal = (self.budget_bytes as f64 * LEFT_OF_BUDGET) as u64;
            for (_, size, path) in copies {
                if bytes <= goal {
                    break;
                }
                if std::fs::remove_file(&path).is_ok() {
                    bytes -= size;
                }
            }
        }
        // A folder from which nothing can be removed is not looked at again and again.
        self.bytes.store(bytes.min(self.budget_bytes), Ordering::Relaxed);
    }

    /// `FOLDER/ab/cdef….jpg`, from the path, the time and the size of the picture.
    fn path_of(&self, file: &PictureFile) -> PathBuf {
        let mut hash = Sha256::new();
        hash.update(file.path.as_os_str().as_encoded_bytes());
        hash.update([0]);
        hash.update(file.modified_unix_ms.to_le_bytes());
        hash.update(file.bytes.to_le_bytes());
        let hash = hash.finalize();
        let number = u128::from_le_bytes(std::array::from_fn(|at| hash[at]));
        self.folder
            .join(format!("{:02x}", hash[16]))
            .join(format!("{number:032x}.jpg"))
    }
}

fn write_jpeg(path: &Path, picture: &RgbImage) -> std::io::Result<u64> {
    let mut jpeg = Vec::new();
    JpegEncoder::new_with_quality(&mut jpeg, QUALITY)
        .write_image(
            &picture.pixels,
            picture.width_px,
            picture.height_px,
            image::ExtendedColorType::Rgb8,
        )
        .map_err(std::io::Error::other)?;
    PendingFile::replace(path, &jpeg)?;
    Ok(jpeg.len() as u64)
}

/// Marks a copy as used now.
fn touch(path: &Path) {
    let file = std::fs::File::options().write(true).open(path);
    if let Ok(file) = file {
        file.set_modified(SystemTime::now()).ok(); // it is only removed a little earlier
    }
}

/// The files in the folders of `folder`.
fn files_below(folder: &Path) -> impl Iterator<Item = PathBuf> {
    let entries = |folder: &Path| {
        std::fs::read_dir(folder)
            .into_iter()
            .flatten()
            .filter_map(Result::ok)
            .map(|entry| entry.path())
            .collect::<Vec<_>>()
    };
    entries(folder).into_iter().flat_map(move |folder| entries(&folder))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(name: &str, modified_unix_ms: i64) -> PictureFile {
        PictureFile {
            path: PathBuf::from(name),
            modified_unix_ms,
            bytes: 1000,
        }
    }

    fn grey(side_px: u32) -> RgbImage {
        RgbImage::filled(side_px, side_px, [128; 3])
    }

    #[test]
    fn a_copy_should_be_found_for_the_same_state_of_the_file_only() {
        let folder = tempfile::tempdir().unwrap();
        let cache = ThumbnailCache::new(folder.path().join("new"), 1 << 20);
        assert!(cache.read(&file("/a.png", 1)).is_none());
        cache.write(&file("/a.png", 1), &grey(20));
        assert_eq!(cache.read(&file("/a.png", 1)).unwrap(), grey(20));
        assert!(cache.read(&file("/a.png", 2)).is_none());
        assert!(cache.read(&file("/b.png", 1)).is_none());
    }

    #[test]
    fn a_torn_copy_should_be_made_again() {
        let folder = tempfile::tempdir().unwrap();
        let cache = ThumbnailCache::new(folder.path().to_owned(), 1 << 20);
        cache.write(&file("/a.png", 1), &grey(20));
        let path = cache.path_of(&file("/a.png", 1));
        std::fs::write(&path, b"\xff\xd8 torn").unwrap();
        assert!(cache.read(&file("/a.png", 1)).is_none());
        assert!(!path.exists());
    }

    #[test]
    fn the_folder_should_keep_within_its_budget_and_lose_the_longest_unused_first() {
        let folder = tempfile::tempdir().unwrap();
        let cache = ThumbnailCache::new(folder.path().to_owned(), 20_000);
        for number in 0..60 {
            let name = format!("/{number}.png");
            cache.write(&file(&name, 1), &grey(64));
            let copy = std::fs::File::options()
                .write(true)
                .open(cache.path_of(&file(&name, 1)))
                .unwrap();
            let age = Duration::from_secs(60 * (60 - number));
            copy.set_modified(SystemTime::now() - age).unwrap();
        }
        assert!(cache.is_untidy(), "it was never measured");
        cache.tidy();
        assert!(!cache.is_untidy());
        let left: u64 = files_below(folder.path())
            .map(|path| std::fs::metadata(path).unwrap().len())
            .sum();
        assert!((1..=18_000).contains(&left), "{left} bytes are left");
        assert!(cache.read(&file("/59.png", 1)).is_some(), "the newest stays");
        assert!(cache.read(&file("/0.png", 1)).is_none(), "the oldest goes");
    }
}
