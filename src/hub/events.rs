//! The events that the hub sends.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::Sender;

use super::HubError;
use super::installed::InstalledModels;
use crate::formats::FileHashes;
use crate::job::{JobError, RgbImage};

/// Names a download among those of one [`Hub`](super::Hub).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct DownloadId(pub u64);

/// How far a download is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DownloadState {
    /// The hub is asked what there is.
    Asking,
    /// Files come.
    Running,
    /// It was asked to stop and has not yet.
    Stopping,
    /// It was stopped; what came so far is kept.
    Paused,
    /// It could not go on; what came so far is kept.
    Failed(Arc<JobError>),
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
    /// Bytes there will be; 0 until that is known.
    pub total_bytes: u64,
    /// Bytes in a second, lately.
    pub bytes_per_sec: f64,
    /// Of a finished one: the files of weights of which the hub gives no checksum. Their lengths and headers are right.
    pub without_checksum: Vec<String>,
}

impl Download {
    /// Time until it is done, in seconds, if anything comes.
    pub fn secs_left(&self) -> Option<f64> {
        let left = self.total_bytes.saturating_sub(self.done_bytes) as f64;
        (self.state == DownloadState::Running && self.bytes_per_sec > 0.0).then(|| left / self.bytes_per_sec)
    }
}

/// An event of the hub.
#[derive(Debug, Clone)]
pub enum HubEvent {
    /// A download began, went on or ended.
    Download(Download),
    /// A download and what came of it are gone.
    Discarded(DownloadId),
    /// What is on disk; after every scan, and when what is there has changed.
    Installed(Arc<InstalledModels>),
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
        hashes: Result<FileHashes, String>,
    },
    /// Something was put into the trash.
    Removed(PathBuf),
    /// Something could not be done; nothing was lost.
    Failed {
        /// Why.
        error: Arc<JobError>,
    },
}

/// By which the hub's threads send events.
#[derive(Clone)]
pub(super) struct EventSender {
    pub(super) events: Sender<HubEvent>,
    pub(super) wake: Arc<dyn Fn() + Send + Sync>,
}

impl EventSender {
    /// Nothing happens if the receiver is gone.
    pub(super) fn send(&self, event: HubEvent) {
        self.events.send(event).ok();
        (self.wake)();
    }

    pub(super) fn failed(&self, error: &HubError) {
        self.send(HubEvent::Failed {
            error: Arc::new(error.into()),
        });
    }
}
