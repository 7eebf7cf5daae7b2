//! How a run is played back, and the branch that is thought of at one of its steps.

use std::path::PathBuf;
use std::sync::Arc;

use super::run_timeline::RunTimeline;
use crate::job::KeptRun;

/// How a run is played back.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Playback {
    /// Whether the playhead moves by itself.
    pub is_on: bool,
    /// How quickly: 1 is [`Self::STEPS_PER_SEC`].
    pub speed: f64,
    /// Whether it begins again at the end.
    pub is_looping: bool,
}

impl Playback {
    /// Steps each second at speed 1.
    pub const STEPS_PER_SEC: f64 = 8.0;
    /// The speeds that are offered.
    pub const SPEEDS: [f64; 5] = [0.25, 0.5, 1.0, 2.0, 4.0];

    /// Plays at the next of the speeds; after the quickest comes the slowest.
    pub fn speed_up(&mut self) {
        let faster = Self::SPEEDS.into_iter().find(|offered| *offered > self.speed);
        self.speed = faster.unwrap_or(Self::SPEEDS[0]);
    }

    /// How long one step is shown, in seconds.
    pub fn step_secs(&self) -> f64 {
        (self.speed * Self::STEPS_PER_SEC).recip()
    }
}

impl Default for Playback {
    fn default() -> Self {
        Self {
            is_on: false,
            speed: 1.0,
            is_looping: false,
        }
    }
}

/// A branch that is being thought of: the form says what shall be different.
#[derive(Debug, Clone)]
pub struct Branching {
    /// The run it leaves.
    pub kept: Arc<KeptRun>,
    /// The first step of its own, counted as records do.
    pub step: u32,
    /// The steps before it, with their pictures.
    pub parent: Box<RunTimeline>,
    /// The file of the picture it leaves; `None` for the run at work.
    pub of: Option<PathBuf>,
}
