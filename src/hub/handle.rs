//! The hub as the window and the command line see it.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::HubError;
use super::download::{Plan, Staging};
use super::http::Client;
use super::installed::{Hashes, Item, Shelf, ShelfKeeper};
use super::repo::RepoRef;
use super::source::HubSource;
use super::transfer::Stop;
use crate::config::Paths;
use crate::job::RgbImage;

/// How often the progress of a download is told.
const TELL_EVERY: Duration = Duration::from_millis(150);
/// Over how long its speed is measured.
const SPEED_OVER: Duration = Duration::from_secs(5);

/// Where things are.
#[derive(Debug, Clone)]
pub struct HubOptions {
    /// Where models are put; the only folder that is written to.
    pub models_dir: PathBuf,
    /// Keeps when what was used.
    pub usage_file: PathBuf,
    /// Keeps the hashes of files, which the engine does too.
    pub hash_cache: PathBuf,
    /// Folders in which those of other programs are looked for, such as the user's home.
    pub look_in: Vec<PathBuf>,
    /// Where models come from.
    pub source: HubSource,
}

impl HubOptions {
    /// Those of the user.
    pub fn of_user() -> Self {
        let paths = Paths::of_user();
        let home = std::env::home_dir();
        let look_in = home.map_or_else(Vec::new, |home| vec![home.join("Documents"), home]);
        Self {
            look_in,
            models_dir: paths.models_dir,
            usage_file: paths.data_dir.join("models.json"),
            hash_cache: paths.cache_dir.join("hashes.json"),
            source: HubSource::of_user(),
        }
    }
}

/// Names a download among those of one [`Hub`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct DownloadId(pub u64);

/// How far a download is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DownloadState {
    /// The hub is asked what there is.
    Asking,
    /// Files come.
    Running,
    /// It was told to stop and has not yet.
    Stopping,
    /// It was stopped; what came so far is kept.
    Paused,
    /// It could not go on, in one line; what came so far is kept.
    Failed(String),
    /// It is installed here.
    Finished(PathBuf),
}

/// A download as it stands.
#[derive(Debug, Clone, PartialEq)]
pub struct Download {
    /// Which.
    pub id: DownloadId,
    /// What is fetched.
    pub what: String,
    /// How far it is.
    pub state: DownloadState,
    /// Bytes that are there.
    pub done_bytes: u64,
    /// Bytes there will be; 0 until the hub has told.
    pub total_bytes: u64,
    /// Bytes in a second, lately.
    pub bytes_per_sec: f64,
}

impl Download {
    /// Time until it is done, in seconds, if anything comes.
    pub fn secs_left(&self) -> Option<f64> {
        let left = self.total_bytes.saturating_sub(self.done_bytes) as f64;
        (self.state == DownloadState::Running && self.bytes_per_sec > 0.0).then(|| left / self.bytes_per_sec)
    }
}

/// What the hub has to tell.
#[derive(Debug, Clone)]
pub enum HubEvent {
    /// A download began, went on or ended.
    Download(Download),
    /// A download and what came of it are gone.
    Discarded(DownloadId),
    /// What is on disk; after every scan, and when what is there has changed.
    Installed(Arc<Shelf>),
    /// The picture of an item; `None` if it has none that can be read.
    Thumbnail {
        /// The item.
        path: PathBuf,
        /// A small picture.
        picture: Option<Arc<RgbImage>>,
    },
    /// The hashes of an item.
    Hashed {
        /// The item.
        path: PathBuf,
        /// Or why not, in one line.
        hashes: Result<Hashes, String>,
    },
    /// Something was put into the trash.
    Removed(PathBuf),
    /// Something could not be done; nothing was lost.
    Failed {
        /// Why, in one line.
        message: String,
    },
}

enum Task {
    Scan(Vec<PathBuf>),
    Thumbnail(Arc<Item>),
    Remove(PathBuf),
    Used(Vec<PathBuf>),
}

#[derive(Clone)]
struct Teller {
    events: Sender<HubEvent>,
    wake: Arc<dyn Fn() + Send + Sync>,
}

impl Teller {
    /// Nobody may listen any more.
    fn tell(&self, event: HubEvent) {
        self.events.send(event).ok();
        (self.wake)();
    }

    fn failed(&self, error: &HubError) {
        self.tell(HubEvent::Failed {
            message: error.one_line(),
        });
    }
}

/// A download that this program knows of.
struct Known {
    what: RepoRef,
    prefer_fp16: bool,
    /// There while its thread works.
    stop: Option<Arc<Stop>>,
}

/// Owns a thread that looks at the disk, one that computes hashes, and one for each download. Dropping it stops all of them within seconds,
/// without waiting: what came so far can be taken up again.
pub struct Hub {
    options: Arc<HubOptions>,
    teller: Teller,
    events: Receiver<HubEvent>,
    tasks: Sender<Task>,
    to_hash: Sender<PathBuf>,
    downloads: Arc<Mutex<BTreeMap<DownloadId, Known>>>,
    next: u64,
}

impl std::fmt::Debug for Hub {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Hub")
            .field("options", &self.options)
            .finish_non_exhaustive()
    }
}

impl Hub {
    /// Starts the thread that looks at the disk, and tells of downloads that were not finished. `wake` is called from
    /// the hub's threads after every event.
    ///
    /// # Errors
    /// If the system refuses a thread.
    pub fn start(options: HubOptions, wake: impl Fn() + Send + Sync + 'static) -> std::io::Result<Self> {
        let (sender, events) = channel();
        let (tasks, received) = channel::<Task>();
        let teller = Teller {
            events: sender,
            wake: Arc::new(wake),
        };
        let options = Arc::new(options);
        let keeper = ShelfKeeper {
            models_dir: options.models_dir.clone(),
            usage_file: options.usage_file.clone(),
            hash_cache: options.hash_cache.clone(),
            look_in: options.look_in.clone(),
        };
        let to_hash = hasher(keeper.clone(), teller.clone())?;
        let shelf_teller = teller.clone();
        std::thread::Builder::new().name("hub".to_owned()).spawn(move || {
            for task in received {
                let work = AssertUnwindSafe(|| carry_out(&keeper, &shelf_teller, task));
                if catch_unwind(work).is_err() {
                    let message = "a mistake in this program stopped what was asked of the models".to_owned();
                    shelf_teller.tell(HubEvent::Failed { message });
                }
            }
        })?;
        let mut hub = Self {
            options,
            teller,
            events,
            tasks,
            to_hash,
            downloads: Arc::default(),
            next: 1,
        };
        hub.tell_of_unfinished();
        Ok(hub)
    }

    /// Fetches a model into the models folder: whole, or not at all. The answer is a row of [`HubEvent::Download`]s.
    /// One that was begun before goes on where it was.
    ///
    /// * `what`: see [`RepoRef`].
    /// * `prefer_fp16`: whether half-precision files are taken where there are any.
    ///
    /// # Errors
    /// [`HubError::BadId`].
    pub fn fetch(&mut self, what: &str, prefer_fp16: bool) -> Result<DownloadId, HubError> {
        let what: RepoRef = what.parse()?;
        let known = lock(&self.downloads)
            .iter()
            .find(|(_, known)| known.what == what)
            .map(|(id, _)| *id);
        let id = known.unwrap_or_else(|| self.add(what, prefer_fp16));
        self.resume(id);
        Ok(id)
    }

    /// Goes on with a download that was stopped or failed.
    pub fn resume(&self, id: DownloadId) {
        let mut downloads = lock(&self.downloads);
        let Some(known) = downloads.get_mut(&id).filter(|known| known.stop.is_none()) else {
            return;
        };
        let stop = Arc::new(Stop::default());
        known.stop = Some(Arc::clone(&stop));
        let course = Course {
            id,
            what: known.what.clone(),
            prefer_fp16: known.prefer_fp16,
            stop,
            options: Arc::clone(&self.options),
            teller: self.teller.clone(),
        };
        let all = Arc::clone(&self.downloads);
        let started = std::thread::Builder::new().name("download".to_owned()).spawn(move || {
            let last = catch_unwind(AssertUnwindSafe(|| course.run())).unwrap_or_else(|_panic| {
                course.row(DownloadState::Failed("a mistake in this program stopped it".to_owned()))
            });
            if let Some(known) = lock(&all).get_mut(&course.id) {
                known.stop = None;
            }
            if matches!(last.state, DownloadState::Finished(_)) {
                lock(&all).remove(&course.id);
            }
            course.teller.tell(HubEvent::Download(last));
        });
        if let Err(error) = started {
            known.stop = None;
            let message = format!("a download could not be started: {error}");
            self.teller.tell(HubEvent::Failed { message });
        }
    }

    /// Stops a download within seconds; what came so far is kept.
    pub fn cancel(&self, id: DownloadId) {
        if let Some(Known { stop: Some(stop), .. }) = lock(&self.downloads).get(&id) {
            stop.ask();
        }
    }

    /// Takes away a download that has stopped, and what came of it.
    pub fn discard(&self, id: DownloadId) {
        let mut downloads = lock(&self.downloads);
        if downloads.get(&id).is_none_or(|known| known.stop.is_some()) {
            return;
        }
        let Some(known) = downloads.remove(&id) else { return };
        match Staging::of(&self.options.models_dir, &known.what).discard() {
            Ok(()) => self.teller.tell(HubEvent::Discarded(id)),
            Err(error) => {
                downloads.insert(id, known);
                self.teller.failed(&error);
            }
        }
    }

    /// Looks at the models folder and at those of other programs, which are only read; answered by
    /// [`HubEvent::Installed`].
    pub fn scan(&self, folders: Vec<PathBuf>) {
        self.ask(Task::Scan(folders));
    }

    /// Reads the picture of an item; answered by [`HubEvent::Thumbnail`].
    pub fn thumbnail(&self, item: Arc<Item>) {
        self.ask(Task::Thumbnail(item));
    }

    /// Computes the hashes of a file, which takes seconds for a large one; answered by [`HubEvent::Hashed`].
    pub fn compute_hashes(&self, path: PathBuf) {
        self.to_hash.send(path).ok(); // the thread ends after the handle only
    }

    /// Puts an item of the models folder into the system's trash, never one of another folder; answered by
    /// [`HubEvent::Removed`] or [`HubEvent::Failed`].
    pub fn remove(&self, path: PathBuf) {
        self.ask(Task::Remove(path));
    }

    /// Takes note that these are used now.
    pub fn used(&self, paths: Vec<PathBuf>) {
        self.ask(Task::Used(paths));
    }

    /// The next event, without waiting.
    pub fn poll(&self) -> Option<HubEvent> {
        self.events.try_recv().ok()
    }

    /// The next event, waiting at most so long. Not for the window's thread.
    pub fn wait(&self, longest: Duration) -> Option<HubEvent> {
        self.events.recv_timeout(longest).ok()
    }

    fn ask(&self, task: Task) {
        self.tasks.send(task).ok(); // the thread ends after the handle only
    }

    fn add(&mut self, what: RepoRef, prefer_fp16: bool) -> DownloadId {
        let id = DownloadId(self.next);
        self.next += 1;
        let known = Known {
            what,
            prefer_fp16,
            stop: None,
        };
        lock(&self.downloads).insert(id, known);
        id
    }

    fn tell_of_unfinished(&mut self) {
        for (staging, plan) in Staging::left_over(&self.options.models_dir) {
            let id = self.add(plan.what.clone(), false); // what is fetched has been chosen already
            self.teller.tell(HubEvent::Download(Download {
                id,
                what: plan.what.to_string(),
                state: DownloadState::Paused,
                done_bytes: staging.done_bytes(&plan),
                total_bytes: plan.total_bytes(),
                bytes_per_sec: 0.0,
            }));
        }
    }
}

impl Drop for Hub {
    fn drop(&mut self) {
        for known in lock(&self.downloads).values() {
            if let Some(stop) = &known.stop {
                stop.ask();
            }
        }
    }
}

/// Computes hashes one after the other, so that nothing else has to wait for them.
fn hasher(keeper: ShelfKeeper, teller: Teller) -> std::io::Result<Sender<PathBuf>> {
    let (sender, received) = channel::<PathBuf>();
    std::thread::Builder::new().name("hashes".to_owned()).spawn(move || {
        for path in received {
            let hashes = keeper.hashes(&path).map_err(|error| error.one_line());
            teller.tell(HubEvent::Hashed { path, hashes });
        }
    })?;
    Ok(sender)
}

fn carry_out(keeper: &ShelfKeeper, teller: &Teller, task: Task) {
    match task {
        Task::Scan(folders) => teller.tell(HubEvent::Installed(Arc::new(keeper.scan(&folders)))),
        Task::Thumbnail(item) => teller.tell(HubEvent::Thumbnail {
            picture: super::installed::thumbnail(&item).map(Arc::new),
            path: item.path.clone(),
        }),
        Task::Remove(path) => match keeper.remove(&path) {
            Ok(()) => teller.tell(HubEvent::Removed(path)),
            Err(error) => teller.failed(&error),
        },
        Task::Used(paths) => {
            if let Err(error) = keeper.used(&paths) {
                tracing::warn!("when models were used is not kept: {}", error.one_line());
            }
        }
    }
}

/// A download at work, on its own thread.
struct Course {
    id: DownloadId,
    what: RepoRef,
    prefer_fp16: bool,
    stop: Arc<Stop>,
    options: Arc<HubOptions>,
    teller: Teller,
}

impl Course {
    fn row(&self, state: DownloadState) -> Download {
        let staging = Staging::of(&self.options.models_dir, &self.what);
        let plan = staging.plan();
        Download {
            id: self.id,
            what: self.what.to_string(),
            state,
            done_bytes: plan.as_ref().map_or(0, |plan| staging.done_bytes(plan)),
            total_bytes: plan.as_ref().map_or(0, Plan::total_bytes),
            bytes_per_sec: 0.0,
        }
    }

    /// The last that is told of it.
    fn run(&self) -> Download {
        self.teller.tell(HubEvent::Download(self.row(DownloadState::Asking)));
        match self.fetch() {
            Ok((path, bytes)) => Download {
                done_bytes: bytes,
                total_bytes: bytes,
                ..self.row(DownloadState::Finished(path))
            },
            Err(HubError::Cancelled) => self.row(DownloadState::Paused),
            Err(error) => self.row(DownloadState::Failed(error.one_line())),
        }
    }

    fn fetch(&self) -> Result<(PathBuf, u64), HubError> {
        let (client, models_dir) = (Client::new(), &self.options.models_dir);
        let staging = Staging::of(models_dir, &self.what);
        let plan = match staging.plan() {
            Some(plan) => plan,
            None => Plan::make(&self.options.source, &client, &self.what, self.prefer_fp16)?,
        };
        self.stop.check()?;
        if let Some(path) = Staging::installed(&plan, models_dir) {
            return Err(HubError::Exists { path });
        }
        super::room::check(models_dir, plan.total_bytes().saturating_sub(staging.done_bytes(&plan)))?;
        staging.keep_plan(&plan)?;

        let mut row = self.row(DownloadState::Running);
        self.teller.tell(HubEvent::Download(row.clone()));
        let mut speed = Speed::new(row.done_bytes);
        let mut told = Instant::now();
        staging.fetch(&plan, (&self.options.source, &client), &self.stop, &mut |bytes| {
            row.done_bytes = bytes;
            row.bytes_per_sec = speed.now(bytes);
            if told.elapsed() >= TELL_EVERY {
                told = Instant::now();
                self.teller.tell(HubEvent::Download(row.clone()));
            }
        })?;
        let path = staging.publish(&plan, models_dir)?;
        Ok((path, plan.total_bytes()))
    }
}

/// Bytes in a second over the last few seconds.
struct Speed {
    seen: std::collections::VecDeque<(Instant, u64)>,
}

impl Speed {
    fn new(bytes: u64) -> Self {
        Self {
            seen: [(Instant::now(), bytes)].into(),
        }
    }

    fn now(&mut self, bytes: u64) -> f64 {
        let now = Instant::now();
        while self.seen.len() > 1 && self.seen[0].0 + SPEED_OVER < now {
            self.seen.pop_front();
        }
        if self.seen.back().is_none_or(|(at, _)| *at + TELL_EVERY / 2 < now) {
            self.seen.push_back((now, bytes));
        }
        let Some((since, before)) = self.seen.front() else {
            return 0.0;
        };
        let secs = now.duration_since(*since).as_secs_f64();
        if secs > 0.0 {
            bytes.saturating_sub(*before) as f64 / secs
        } else {
            0.0
        }
    }
}

/// A poisoned lock only means that another thread panicked between two map operations, each of which is whole.
fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
