//! The thread that writes small files the program keeps for itself, so that the window never waits for a disk.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

use super::PendingFile;

/// Writes a file.
type Write = Box<dyn FnOnce(&Path) -> io::Result<()> + Send>;

/// What has not been written yet.
#[derive(Default)]
struct Queue {
    /// The newest content of each file.
    contents: BTreeMap<PathBuf, Write>,
    is_writing: bool,
    is_closed: bool,
}

#[derive(Default)]
struct Shared {
    queue: Mutex<Queue>,
    /// Notified when the queue changes.
    changed: Condvar,
}

impl Shared {
    /// A panic while the lock is held leaves a queue of whole contents, so a poisoned lock is used as it is.
    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wait_while(&self, is_waiting: impl Fn(&Queue) -> bool) -> MutexGuard<'_, Queue> {
        self.changed
            .wait_while(self.lock(), |queue| is_waiting(queue))
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// Writes contents as they come, until the queue is closed and empty.
    fn run(&self) {
        loop {
            let mut queue = self.wait_while(|queue| queue.contents.is_empty() && !queue.is_closed);
            let Some((path, write)) = queue.contents.pop_first() else {
                return;
            };
            queue.is_writing = true;
            drop(queue);
            if let Err(error) = write(&path) {
                tracing::warn!("{} could not be written: {error}", path.display());
            }
            self.lock().is_writing = false;
            self.changed.notify_all();
        }
    }
}

/// Writes whole files on one thread, in order. A content replaces an older one of the same file that has not been
/// written yet, so the newest is what remains on disk. Dropping the writer writes all that is left.
pub struct FileWriter {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

impl FileWriter {
    /// Starts the thread. Without a thread (the system refused it) each file is written by the caller.
    pub fn start() -> Self {
        let shared = Arc::<Shared>::default();
        let worker = Arc::clone(&shared);
        let thread = std::thread::Builder::new()
            .name("file-writer".to_owned())
            .spawn(move || worker.run());
        let thread = thread
            .inspect_err(|error| tracing::warn!("the thread that writes settings could not be started: {error}"))
            .ok();
        Self { shared, thread }
    }

    /// Replaces the file at `path` by these bytes, whole or not at all, and makes its folder if needed. Returns at once.
    /// A failure is logged.
    pub fn write(&self, path: PathBuf, bytes: Vec<u8>) {
        self.write_with(path, move |path| PendingFile::replace(path, &bytes));
    }

    /// As [`Self::write`], with what `write` does on the thread, which is not called if a newer content comes before.
    pub(super) fn write_with(&self, path: PathBuf, write: impl FnOnce(&Path) -> io::Result<()> + Send + 'static) {
        self.shared.lock().contents.insert(path, Box::new(write));
        self.shared.changed.notify_all();
        if self.thread.is_none() {
            self.close();
        }
    }

    /// Waits until everything given so far is on disk.
    pub fn flush(&self) {
        drop(
            self.shared
                .wait_while(|queue| queue.is_writing || !queue.contents.is_empty()),
        );
    }

    /// Has everything written that is left, by the thread if there is one.
    fn close(&self) {
        self.shared.lock().is_closed = true;
        self.shared.changed.notify_all();
        if self.thread.is_none() {
            self.shared.run();
        }
    }
}

impl Drop for FileWriter {
    fn drop(&mut self) {
        self.close();
        if let Some(thread) = self.thread.take() {
            thread.join().ok(); // a panic has been reported by its hook
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, Ordering};

    use super::*;

    #[test]
    fn the_newest_of_many_contents_should_be_on_disk_and_never_an_older_after_a_newer() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("new").join("settings.json");
        let (is_over, read_path) = (AtomicBool::new(false), path.clone());
        std::thread::scope(|scope| {
            let reader = scope.spawn(|| {
                let mut newest = 0;
                while !is_over.load(Ordering::Relaxed) {
                    let Ok(text) = std::fs::read_to_string(&read_path) else {
                        continue; // not there yet
                    };
                    let now: u32 = text.parse().expect("a file is whole at any time");
                    assert!(now >= newest, "{now} was written after {newest}");
                    newest = now;
                }
            });
            let writer = FileWriter::start();
            for content in 1..=2000_u32 {
                writer.write(path.clone(), content.to_string().into_bytes());
            }
            drop(writer);
            is_over.store(true, Ordering::Relaxed);
            reader.join().unwrap();
        });
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "2000");
    }

    #[test]
    fn flushing_should_leave_every_file_on_disk() {
        let folder = tempfile::tempdir().unwrap();
        let writer = FileWriter::start();
        for name in ["a", "b", "c"] {
            writer.write(folder.path().join(name), name.into());
        }
        writer.flush();
        for name in ["a", "b", "c"] {
            assert_eq!(std::fs::read_to_string(folder.path().join(name)).unwrap(), name);
        }
    }

    #[test]
    fn a_file_that_cannot_be_written_should_not_keep_others_from_it() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("a");
        std::fs::write(&file, "no folder").unwrap();
        let writer = FileWriter::start();
        writer.write(file.join("below a file"), b"never".to_vec());
        writer.write(folder.path().join("b"), b"written".to_vec());
        writer.flush();
        assert_eq!(std::fs::read(folder.path().join("b")).unwrap(), b"written");
    }
}
