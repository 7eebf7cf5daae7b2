//! When the window is painted for what other threads have to tell.
//!
//! Where the processor draws, a frame takes the cores that compute the picture. News therefore waits until the next
//! frame is due and shares it; what the user does is painted at once, by egui's own way.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How long news is gathered before it causes a frame, when the processor draws.
const GATHER_STILL: Duration = Duration::from_millis(25);
/// The same with a GPU. Not zero: that would ask for two frames.
const GATHER: Duration = Duration::from_millis(1);
/// Shortest time between two frames for news, when the processor draws.
const INTERVAL_STILL: Duration = Duration::from_millis(125);
/// Frames for news may take one part in this many of the time, when the processor draws.
const SHARE_STILL: u32 = 5;

/// Decides how soon news is painted. Shared by the window and the threads that have news.
pub(super) struct Pace {
    gather: Duration,
    shortest: Duration,
    share: u32,
    /// When the last frame began, and how long to wait after it.
    last: Mutex<Option<(Instant, Duration)>>,
}

impl Pace {
    /// * `is_still`: whether the processor draws.
    pub(super) fn new(is_still: bool) -> Self {
        let (gather, shortest, share) = if is_still {
            (GATHER_STILL, INTERVAL_STILL, SHARE_STILL)
        } else {
            (GATHER, Duration::ZERO, 0)
        };
        Self {
            gather,
            shortest,
            share,
            last: Mutex::default(),
        }
    }

    /// Notes that a frame begins, for whatever reason: it takes in all news so far.
    ///
    /// * `cost`: what the frame before it took, if that is known.
    pub(super) fn frame(&self, now: Instant, cost: Option<Duration>) {
        let interval = self.shortest.max(cost.unwrap_or_default() * self.share);
        *self.last.lock().unwrap_or_else(PoisonError::into_inner) = Some((now, interval));
    }

    /// How long news that comes now has to wait for its frame; never zero.
    pub(super) fn delay(&self, now: Instant) -> Duration {
        let last = *self.last.lock().unwrap_or_else(PoisonError::into_inner);
        let due = last.map_or(now, |(began, interval)| began + interval);
        self.gather.max(due.saturating_duration_since(now))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    #[test]
    fn the_first_news_should_be_painted_soon_and_the_next_wait_for_their_turn() {
        let (pace, start) = (Pace::new(true), Instant::now());
        assert_eq!(pace.delay(start), GATHER_STILL);
        pace.frame(start, None);
        assert_eq!(pace.delay(start + 5 * MS), 120 * MS);
        assert_eq!(pace.delay(start + 124 * MS), GATHER_STILL);
        assert_eq!(pace.delay(start + 10 * INTERVAL_STILL), GATHER_STILL);
    }

    #[test]
    fn frames_that_cost_much_should_become_rare() {
        let (pace, start) = (Pace::new(true), Instant::now());
        pace.frame(start, Some(100 * MS));
        assert_eq!(pace.delay(start), 500 * MS);
    }

    #[test]
    fn a_gpu_should_paint_news_at_once() {
        let (pace, start) = (Pace::new(false), Instant::now());
        pace.frame(start, Some(100 * MS));
        assert_eq!(pace.delay(start), GATHER);
    }
}
