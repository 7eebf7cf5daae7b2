//! Films and sheets of what is on the canvas, written by a thread of their own.

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use crossbeam_channel::{Receiver, bounded};

use crate::config::name_with_ending;
use crate::gallery;
use crate::ui::commands::ExportKind;
use crate::unfold::{AnimationError, AnimationOptions, AnimationWriter, FrameError, GridAnimation, RunAnimation};

/// How long a step is shown, in milliseconds.
const FRAME_MS: u32 = 125;
/// How long the end is shown, in milliseconds.
const LAST_FRAME_MS: u32 = 2000;
/// Files of one name that are tried.
const MAX_TRIES: u32 = 10_000;

/// What is written.
#[derive(Debug, Clone)]
pub enum Animation {
    /// One run.
    Run(RunAnimation),
    /// A sheet of a sweep.
    Grid(GridAnimation),
}

impl Animation {
    fn num_frames(&self) -> usize {
        match self {
            Self::Run(run) => run.steps.len(),
            Self::Grid(grid) => grid.num_frames(),
        }
    }
}

/// A file in the making.
#[derive(Debug)]
pub struct Exporting {
    done: Arc<AtomicU32>,
    total: u32,
    is_stopped: Arc<AtomicBool>,
    answer: Receiver<Result<PathBuf, String>>,
}

impl Exporting {
    /// Begins to write into `folder`, under a new name that begins with `stem`.
    ///
    /// # Errors
    /// If the system refuses a thread.
    pub fn start(
        animation: Animation,
        kind: ExportKind,
        (folder, stem): (PathBuf, String),
        repaint: impl Fn() + Send + 'static,
    ) -> std::io::Result<Self> {
        let (done, is_stopped) = (Arc::new(AtomicU32::new(0)), Arc::new(AtomicBool::new(false)));
        let (sender, answer) = bounded(1);
        let total = animation.num_frames() as u32;
        let (told, stop) = (Arc::clone(&done), Arc::clone(&is_stopped));
        std::thread::Builder::new().name("export".to_owned()).spawn(move || {
            let written = write(&animation, kind, &new_name(&folder, &stem, kind), &mut |frames| {
                told.store(frames, Ordering::Relaxed);
                repaint();
                if stop.load(Ordering::Relaxed) {
                    ControlFlow::Break(())
                } else {
                    ControlFlow::Continue(())
                }
            });
            sender.send(written).ok(); // the window may be gone
            repaint();
        })?;
        Ok(Self {
            done,
            total,
            is_stopped,
            answer,
        })
    }

    /// How much is done, 0 to 1.
    pub fn fraction(&self) -> f32 {
        self.done.load(Ordering::Relaxed) as f32 / self.total.max(1) as f32
    }

    /// Asks it to stop; no file is left.
    pub fn stop(&self) {
        self.is_stopped.store(true, Ordering::Relaxed);
    }

    /// Whether it was asked to stop.
    pub fn is_stopped(&self) -> bool {
        self.is_stopped.load(Ordering::Relaxed)
    }

    /// The file, or why there is none, once it has ended.
    pub fn poll(&self) -> Option<Result<PathBuf, String>> {
        self.answer.try_recv().ok()
    }
}

/// A name that no file has; a long stem is shortened, so that the name is never refused.
fn new_name(folder: &Path, stem: &str, kind: ExportKind) -> PathBuf {
    let ending = kind.ending();
    let names = (1..MAX_TRIES).map(|number| match number {
        1 => folder.join(name_with_ending(stem.as_ref(), &format!("-{ending}"))),
        _ => folder.join(name_with_ending(stem.as_ref(), &format!("-{number}-{ending}"))),
    });
    let mut free = names.filter(|path| !path.exists());
    free.next().unwrap_or_else(|| folder.join(ending))
}

fn write(
    animation: &Animation,
    kind: ExportKind,
    path: &Path,
    progress: &mut dyn FnMut(u32) -> ControlFlow<()>,
) -> Result<PathBuf, String> {
    let say = |error: FrameError| error.to_string();
    match kind {
        ExportKind::Sheet => {
            let sheet = match animation {
                Animation::Run(run) => run.sheet(),
                Animation::Grid(grid) => grid.sheet(),
            };
            gallery::save_pixels(path, &sheet.map_err(say)?).map_err(|error| error.one_line())?;
        }
        ExportKind::Film(format) => {
            let ranges = match animation {
                Animation::Run(run) => run.ranges().map_err(say)?,
                Animation::Grid(_) => Vec::new(),
            };
            let frames = AnimationWriter {
                plan: AnimationOptions {
                    format,
                    num_frames: animation.num_frames() as u32,
                    frame_ms: FRAME_MS,
                    last_ms: LAST_FRAME_MS,
                },
                make: &mut |place| match animation {
                    Animation::Run(run) => run.frame(place as usize, &ranges),
                    Animation::Grid(grid) => grid.frame(place as usize),
                },
                progress,
            };
            frames
                .save(path)
                .map_err(|error: AnimationError<FrameError>| error.to_string())?;
        }
    }
    Ok(path.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::unfold::AnimationFormat;

    #[test]
    fn an_export_of_a_picture_with_a_long_name_should_have_a_name_that_fits() {
        let folder = Path::new("gallery");
        let short = new_name(folder, "boat", ExportKind::Sheet);
        assert_eq!(short, Path::new("gallery/boat-sheet.png"));
        let long = new_name(folder, &"n".repeat(250), ExportKind::Film(AnimationFormat::WebP));
        let name = long.file_name().unwrap().to_str().unwrap();
        assert!(name.len() <= 255 && name.ends_with("n-unfolding.webp"), "{name}");
    }
}
