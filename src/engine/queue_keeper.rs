//! The thread that keeps the jobs not yet run.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

use crossbeam_channel::{Receiver, Sender, bounded};

use super::queue_file::{self, QueueContent, QueueTrouble};

/// Events that may wait. A failure to write is reported once, so there are never many.
const MAX_EVENTS: usize = 16;

/// What the keeper has to tell.
#[derive(Debug, Clone, PartialEq)]
pub enum QueueEvent {
    /// What was kept when the program last ran; always the first event.
    Loaded {
        /// The jobs.
        content: QueueContent,
        /// What was wrong with the file.
        trouble: Option<QueueTrouble>,
    },
    /// The file could not be written. Told once until it can be again.
    NotKept {
        /// Why, in one line.
        message: String,
    },
}

#[derive(Default)]
struct Slot {
    newest: Option<QueueContent>,
    is_closed: bool,
}

/// What the window and the thread share: the newest content takes the place of one that was not written yet.
#[derive(Default)]
struct Shared {
    slot: Mutex<Slot>,
    bell: Condvar,
}

impl Shared {
    /// Whatever panicked while it held the lock had put in a whole content or none.
    fn slot(&self) -> MutexGuard<'_, Slot> {
        self.slot.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The next content to write, waiting for it; `None` once all is written and nobody asks any more.
    fn next(&self) -> Option<QueueContent> {
        let slot = self.slot();
        let is_idle = |slot: &mut Slot| slot.newest.is_none() && !slot.is_closed;
        let mut slot = self
            .bell
            .wait_while(slot, is_idle)
            .unwrap_or_else(PoisonError::into_inner);
        slot.newest.take()
    }
}

/// Reads the queue's file once and writes each content that it is given. Dropping it writes the newest one.
pub struct QueueKeeper {
    shared: Arc<Shared>,
    events: Receiver<QueueEvent>,
    thread: Option<JoinHandle<()>>,
}

impl QueueKeeper {
    /// Starts the thread, which reads the file at once. While another copy of the program has the file it is neither
    /// read nor written.
    ///
    /// * `wake`: called from the thread after every event.
    ///
    /// # Errors
    /// If the system refuses a thread.
    pub fn start(path: PathBuf, wake: impl Fn() + Send + 'static) -> io::Result<Self> {
        let (sender, events) = bounded(MAX_EVENTS);
        let shared = Arc::new(Shared::default());
        let thread = {
            let shared = Arc::clone(&shared);
            let tell = move |event| {
                tell(&sender, event);
                wake();
            };
            std::thread::Builder::new()
                .name("queue".to_owned())
                .spawn(move || keep(&path, &shared, &tell))?
        };
        Ok(Self {
            shared,
            events,
            thread: Some(thread),
        })
    }

    /// Has this written. Never waits.
    pub fn keep(&self, content: QueueContent) {
        self.shared.slot().newest = Some(content);
        self.shared.bell.notify_one();
    }

    /// The next event, without waiting.
    pub fn poll(&self) -> Option<QueueEvent> {
        self.events.try_recv().ok()
    }
}

impl Drop for QueueKeeper {
    fn drop(&mut self) {
        self.shared.slot().is_closed = true;
        self.shared.bell.notify_one();
        if let Some(thread) = self.thread.take() {
            thread.join().ok();
        }
    }
}

/// An event without room is dropped: one like it waits already.
fn tell(sender: &Sender<QueueEvent>, event: QueueEvent) {
    sender.try_send(event).ok();
}

fn keep(path: &Path, shared: &Shared, tell: &dyn Fn(QueueEvent)) {
    let lock = match queue_file::lock(path) {
        Ok(Some(lock)) => Some(lock),
        Ok(None) => {
            let (content, trouble) = (QueueContent::default(), Some(QueueTrouble::Taken));
            tell(QueueEvent::Loaded { content, trouble });
            while shared.next().is_some() {}
            return;
        }
        Err(error) => {
            tracing::warn!("the queue's file cannot be locked: {error}: {}", path.display());
            None // some file systems know no locks; a file there is better than none
        }
    };
    let (content, trouble) = QueueContent::load(path);
    tell(QueueEvent::Loaded { content, trouble });
    let mut last_failure = None;
    while let Some(content) = shared.next() {
        let failure = content.save(path).err().map(|error| error.to_string());
        if failure != last_failure
            && let Some(message) = failure.clone()
        {
            tell(QueueEvent::NotKept { message });
        }
        last_failure = failure;
    }
    drop(lock);
}
