//! The hub as the window and the command line see it.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use super::HubError;
use super::download::Staging;
use super::download_task::DownloadTask;
use super::events::{Download, DownloadId, DownloadState, EventSender, HubEvent};
use super::installed::{InstalledModel, ModelLibrary};
use super::options::HubOptions;
use super::repo::RepoRef;
use super::transfer::Stop;
use crate::job::{ErrorCode, JobError, JobErrorKind};
use crate::lock;

enum HubTask {
    Scan(Vec<PathBuf>),
    Thumbnail(Arc<InstalledModel>),
    Remove(PathBuf),
    Used(Vec<PathBuf>),
    Discard(DownloadId),
}

/// A download that this program knows of.
struct KnownDownload {
    what: RepoRef,
    prefer_fp16: bool,
    /// There while a thread works on it.
    stop: Option<Arc<Stop>>,
}

/// The downloads that this program knows of.
#[derive(Default)]
struct Downloads {
    known: BTreeMap<DownloadId, KnownDownload>,
    num_added: u64,
}

impl Downloads {
    /// The download of this, and whether it is a new one.
    fn add(&mut self, what: RepoRef, prefer_fp16: bool) -> (DownloadId, bool) {
        if let Some((id, _)) = self.known.iter().find(|(_, known)| known.what == what) {
            return (*id, false);
        }
        self.num_added += 1;
        let id = DownloadId(self.num_added);
        let known = KnownDownload {
            what,
            prefer_fp16,
            stop: None,
        };
        self.known.insert(id, known);
        (id, true)
    }

    /// Has a download be worked on; `None` if it is already, or is not known.
    fn take_up(&mut self, id: DownloadId) -> Option<(&KnownDownload, Arc<Stop>)> {
        let known = self.known.get_mut(&id).filter(|known| known.stop.is_none())?;
        let stop = Arc::new(Stop::default());
        known.stop = Some(Arc::clone(&stop));
        Some((known, stop))
    }

    fn put_down(&mut self, id: DownloadId) {
        if let Some(known) = self.known.get_mut(&id) {
            known.stop = None;
        }
    }
}

/// Owns a thread that looks at the disk, one that computes hashes, and one for each download. Dropping it stops all of them within seconds,
/// without waiting: what came so far can be taken up again.
pub struct Hub {
    options: Arc<HubOptions>,
    sender: EventSender,
    events: Receiver<HubEvent>,
    tasks: Sender<HubTask>,
    to_hash: Sender<PathBuf>,
    downloads: Arc<Mutex<Downloads>>,
}

impl std::fmt::Debug for Hub {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Hub")
            .field("options", &self.options)
            .finish_non_exhaustive()
    }
}

impl Hub {
    /// Starts the thread that scans the disk, and reports downloads that were not finished. `wake` is called from
    /// the hub's threads after every event.
    ///
    /// # Errors
    /// If the system refuses a thread.
    pub fn start(options: HubOptions, wake: impl Fn() + Send + Sync + 'static) -> std::io::Result<Self> {
        let (to_handle, events) = channel();
        let (tasks, received) = channel::<HubTask>();
        let sender = EventSender {
            events: to_handle,
            wake: Arc::new(wake),
        };
        let options = Arc::new(options);
        let library = ModelLibrary {
            models_dir: options.models_dir.clone(),
            usage_file: options.usage_file.clone(),
            hash_cache: options.hash_cache.clone(),
            look_in: options.look_in.clone(),
        };
        let to_hash = hasher(library.clone(), sender.clone())?;
        let worker = Worker {
            library,
            events: sender.clone(),
            downloads: Arc::default(),
        };
        let downloads = Arc::clone(&worker.downloads);
        std::thread::Builder::new().name("hub".to_owned()).spawn(move || {
            worker.report_unfinished();
            for task in received {
                let work = AssertUnwindSafe(|| worker.carry_out(task));
                if catch_unwind(work).is_err() {
                    let error = Arc::new(stopped_by_bug());
                    worker.events.send(HubEvent::Failed { error });
                }
            }
        })?;
        Ok(Self {
            options,
            sender,
            events,
            tasks,
            to_hash,
            downloads,
        })
    }

    /// Fetches a model into the models folder: whole, or not at all. The answer is a row of [`HubEvent::Download`]s.
    /// One that was begun before goes on where it was.
    ///
    /// * `what`: see [`RepoRef`].
    /// * `prefer_fp16`: whether half-precision files are taken where there are any.
    ///
    /// # Errors
    /// [`HubError::BadId`].
    pub fn fetch(&self, what: &str, prefer_fp16: bool) -> Result<DownloadId, HubError> {
        let (id, _) = lock(&self.downloads).add(what.parse()?, prefer_fp16);
        self.resume(id);
        Ok(id)
    }

    /// Goes on with a download that was stopped or failed.
    pub fn resume(&self, id: DownloadId) {
        let mut downloads = lock(&self.downloads);
        let Some((known, stop)) = downloads.take_up(id) else {
            return;
        };
        let task = DownloadTask {
            id,
            what: known.what.clone(),
            prefer_fp16: known.prefer_fp16,
            stop,
            options: Arc::clone(&self.options),
            events: self.sender.clone(),
        };
        let all = Arc::clone(&self.downloads);
        let started = std::thread::Builder::new().name("download".to_owned()).spawn(move || {
            let last = catch_unwind(AssertUnwindSafe(|| task.run()))
                .unwrap_or_else(|_panic| task.row(DownloadState::Failed(Arc::new(stopped_by_bug()))));
            lock(&all).put_down(task.id);
            if matches!(last.state, DownloadState::Finished(_)) {
                lock(&all).known.remove(&task.id);
            }
            task.events.send(HubEvent::Download(last));
        });
        if let Err(error) = started {
            downloads.put_down(id);
            let message = format!("a download could not be started: {error}");
            let error = JobError::new(JobErrorKind::Internal, message);
            self.sender.send(HubEvent::Failed { error: Arc::new(error) });
        }
    }

    /// Stops a download within seconds; what came so far is kept.
    pub fn cancel(&self, id: DownloadId) {
        if let Some(KnownDownload { stop: Some(stop), .. }) = lock(&self.downloads).known.get(&id) {
            stop.ask();
        }
    }

    /// Takes away a download that has stopped, and what came of it; answered by [`HubEvent::Discarded`].
    pub fn discard(&self, id: DownloadId) {
        self.ask(HubTask::Discard(id));
    }

    /// Looks at the models folder and at those of other programs, which are only read; answered by
    /// [`HubEvent::Installed`].
    pub fn scan(&self, folders: Vec<PathBuf>) {
        self.ask(HubTask::Scan(folders));
    }

    /// Reads the picture of an item; answered by [`HubEvent::Thumbnail`].
    pub fn thumbnail(&self, item: Arc<InstalledModel>) {
        self.ask(HubTask::Thumbnail(item));
    }

    /// Computes the hashes of a file, which takes seconds for a large one; answered by [`HubEvent::Hashed`].
    pub fn compute_hashes(&self, path: PathBuf) {
        self.to_hash.send(path).ok(); // the thread ends after the handle only
    }

    /// Puts an item of the models folder into the system's trash, never one of another folder; answered by
    /// [`HubEvent::Removed`] or [`HubEvent::Failed`].
    pub fn remove(&self, path: PathBuf) {
        self.ask(HubTask::Remove(path));
    }

    /// Takes note that these are used now.
    pub fn used(&self, paths: Vec<PathBuf>) {
        self.ask(HubTask::Used(paths));
    }

    /// The next event, without waiting.
    pub fn poll(&self) -> Option<HubEvent> {
        self.events.try_recv().ok()
    }

    /// The next event, waiting at most so long. Not for the window's thread.
    pub fn wait(&self, longest: Duration) -> Option<HubEvent> {
        self.events.recv_timeout(longest).ok()
    }

    fn ask(&self, task: HubTask) {
        self.tasks.send(task).ok(); // the thread ends after the handle only
    }
}

impl Drop for Hub {
    fn drop(&mut self) {
        for known in lock(&self.downloads).known.values() {
            if let Some(stop) = &known.stop {
                stop.ask();
            }
        }
    }
}

/// Computes hashes one after the other, so that nothing else has to wait for them.
fn hasher(library: ModelLibrary, events: EventSender) -> std::io::Result<Sender<PathBuf>> {
    let (sender, received) = channel::<PathBuf>();
    std::thread::Builder::new().name("hashes".to_owned()).spawn(move || {
        for path in received {
            let hashes = library.hashes(&path).map_err(|error| error.one_line());
            events.send(HubEvent::Hashed { path, hashes });
        }
    })?;
    Ok(sender)
}

/// What the hub's own thread works with.
struct Worker {
    library: ModelLibrary,
    events: EventSender,
    downloads: Arc<Mutex<Downloads>>,
}

impl Worker {
    fn report_unfinished(&self) {
        for (staging, plan) in Staging::left_over(&self.library.models_dir) {
            let (id, is_new) = lock(&self.downloads).add(plan.what.clone(), false);
            if !is_new {
                continue; // has been asked for meanwhile
            }
            self.events.send(HubEvent::Download(Download {
                id,
                what: plan.what.to_string(),
                state: DownloadState::Paused,
                done_bytes: staging.done_bytes(&plan),
                total_bytes: plan.total_bytes(),
                bytes_per_sec: 0.0,
                without_checksum: Vec::new(),
            }));
        }
    }

    fn carry_out(&self, task: HubTask) {
        let (library, events) = (&self.library, &self.events);
        match task {
            HubTask::Scan(folders) => events.send(HubEvent::Installed(Arc::new(library.scan(&folders)))),
            HubTask::Thumbnail(item) => events.send(HubEvent::Thumbnail {
                picture: super::installed::thumbnail(&item).map(Arc::new),
                path: item.path.clone(),
            }),
            HubTask::Remove(path) => match library.remove(&path) {
                Ok(()) => events.send(HubEvent::Removed(path)),
                Err(error) => events.failed(&error),
            },
            HubTask::Used(paths) => {
                if let Err(error) = library.used(&paths) {
                    tracing::warn!("when models were used is not kept: {}", error.one_line());
                }
            }
            HubTask::Discard(id) => self.discard(id),
        }
    }

    fn discard(&self, id: DownloadId) {
        let staging = lock(&self.downloads)
            .take_up(id)
            .map(|(known, _)| Staging::of(&self.library.models_dir, &known.what));
        let Some(staging) = staging else { return };
        let discarded = staging.lock().and_then(|_lock| staging.discard());
        let mut downloads = lock(&self.downloads);
        downloads.put_down(id);
        match discarded {
            Ok(()) => {
                downloads.known.remove(&id);
                self.events.send(HubEvent::Discarded(id));
            }
            Err(error) => self.events.failed(&error),
        }
    }
}

/// The error for a panic of this program.
fn stopped_by_bug() -> JobError {
    let message = "a mistake in this program stopped what was asked of the models";
    JobError::new(JobErrorKind::Internal, message).with_code(ErrorCode::new("error-hub-bug"))
}
