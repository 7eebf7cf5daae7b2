//! The thread that keeps the index in step with the files and answers requests from the window and the command line.

mod answers;
mod reading;
mod scan;
mod verify;
mod walk;
mod worker;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use crossbeam_channel::{Receiver, Sender, bounded, unbounded};

use super::index_request::{IndexEvent, IndexRequest, Ticket};
use super::trash::TrashPlace;
use crate::config::join_within_bound;
pub use verify::{Flaw, Verification, forget_index, verify, verify_as_next_opened};
use worker::{Ends, Message};

/// Events that may wait for the window before the thread does.
const EVENT_CAPACITY: usize = 1024;

/// How an [`IndexService`] works.
#[derive(Debug, Clone, Default)]
pub struct IndexServiceOptions {
    /// Folders that are shown beside the gallery's own and never written to; `None` takes those that the index knows.
    pub watched: Option<Vec<PathBuf>>,
    /// Where pictures go that are deleted.
    pub trash: TrashPlace,
    /// Scans all files at this interval instead of relying on the system's events.
    pub poll: Option<Duration>,
}

/// Owns the thread. Dropping it has what was asked to be written done first; files that are being read are given up.
#[derive(Debug)]
pub struct IndexService {
    /// Unbounded: the caller never waits.
    messages: Sender<Message>,
    events: Option<Receiver<IndexEvent>>,
    last_ticket: AtomicU64,
    is_ending: Arc<AtomicBool>,
    /// Requests that change files and were not carried out yet.
    num_unwritten: Arc<AtomicUsize>,
    thread: Option<JoinHandle<()>>,
}

impl IndexService {
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
        let options = IndexServiceOptions {
            watched: Some(watched),
            ..IndexServiceOptions::default()
        };
        Self::start_with(folder, options, wake)
    }

    /// As [`Self::start`], with options.
    ///
    /// # Errors
    /// As for [`Self::start`].
    #[expect(
        clippy::disallowed_methods,
        reason = "no request may be dropped, and the window never waits"
    )]
    pub fn start_with(
        folder: &Path,
        options: IndexServiceOptions,
        wake: impl Fn() + Send + Sync + 'static,
    ) -> std::io::Result<Self> {
        let (message_sender, messages) = unbounded();
        let (events, event_receiver) = bounded(EVENT_CAPACITY);
        let is_ending = Arc::new(AtomicBool::new(false));
        let num_unwritten = Arc::new(AtomicUsize::new(0));
        let ends = Ends {
            messages,
            own_messages: message_sender.clone(),
            events,
            wake: Box::new(wake),
            is_ending: Arc::clone(&is_ending),
            num_unwritten: Arc::clone(&num_unwritten),
        };
        let gallery = folder.to_owned();
        let thread = std::thread::Builder::new()
            .name("gallery-index".to_owned())
            .spawn(move || worker::run(gallery, options, ends))?;
        Ok(Self {
            messages: message_sender,
            events: Some(event_receiver),
            last_ticket: AtomicU64::new(0),
            is_ending,
            num_unwritten,
            thread: Some(thread),
        })
    }

    /// Sends a request, which is answered by an event with the returned ticket. Does not block.
    pub fn request(&self, request: IndexRequest) -> Ticket {
        let ticket = Ticket(self.last_ticket.fetch_add(1, Ordering::Relaxed) + 1);
        if request.is_write() {
            self.num_unwritten.fetch_add(1, Ordering::AcqRel);
        }
        if self.messages.send(Message::Request(ticket, request)).is_err() {
            tracing::error!("the gallery's second thread has ended; a request was not answered");
        }
        ticket
    }

    /// Requests that change files, such as marks and deletions, and were not carried out yet.
    pub fn num_unwritten(&self) -> usize {
        self.num_unwritten.load(Ordering::Acquire)
    }

    /// The next event, without waiting.
    pub fn poll(&self) -> Option<IndexEvent> {
        self.events.as_ref()?.try_recv().ok()
    }

    /// The next event, waited for up to `timeout`. Not for the window.
    pub fn wait(&self, timeout: Duration) -> Option<IndexEvent> {
        self.events.as_ref()?.recv_timeout(timeout).ok()
    }

    /// Whether the thread has ended, which it does before its time only where there is no memory for an index.
    pub fn has_ended(&self) -> bool {
        self.thread.as_ref().is_none_or(JoinHandle::is_finished)
    }
}

impl Drop for IndexService {
    fn drop(&mut self) {
        self.is_ending.store(true, Ordering::Relaxed);
        drop(self.events.take()); // frees a thread that waits in `send`
        self.messages.send(Message::End).ok(); // wakes it
        if let Some(thread) = self.thread.take() {
            while self.num_unwritten() > 0 && !thread.is_finished() {
                std::thread::sleep(Duration::from_millis(5)); // however long it takes
            }
            join_within_bound(thread);
        }
    }
}
