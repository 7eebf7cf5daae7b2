//! What the window may ask of a job that is already running.

use std::sync::atomic::{AtomicBool, Ordering};

/// Shared between whoever submitted a job and the thread that runs it.
///
/// Atomics rather than a channel message: the worker is busy and looks here once per network call.
#[derive(Debug, Default)]
pub struct JobControl {
    cancelled: AtomicBool,
}

impl JobControl {
    /// Asks the job to stop; it does so before its next network call.
    pub fn cancel(&self) {
        self.cancelled.store(true, Ordering::Relaxed);
    }

    /// Whether someone asked the job to stop.
    pub fn is_cancelled(&self) -> bool {
        self.cancelled.load(Ordering::Relaxed)
    }
}
