//! A thread for what takes time: reading pictures, the clipboard, saving masks.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};

use egui::ColorImage;
use sha2::{Digest as _, Sha256};

use super::drawn::{SIDE_PX, drawn};
use super::pasting;
use super::state::InputPicture;
use crate::gallery;
use crate::job::RgbImage;
use crate::ui::services::{Clipboard, ClipboardContent, RepaintHandle};

/// Below the gallery's folder: pictures that were pasted.
const PASTED: &str = ".hareru/pasted";
/// Below the gallery's folder: masks.
const MASKS: &str = ".hareru/masks";

/// What is to be done.
pub(super) enum Task {
    /// Read a picture and draw what could become of it.
    ReadPicture(PathBuf),
    /// Save a picture that was pasted.
    KeepPasted(Arc<ColorImage>),
    /// Find the picture that a text names: a file, or an address to fetch it from.
    Named(String),
    /// Take what the clipboard holds.
    Clipboard(Arc<dyn Clipboard>),
    /// Save a mask.
    KeepMask {
        version: u64,
        size_px: (u32, u32),
        pixels: Arc<Vec<u8>>,
    },
    /// Read a mask that was saved.
    ReadMask(PathBuf),
}

/// What was done.
pub(super) enum Done {
    ReadPicture(PathBuf, Result<Arc<InputPicture>, String>),
    /// A picture that was pasted is in this file; `Ok(None)` if there was none.
    Pasted(Result<Option<PathBuf>, String>),
    KeptMask(u64, Result<PathBuf, String>),
    ReadMask(PathBuf, Result<RgbImage, String>),
}

/// Threads, once there is something to do: one for all that is on disk, and one for each paste, which may wait long.
pub(in crate::ui) struct ImageWorker {
    gallery_dir: PathBuf,
    repaint: RepaintHandle,
    answers: (Sender<Done>, Receiver<Done>),
    tasks: Option<Sender<Task>>,
}

impl ImageWorker {
    /// Nothing is started yet.
    pub(in crate::ui) fn new(gallery_dir: PathBuf, repaint: RepaintHandle) -> Self {
        Self {
            gallery_dir,
            repaint,
            answers: channel(),
            tasks: None,
        }
    }

    /// Has something done; the answer comes later.
    pub(super) fn ask(&mut self, task: Task) {
        if matches!(task, Task::Named(_) | Task::Clipboard(_)) {
            start(&self.gallery_dir, &self.repaint, &self.answers.0, std::iter::once(task));
            return;
        }
        let tasks = self.tasks.get_or_insert_with(|| {
            let (tasks, to_do) = channel();
            start(&self.gallery_dir, &self.repaint, &self.answers.0, to_do.into_iter());
            tasks
        });
        tasks.send(task).ok(); // a thread that has ended answers nothing any more
    }

    /// The next answer.
    pub(super) fn poll(&self) -> Option<Done> {
        self.answers.1.try_recv().ok()
    }
}

/// Does one task after the other on a thread of its own.
fn start(
    folder: &Path,
    repaint: &RepaintHandle,
    answers: &Sender<Done>,
    tasks: impl Iterator<Item = Task> + Send + 'static,
) {
    let (folder, repaint, answers) = (folder.to_owned(), Arc::clone(repaint), answers.clone());
    let work = move || {
        for task in tasks {
            if answers.send(carry_out(&folder, task)).is_err() {
                return;
            }
            repaint();
        }
    };
    let started = std::thread::Builder::new().name("pictures in".to_owned()).spawn(work);
    if let Err(error) = started {
        tracing::warn!("could not start a thread: {error}");
    }
}

fn carry_out(gallery_dir: &Path, task: Task) -> Done {
    let pasted = gallery_dir.join(PASTED);
    match task {
        Task::ReadPicture(path) => {
            let looked = look(&path);
            Done::ReadPicture(path, looked)
        }
        Task::KeepPasted(image) => Done::Pasted(keep_pasted(&pasted, &pasting::opaque(&image)).map(Some)),
        Task::Named(text) => Done::Pasted(pasting::named(&text, &pasted)),
        Task::Clipboard(clipboard) => Done::Pasted(match clipboard.content() {
            ClipboardContent::Picture(image) => keep_pasted(&pasted, &pasting::opaque(&image)).map(Some),
            ClipboardContent::Text(text) => pasting::named(&text, &pasted),
            ClipboardContent::Nothing => Ok(None),
        }),
        Task::KeepMask {
            version,
            size_px: (width_px, height_px),
            pixels,
        } => {
            let picture = RgbImage {
                width_px,
                height_px,
                pixels: pixels.iter().flat_map(|level| [*level; 3]).collect(),
            };
            Done::KeptMask(version, keep(&gallery_dir.join(MASKS), &picture))
        }
        Task::ReadMask(path) => {
            let read = gallery::read_mask(&path).map_err(|error| error.one_line());
            Done::ReadMask(path, read)
        }
    }
}

fn look(path: &Path) -> Result<Arc<InputPicture>, String> {
    let pixels = gallery::read_picture(path).map_err(|error| error.one_line())?;
    if pixels.width_px == 0 || pixels.height_px == 0 {
        return Err("expected pixels, found none".to_owned());
    }
    let pixels = Arc::new(pixels);
    let thumbnail = pixels.shrunk(SIDE_PX);
    Ok(Arc::new(InputPicture {
        drawn: drawn(&thumbnail).map(Arc::new),
        thumbnail,
        record: gallery::read_record(path).ok().map(Arc::new),
        pixels,
    }))
}

fn keep_pasted(folder: &Path, picture: &RgbImage) -> Result<PathBuf, String> {
    if picture.pixels.is_empty() {
        return Err("expected pixels, found none".to_owned());
    }
    keep(folder, picture)
}

/// Saves pixels under a name that follows from them, so that the same ones are one file.
fn keep(folder: &Path, picture: &RgbImage) -> Result<PathBuf, String> {
    let mut hash = Sha256::new();
    hash.update(picture.width_px.to_le_bytes());
    hash.update(picture.height_px.to_le_bytes());
    hash.update(&picture.pixels);
    let mut name = format!("{:x}", hash.finalize());
    name.truncate(32);
    let path = folder.join(format!("{name}.png"));
    if path.is_file() {
        return Ok(path);
    }
    std::fs::create_dir_all(folder).map_err(|error| format!("{error}: {}", folder.display()))?;
    gallery::save_pixels(&path, picture).map_err(|error| error.one_line())?;
    Ok(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_pixels_should_be_one_file() {
        let folder = tempfile::tempdir().unwrap();
        let picture = |level| RgbImage::filled(2, 1, [level; 3]);
        let first = keep(folder.path(), &picture(1)).unwrap();
        assert_eq!(keep(folder.path(), &picture(1)), Ok(first.clone()));
        assert_ne!(keep(folder.path(), &picture(2)), Ok(first.clone()));
        assert_eq!(gallery::read_picture(&first).unwrap(), picture(1));
    }
}
