//! The gallery's second thread: keeps the index true to the files, and answers what the window asks of it.

use std::path::{Path, PathBuf};

use super::library::{LibraryEvent, Question, Ticket};

/// Owns the thread; dropping it ends the thread after the file it is at.
#[derive(Debug)]
pub struct Librarian {}

impl Librarian {
    /// Opens the index of the gallery in `folder`, and begins to bring it up to date; searches are answered meanwhile.
    ///
    /// * `watched`: folders that are shown beside it and never written to.
    /// * `wake`: called from the thread after every event.
    ///
    /// # Errors
    /// If the system refuses a thread. An index that cannot be read is set aside and made anew; one that cannot be
    /// written is kept in memory, which an event says.
    pub fn start(
        folder: &Path,
        watched: Vec<PathBuf>,
        wake: impl Fn() + Send + Sync + 'static,
    ) -> std::io::Result<Self> {
        let _ = (folder, watched, wake);
        Ok(Self {})
    }

    /// Asks; the answer is an event with this ticket. Never waits.
    pub fn ask(&self, question: Question) -> Ticket {
        let _ = (self, question);
        Ticket::default()
    }

    /// The next event, without waiting.
    pub fn poll(&self) -> Option<LibraryEvent> {
        let _ = self;
        None
    }
}
