//! What is being made and what waits.

mod actions;
mod command;
mod done;
mod panel;
mod row;
mod times;

use std::path::Path;

pub use crate::ui::model::jobs::{DoneJob, Ended, Ending, Job, JobQueue, Leaves, Order, QueueId, Stage};
pub(in crate::ui) use actions::{advance, carry_out, tick};
pub use command::QueueCommand;
pub(in crate::ui) use panel::QueuePanel;
pub use times::{StepTimes, TimeLeft};

use crate::job::{Event, Record};

/// What the page knows.
#[derive(Debug, Default)]
pub struct QueuePage {
    /// The jobs.
    pub jobs: JobQueue,
    /// How long steps take.
    pub times: StepTimes,
    /// The job that keys are about.
    pub selected: Option<QueueId>,
    /// Whether the jobs of the last time are here, so that the file may be written.
    pub is_loaded: bool,
    /// The [revision](JobQueue::revision) that was kept last.
    kept: u64,
    /// What ended while the window was behind others.
    away: Ended,
    /// What the desktop calls the window, as it was told last.
    title: String,
}

impl QueuePage {
    /// Takes in one event of the engine.
    pub fn apply(&mut self, event: &Event) {
        if let Event::Step(step) = event {
            let job = self.jobs.jobs().iter().find(|job| job.stage.job() == Some(step.job));
            if let Some(job) = job {
                self.times.measure(&job.order.request, step);
            }
        }
        self.jobs.apply(event);
    }

    /// Notes where a picture was saved.
    pub fn saved(&mut self, path: &Path, record: &Record) {
        self.jobs.saved(path, record);
    }
}
