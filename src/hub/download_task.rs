//! A download from its first question to its last file.

use std::collections::VecDeque;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::HubError;
use super::download::{DownloadPlan, Staging};
use super::events::{Download, DownloadId, DownloadState, EventSender, HubEvent};
use super::http::Client;
use super::options::HubOptions;
use super::repo::RepoRef;
use super::transfer::Stop;

/// How often the progress of a download is reported.
const REPORT_EVERY: Duration = Duration::from_millis(150);
/// Over how long its speed is measured.
const SPEED_WINDOW: Duration = Duration::from_secs(5);

/// A download at work, on its own thread.
pub(super) struct DownloadTask {
    pub(super) id: DownloadId,
    pub(super) what: RepoRef,
    pub(super) prefer_fp16: bool,
    pub(super) stop: Arc<Stop>,
    pub(super) options: Arc<HubOptions>,
    pub(super) events: EventSender,
}

impl DownloadTask {
    pub(super) fn row(&self, state: DownloadState) -> Download {
        let staging = Staging::of(&self.options.models_dir, &self.what);
        let plan = staging.plan();
        Download {
            id: self.id,
            what: self.what.to_string(),
            state,
            done_bytes: plan.as_ref().map_or(0, |plan| staging.done_bytes(plan)),
            total_bytes: plan.as_ref().map_or(0, DownloadPlan::total_bytes),
            bytes_per_sec: 0.0,
            without_checksum: Vec::new(),
        }
    }

    /// Fetches everything; returns the last state.
    pub(super) fn run(&self) -> Download {
        self.events.send(HubEvent::Download(self.row(DownloadState::Asking)));
        match self.fetch() {
            Ok((path, plan)) => Download {
                done_bytes: plan.total_bytes(),
                total_bytes: plan.total_bytes(),
                without_checksum: plan.without_checksum(),
                ..self.row(DownloadState::Finished(path))
            },
            Err(HubError::Cancelled) => self.row(DownloadState::Paused),
            Err(error) => self.row(DownloadState::Failed(Arc::new((&error).into()))),
        }
    }

    fn fetch(&self) -> Result<(PathBuf, DownloadPlan), HubError> {
        let (client, models_dir) = (Client::new(), &self.options.models_dir);
        let staging = Staging::of(models_dir, &self.what);
        let _lock = staging.lock()?;
        let plan = match staging.plan() {
            Some(plan) => plan,
            None => DownloadPlan::make(&self.options.source, &client, &self.what, self.prefer_fp16)?,
        };
        self.stop.check()?;
        if let Some(path) = Staging::installed(&plan, models_dir) {
            return Err(HubError::Exists { path });
        }
        super::disk_space::check(models_dir, plan.total_bytes().saturating_sub(staging.done_bytes(&plan)))?;
        staging.keep_plan(&plan)?;

        let mut row = self.row(DownloadState::Running);
        self.events.send(HubEvent::Download(row.clone()));
        let mut speed = Speed::new(row.done_bytes);
        let mut reported = Instant::now();
        staging.fetch(&plan, (&self.options.source, &client), &self.stop, &mut |bytes| {
            row.done_bytes = bytes;
            row.bytes_per_sec = speed.now(bytes);
            if reported.elapsed() >= REPORT_EVERY {
                reported = Instant::now();
                self.events.send(HubEvent::Download(row.clone()));
            }
        })?;
        let path = staging.publish(&plan, models_dir)?;
        Ok((path, plan))
    }
}

/// Bytes in a second over the last few seconds.
struct Speed {
    samples: VecDeque<(Instant, u64)>,
}

impl Speed {
    fn new(bytes: u64) -> Self {
        Self {
            samples: [(Instant::now(), bytes)].into(),
        }
    }

    fn now(&mut self, bytes: u64) -> f64 {
        let now = Instant::now();
        while self.samples.len() > 1 && self.samples[0].0 + SPEED_WINDOW < now {
            self.samples.pop_front();
        }
        if self.samples.back().is_none_or(|(at, _)| *at + REPORT_EVERY / 2 < now) {
            self.samples.push_back((now, bytes));
        }
        let Some((since, before)) = self.samples.front() else {
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
