//! Small copies of pictures, made in the background: the newest requests first, those that were replaced not at all.

use std::collections::VecDeque;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use super::bounded::{Bounded, READING_BOUND, map_bounded};
use super::error::guarded;
use super::store::read_picture;
use super::thumbnail_cache::{BUDGET_BYTES, ThumbnailCache};
use super::{GalleryError, PictureFile};
use crate::config::join_within_bound;
use crate::job::RgbImage;

/// Longest side of what the writer hands out beside a saved picture.
const WRITERS_SIDE_PX: u32 = 256;
/// Threads that make copies; the rest of the computer makes pictures.
const THREADS: usize = 2;

/// A copy no side of which is longer than [`WRITERS_SIDE_PX`]; small pictures stay as they are.
pub(super) fn thumbnail(picture: &RgbImage) -> RgbImage {
    reduced(picture, WRITERS_SIDE_PX)
}

/// How large a copy is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ThumbnailSize {
    /// For many at once.
    Small,
    /// For a few; this one is kept on disk.
    Medium,
    /// For one that fills the window.
    Large,
}

impl ThumbnailSize {
    /// Its longest side in pixels, if the picture is not smaller.
    pub const fn side_px(self) -> u32 {
        match self {
            Self::Small => 128,
            Self::Medium => 320,
            Self::Large => 2048,
        }
    }
}

/// One copy of one picture.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ThumbnailRequest {
    /// Of which.
    pub file: PictureFile,
    /// How large.
    pub size: ThumbnailSize,
}

/// A copy that was made, upright as its EXIF says.
#[derive(Debug, Clone)]
pub struct LoadedThumbnail {
    /// The request.
    pub request: ThumbnailRequest,
    /// The copy, or why the picture cannot be read, in one line.
    pub picture: Result<Arc<RgbImage>, String>,
}

/// Makes copies on threads of its own. Dropping it ends them; what they are reading is given up.
#[derive(Debug)]
pub struct ThumbnailLoader {
    shared: Arc<Shared>,
    threads: Vec<JoinHandle<()>>,
}

impl ThumbnailLoader {
    /// Starts the threads.
    ///
    /// * `cache_dir`: where copies are kept for the next time; need not exist. Without one they are not kept.
    /// * `wake`: called from a thread after every copy.
    ///
    /// # Errors
    /// If the system refuses a thread.
    pub fn start(cache_dir: Option<PathBuf>, wake: impl Fn() + Send + Sync + 'static) -> std::io::Result<Self> {
        let shared = Arc::new(Shared {
            queue: Mutex::default(),
            wakeup: Condvar::new(),
            cache: cache_dir.map(|folder| ThumbnailCache::new(folder, BUDGET_BYTES)),
            is_ending: Arc::default(),
            wake: Box::new(wake),
        });
        let mut loader = Self {
            shared,
            threads: Vec::new(),
        };
        for _ in 0..THREADS {
            let shared = Arc::clone(&loader.shared);
            let thread = std::thread::Builder::new().name("thumbnails".to_owned());
            loader.threads.push(thread.spawn(move || Shared::work(&shared))?);
        }
        Ok(loader)
    }

    /// Replaces all requests that were not begun, the most wanted first.
    pub fn request(&self, requests: impl IntoIterator<Item = ThumbnailRequest>) {
        let mut queue = self.shared.queue();
        let queue = &mut *queue;
        queue.waiting.clear();
        for request in requests {
            let is_under_way =
                queue.in_progress.contains(&request) || queue.done.iter().any(|made| made.request == request);
            if !is_under_way {
                queue.waiting.push_back(request);
            }
        }
        if !queue.waiting.is_empty() {
            self.shared.wakeup.notify_all();
        }
    }

    /// The next copy, without waiting.
    pub fn poll(&self) -> Option<LoadedThumbnail> {
        self.shared.queue().done.pop_front()
    }

    /// Whether [`Self::poll`] has something.
    pub fn has_loaded(&self) -> bool {
        !self.shared.queue().done.is_empty()
    }
}

impl Drop for ThumbnailLoader {
    fn drop(&mut self) {
        self.shared.is_ending.store(true, Ordering::Relaxed);
        self.shared.queue().is_closing = true;
        self.shared.wakeup.notify_all();
        for thread in self.threads.drain(..) {
            join_within_bound(thread);
        }
    }
}

/// What lies between the window and the threads.
#[derive(Debug, Default)]
struct ThumbnailQueue {
    waiting: VecDeque<ThumbnailRequest>,
    in_progress: Vec<ThumbnailRequest>,
    done: VecDeque<LoadedThumbnail>,
    is_tidying: bool,
    is_closing: bool,
}

struct Shared {
    queue: Mutex<ThumbnailQueue>,
    wakeup: Condvar,
    cache: Option<ThumbnailCache>,
    is_ending: Arc<AtomicBool>,
    wake: Box<dyn Fn() + Send + Sync>,
}

impl std::fmt::Debug for Shared {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Shared").finish_non_exhaustive()
    }
}

/// What a thread does next.
enum Task {
    Make(ThumbnailRequest),
    Tidy,
}

impl Shared {
    fn queue(&self) -> MutexGuard<'_, ThumbnailQueue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn work(shared: &Arc<Self>) {
        while let Some(task) = shared.next_task() {
            match task {
                Task::Make(request) => {
                    let (maker, wanted) = (Arc::clone(shared), request.clone());
                    let make = move |_file: &PictureFile| guarded(|| maker.make(&wanted));
                    let cache = shared.cache.as_ref();
                    let read = read_within(READING_BOUND, cache, &shared.is_ending, &request.file, make);
                    let picture = read.unwrap_or_else(|error| Err(error.one_line()));
                    let mut queue = shared.queue();
                    queue.in_progress.retain(|other| *other != request);
                    queue.done.push_back(LoadedThumbnail { request, picture });
                    drop(queue);
                    (shared.wake)();
                }
                Task::Tidy => {
                    if let Some(cache) = &shared.cache {
                        cache.tidy();
                    }
                    shared.queue().is_tidying = false;
                }
            }
        }
    }

    /// Waits for something to do; `None` at the end.
    fn next_task(&self) -> Option<Task> {
        let mut queue = self.queue();
        loop {
            if queue.is_closing {
                return None;
            }
            if let Some(request) = queue.waiting.pop_front() {
                queue.in_progress.push(request.clone());
                return Some(Task::Make(request));
            }
            if !queue.is_tidying && self.cache.as_ref().is_some_and(ThumbnailCache::is_untidy) {
                queue.is_tidying = true;
                return Some(Task::Tidy);
            }
            queue = self.wakeup.wait(queue).unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn make(&self, request: &ThumbnailRequest) -> Result<Arc<RgbImage>, GalleryError> {
        let ThumbnailRequest { file, size } = request;
        if *size == ThumbnailSize::Large {
            return Ok(Arc::new(reduced(&read_picture(&file.path)?, size.side_px())));
        }
        let medium = medium_copy(file, self.cache.as_ref())?;
        Ok(Arc::new(reduced(&medium, size.side_px())))
    }
}

/// Reads a picture on a thread that is given up when it takes longer than `bound`. That is noted in the cache, and the file
/// is not tried again while it is as it is.
///
/// * `is_ending`: see [`map_bounded`].
///
/// # Errors
/// [`GalleryError::TooSlow`], or [`GalleryError::SetAside`] if it was that before.
pub(super) fn read_within<R: Send + 'static>(
    bound: Duration,
    cache: Option<&ThumbnailCache>,
    is_ending: &Arc<AtomicBool>,
    file: &PictureFile,
    read: impl Fn(&PictureFile) -> R + Send + Sync + 'static,
) -> Result<R, GalleryError> {
    if cache.is_some_and(|cache| cache.is_set_aside(file)) {
        let path = file.path.clone();
        return Err(GalleryError::SetAside { path });
    }
    match map_bounded(vec![file.clone()], 1, bound, is_ending, read).pop() {
        Some(Bounded::Done(result)) => Ok(result),
        outcome => {
            if let (Some(Bounded::TooLong), Some(cache)) = (outcome, cache) {
                cache.set_aside(file);
            }
            Err(GalleryError::too_slow(&file.path))
        }
    }
}

/// The copy of [`ThumbnailSize::Medium`]: from the cache, or from the picture, and then into the cache.
///
/// # Errors
/// As for [`read_picture`].
pub(super) fn medium_copy(file: &PictureFile, cache: Option<&ThumbnailCache>) -> Result<RgbImage, GalleryError> {
    if let Some(kept) = cache.and_then(|cache| cache.read(file)) {
        return Ok(kept);
    }
    let copy = reduced(&read_picture(&file.path)?, ThumbnailSize::Medium.side_px());
    if let Some(cache) = cache {
        cache.write(file, &copy);
    }
    Ok(copy)
}

/// A copy no side of which is longer than `side_px`; small pictures stay as they are.
fn reduced(picture: &RgbImage, side_px: u32) -> RgbImage {
    let RgbImage {
        width_px,
        height_px,
        pixels,
    } = picture;
    let longest = *width_px.max(height_px);
    if longest <= side_px {
        return picture.clone();
    }
    let Some(view) = image::ImageBuffer::<image::Rgb<u8>, &[u8]>::from_raw(*width_px, *height_px, pixels.as_slice())
    else {
        return picture.clone();
    };
    let scaled = |side: u32| (u64::from(side) * u64::from(side_px) / u64::from(longest)).max(1) as u32;
    let small = image::imageops::thumbnail(&view, scaled(*width_px), scaled(*height_px));
    RgbImage {
        width_px: small.width(),
        height_px: small.height(),
        pixels: small.into_raw(),
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::time::Instant;

    use super::*;

    fn picture(width_px: u32, height_px: u32) -> RgbImage {
        let pixels = (0..width_px * height_px)
            .flat_map(|at| {
                let is_left = at % width_px < width_px / 2;
                if is_left { [250, 0, 0] } else { [0, 0, 250] }
            })
            .collect();
        RgbImage {
            width_px,
            height_px,
            pixels,
        }
    }

    fn request(path: &Path, size: ThumbnailSize) -> ThumbnailRequest {
        ThumbnailRequest {
            file: PictureFile {
                path: path.to_owned(),
                modified_unix_ms: 7,
                bytes: std::fs::metadata(path).map_or(0, |metadata| metadata.len()),
            },
            size,
        }
    }

    fn next(loader: &ThumbnailLoader) -> LoadedThumbnail {
        let start = Instant::now();
        loop {
            if let Some(made) = loader.poll() {
                return made;
            }
            assert!(start.elapsed() < Duration::from_mins(1), "no copy was made");
            std::thread::sleep(Duration::from_millis(2));
        }
    }

    #[test]
    fn copies_should_be_of_their_size_and_found_again_without_the_picture() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.png");
        super::super::save_pixels(&path, &picture(640, 320)).unwrap();
        let (small, medium) = (
            request(&path, ThumbnailSize::Small),
            request(&path, ThumbnailSize::Medium),
        );
        {
            let loader = ThumbnailLoader::start(Some(folder.path().join("cache")), || ()).unwrap();
            loader.request([medium.clone()]);
            let made = next(&loader);
            assert_eq!(made.request, medium);
            let made = made.picture.unwrap();
            assert_eq!((made.width_px, made.height_px), (320, 160));
        }
        std::fs::remove_file(&path).unwrap();
        let loader = ThumbnailLoader::start(Some(folder.path().join("cache")), || ()).unwrap();
        loader.request([small]);
        let made = next(&loader).picture.unwrap();
        assert_eq!((made.width_px, made.height_px), (128, 64));
        assert!(made.pixels[0] > 200, "the left is red");
    }

    #[test]
    fn what_is_no_picture_should_say_so_and_cost_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let (broken, whole) = (folder.path().join("broken.png"), folder.path().join("whole.png"));
        std::fs::write(&broken, b"not a picture").unwrap();
        super::super::save_pixels(&whole, &picture(16, 16)).unwrap();
        let loader = ThumbnailLoader::start(None, || ()).unwrap();
        loader.request([
            request(&broken, ThumbnailSize::Medium),
            request(&whole, ThumbnailSize::Large),
        ]);
        let mut made = [next(&loader), next(&loader)];
        made.sort_by_key(|made| made.request.file.path.clone());
        let message = made[0].picture.clone().unwrap_err();
        assert!(message.contains("broken.png"), "{message}");
        assert_eq!(*made[1].picture.clone().unwrap(), picture(16, 16));
    }

    #[test]
    fn a_file_that_was_too_slow_should_not_be_tried_again_until_it_changes() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.png");
        super::super::save_pixels(&path, &picture(16, 16)).unwrap();
        let cache = ThumbnailCache::new(folder.path().join("cache"), BUDGET_BYTES);
        let (release, released) = crossbeam_channel::bounded::<()>(0);
        let read = |bound: Duration, file: &PictureFile| {
            let released = released.clone();
            let read = move |_file: &PictureFile| released.recv().is_ok();
            let outcome = read_within(bound, Some(&cache), &Arc::default(), file, read);
            outcome.map_err(|error| error.one_line())
        };
        let file = PictureFile::at(&path).unwrap();
        let first = read(Duration::from_millis(1), &file).unwrap_err();
        assert!(first.contains("a.png") && !first.contains("before"), "{first}");
        let second = read(Duration::MAX, &file).unwrap_err();
        assert!(
            second.contains("before"),
            "it would be waited for without end: {second}"
        );
        drop(release); // from here on it is quick
        let changed = PictureFile {
            bytes: 1,
            ..file.clone()
        };
        assert_eq!(
            read(Duration::MAX, &changed),
            Ok(false),
            "another state is another file"
        );
        medium_copy(&file, Some(&cache)).unwrap();
        let late = read(Duration::MAX, &file);
        assert_eq!(late, Ok(false), "it was read after all, by a thread that was given up");
    }

    #[test]
    fn a_new_request_should_take_the_place_of_what_was_not_begun() {
        let folder = tempfile::tempdir().unwrap();
        let paths: Vec<PathBuf> = (0..200)
            .map(|number| folder.path().join(format!("{number}.png")))
            .collect();
        for path in &paths {
            super::super::save_pixels(path, &picture(200, 200)).unwrap();
        }
        let loader = ThumbnailLoader::start(None, || ()).unwrap();
        loader.request(paths.iter().map(|path| request(path, ThumbnailSize::Medium)));
        let last = request(&paths[199], ThumbnailSize::Large);
        loader.request([last.clone()]);
        let mut num_made = 1;
        while next(&loader).request != last {
            num_made += 1;
        }
        assert!(num_made < 100, "{num_made} pictures were read for one");
    }

    #[test]
    fn a_photo_lying_on_its_side_should_be_turned_upright() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("photo.jpg");
        let pixels = picture(40, 20);
        let mut jpeg = Vec::new();
        image::ImageEncoder::write_image(
            image::codecs::jpeg::JpegEncoder::new_with_quality(&mut jpeg, 95),
            &pixels.pixels,
            40,
            20,
            image::ExtendedColorType::Rgb8,
        )
        .unwrap();
        // APP1 with one entry: orientation 6, turn a quarter to the right.
        let mut app1 = b"Exif\0\0MM\0\x2a\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0".to_vec();
        let length = (app1.len() + 2) as u16;
        let mut file = jpeg[..2].to_vec();
        file.extend([0xff, 0xe1]);
        file.extend(length.to_be_bytes());
        file.append(&mut app1);
        file.extend(&jpeg[2..]);
        std::fs::write(&path, file).unwrap();
        let upright = read_picture(&path).unwrap();
        assert_eq!((upright.width_px, upright.height_px), (20, 40));
        assert!(upright.pixels[0] > 200, "what was left is above now");
        assert!(upright.pixels[3 * 20 * 35] < 60, "what was right is below now");
    }
}
