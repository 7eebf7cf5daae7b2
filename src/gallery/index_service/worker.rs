//! What lives on the index service's thread.

mod upkeep;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, RecvTimeoutError, Sender};

use super::IndexServiceOptions;
use super::scan::{Progress, Scan};
use crate::gallery::EntryId;
use crate::gallery::index::{Health, Index, Roots, Written, health};
use crate::gallery::index_request::{IndexEvent, IndexRequest, Ticket};
use crate::gallery::trash::Trash;
use crate::gallery::watch::{FolderEvent, Watch};

/// How often the folders and the index are looked after while nothing happens.
const TICK: Duration = Duration::from_secs(1);
/// How long a file must be left alone by others before it is read.
const SETTLE: Duration = Duration::from_millis(250);
/// Longest wait for that.
const SETTLE_AT_MOST: Duration = Duration::from_secs(2);
/// Shortest time between two reports of progress.
const PROGRESS: Duration = Duration::from_millis(100);
/// Shortest time between two reports that there are more pictures.
const CONTENT: Duration = Duration::from_millis(500);
/// Most pictures that are reported one by one when they change.
const MAX_REPORTED: usize = 256;

/// What the thread is sent.
#[derive(Debug)]
pub(super) enum Message {
    Request(Ticket, IndexRequest),
    FolderEvent(FolderEvent),
    /// The folders are now watched, as far as possible; the number is that of the call that asked for it.
    Watching(u64, Watch),
    End,
}

/// The state of the thread.
pub(super) struct Worker {
    pub(super) options: IndexServiceOptions,
    pub(super) gallery: PathBuf,
    /// The watched folders; `None` for those that the index knows.
    pub(super) watched: Option<Vec<PathBuf>>,
    pub(super) index: Index,
    pub(super) roots: Roots,
    pub(super) trash: Trash,
    pub(super) requests: VecDeque<(Ticket, IndexRequest)>,
    pub(super) touched: BTreeSet<PathBuf>,
    pub(super) scan: Option<Scan>,
    /// Version of the index's data, which changes when another program writes to it.
    others_version: usize,
    /// Whether each folder was there when it was last looked for.
    presence: BTreeMap<PathBuf, bool>,
    /// Folders that were reported as lost.
    lost: BTreeSet<PathBuf>,
    /// When the first and the last of `touched` were.
    touched_at: Option<(Instant, Instant)>,
    watch: Option<Watch>,
    watch_number: u64,
    /// Whether events of the folders were left out because too many waited.
    has_lost_events: Arc<AtomicBool>,
    is_scan_due: bool,
    /// Whether pictures of folders that are empty now are removed from the index.
    is_empty_believed: bool,
    scanned_at: Instant,
    looked_after_at: Option<Instant>,
    opened_at: Instant,
    busy_reported_at: Option<Instant>,
    /// When the index was first found damaged of late, and how often since.
    damages: Option<(Instant, u32)>,
    progress_reported_at: Option<Instant>,
    content_reported_at: Option<Instant>,
    is_content_reported: bool,
    messages: Receiver<Message>,
    own_messages: Sender<Message>,
    events: Sender<IndexEvent>,
    wake: Box<dyn Fn() + Send + Sync>,
    pub(super) is_ending: Arc<AtomicBool>,
    num_unwritten: Arc<AtomicUsize>,
}

/// The thread's ends of the channels to its handle.
pub(super) struct Ends {
    pub(super) messages: Receiver<Message>,
    pub(super) own_messages: Sender<Message>,
    pub(super) events: Sender<IndexEvent>,
    pub(super) wake: Box<dyn Fn() + Send + Sync>,
    pub(super) is_ending: Arc<AtomicBool>,
    pub(super) num_unwritten: Arc<AtomicUsize>,
}

/// Opens the index and answers until its handle is gone.
pub(super) fn run(gallery: PathBuf, options: IndexServiceOptions, ends: Ends) {
    let index = match Index::in_memory(&gallery) {
        Ok(index) => index,
        Err(error) => {
            let message = error.one_line();
            ends.events.send(IndexEvent::Failed { message }).ok(); // its handle may be gone already
            (ends.wake)();
            return;
        }
    };
    let Ends {
        messages,
        own_messages,
        events,
        wake,
        is_ending,
        num_unwritten,
    } = ends;
    let now = Instant::now();
    let worker = Worker {
        roots: Roots {
            gallery: gallery.clone(),
            watched: Vec::new(),
        },
        trash: Trash::new(&Index::own_folder(&gallery), options.trash),
        watched: options.watched.clone(),
        others_version: 0,
        options,
        gallery,
        index,
        requests: VecDeque::new(),
        touched: BTreeSet::new(),
        touched_at: None,
        scan: None,
        presence: BTreeMap::new(),
        lost: BTreeSet::new(),
        watch: None,
        watch_number: 0,
        has_lost_events: Arc::default(),
        is_scan_due: false,
        is_empty_believed: false,
        scanned_at: now,
        looked_after_at: None,
        opened_at: now,
        busy_reported_at: None,
        damages: None,
        progress_reported_at: None,
        content_reported_at: None,
        is_content_reported: true,
        messages,
        own_messages,
        events,
        wake,
        is_ending,
        num_unwritten,
    };
    worker.run();
}

impl Worker {
    fn run(mut self) {
        self.open(None);
        self.watch_and_scan();
        while !self.is_ending.load(Ordering::Relaxed) {
            match self.messages.recv_timeout(self.patience()) {
                Ok(message) => {
                    self.take(message);
                    while let Ok(message) = self.messages.try_recv() {
                        self.take(message);
                    }
                }
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => break,
            }
            self.look_after();
            while let Some((ticket, request)) = self.requests.pop_front() {
                self.carry_out(ticket, request);
            }
            self.is_scan_due |= self.has_lost_events.swap(false, Ordering::Relaxed);
            self.begin_scan_if_due();
            self.step_scan();
            self.settle();
        }
        while let Ok(message) = self.messages.try_recv() {
            self.take(message);
        }
        for (ticket, request) in std::mem::take(&mut self.requests) {
            if request.is_write() {
                self.carry_out(ticket, request);
            }
        }
    }

    fn carry_out(&mut self, ticket: Ticket, request: IndexRequest) {
        let is_write = request.is_write();
        self.answer(ticket, request);
        if is_write {
            self.num_unwritten.fetch_sub(1, Ordering::AcqRel);
        }
    }

    /// Time until there is something to do unless a message comes.
    fn patience(&self) -> Duration {
        if self.scan.is_some() || !self.requests.is_empty() || self.is_scan_due {
            return Duration::ZERO;
        }
        if self.touched_at.is_some() { SETTLE / 2 } else { TICK }
    }

    fn take(&mut self, message: Message) {
        match message {
            Message::Request(ticket, request) => {
                // The newest search wins, and so does the newest request how one may go on.
                match request {
                    IndexRequest::Search { .. } => {
                        self.requests
                            .retain(|(_, waiting)| !matches!(waiting, IndexRequest::Search { .. }));
                    }
                    IndexRequest::Complete { .. } => {
                        self.requests
                            .retain(|(_, waiting)| !matches!(waiting, IndexRequest::Complete { .. }));
                    }
                    _ => {}
                }
                self.requests.push_back((ticket, request));
            }
            Message::FolderEvent(FolderEvent::Changed(paths)) => self.touch(paths),
            Message::FolderEvent(FolderEvent::Lost) => self.is_scan_due = true,
            Message::Watching(number, watch) if number == self.watch_number => {
                self.watch = Some(watch);
                self.is_scan_due = true;
            }
            Message::Watching(..) | Message::End => {}
        }
    }

    fn begin_scan_if_due(&mut self) {
        if !self.is_scan_due || self.scan.is_some() {
            return;
        }
        self.is_scan_due = false;
        let (roots, user_metadata, believed) =
            (self.roots.clone(), self.watched_metadata_dir(), self.is_empty_believed);
        let is_ending = Arc::clone(&self.is_ending);
        self.scan = self.with_index(move |index| {
            Scan::begin(
                index,
                roots.clone(),
                user_metadata.clone(),
                believed,
                Arc::clone(&is_ending),
            )
        });
        self.is_empty_believed = false;
        self.progress_reported_at = None;
    }

    fn step_scan(&mut self) {
        let Some(mut scan) = self.scan.take() else { return };
        match scan.step(&mut self.index) {
            Ok(progress) => {
                let is_over = progress.is_over;
                self.send_too_slow(scan.take_too_slow());
                self.report_progress(progress);
                if is_over {
                    self.end_scan();
                } else {
                    self.scan = Some(scan);
                }
            }
            Err(error) => {
                if health(&error) == Some(Health::Busy) {
                    self.scan = Some(scan); // the same piece again
                }
                self.recover(&error);
            }
        }
    }

    fn report_progress(&mut self, progress: Progress) {
        let Progress {
            done,
            total,
            written,
            is_over,
        } = progress;
        if !written.added.is_empty() || !written.changed.is_empty() || written.removed > 0 {
            self.is_content_reported = false;
        }
        if !self.is_content_reported && (is_over || is_due(self.content_reported_at, CONTENT)) {
            self.is_content_reported = true;
            self.content_reported_at = Some(Instant::now());
            self.send(IndexEvent::ContentChanged);
        }
        if is_due(self.progress_reported_at, PROGRESS) {
            self.progress_reported_at = Some(Instant::now());
            self.send(IndexEvent::Scanning { done, total });
        }
    }

    fn end_scan(&mut self) {
        self.scanned_at = Instant::now();
        let counts = self.with_index(|index| Ok((index.num_pictures()?, index.num_unreadable()?)));
        if let Some((pictures, unreadable)) = counts {
            self.send(IndexEvent::Scanned { pictures, unreadable });
        }
    }

    /// Notes that others did something to files.
    pub(super) fn touch(&mut self, paths: Vec<PathBuf>) {
        self.touched.extend(paths);
        let now = Instant::now();
        let first = self.touched_at.map_or(now, |(first, _)| first);
        self.touched_at = Some((first, now));
    }

    /// Looks at what others touched, once they leave it alone.
    fn settle(&mut self) {
        let Some((first, last)) = self.touched_at else { return };
        let is_quiet = last.elapsed() >= SETTLE || first.elapsed() >= SETTLE_AT_MOST;
        if !is_quiet || self.scan.is_some() || self.is_scan_due {
            return; // a scan may see it on its way, or may have passed it already
        }
        self.touched_at = None;
        let paths = std::mem::take(&mut self.touched);
        self.look_at(paths);
    }

    /// Reports what was written into the index.
    pub(super) fn send_written(&mut self, written: &Written) {
        let is_much = written.changed.len() > MAX_REPORTED;
        if !written.added.is_empty() || written.removed > 0 || is_much {
            self.send(IndexEvent::ContentChanged);
        }
        if !written.changed.is_empty() && !is_much {
            self.send_changed(&written.changed);
        }
    }

    pub(super) fn send_too_slow(&self, files: Vec<PathBuf>) {
        if !files.is_empty() {
            self.send(IndexEvent::TooSlow(files));
        }
    }

    /// Sends pictures as they are now.
    pub(super) fn send_changed(&mut self, ids: &[EntryId]) {
        let Some(entries) = self.with_index(|index| index.entries(ids)) else {
            return;
        };
        self.send(IndexEvent::Changed(entries.into_iter().map(Arc::new).collect()));
    }

    pub(super) fn fail(&self, message: String) {
        tracing::warn!("{message}");
        self.send(IndexEvent::Failed { message });
    }

    pub(super) fn send(&self, event: IndexEvent) {
        self.events.send(event).ok(); // nobody listens while the handle is being dropped
        (self.wake)();
    }
}

fn is_due(last: Option<Instant>, interval: Duration) -> bool {
    last.is_none_or(|last| last.elapsed() >= interval)
}
