//! When the window is painted for what other threads have to tell.
//!
//! Where the processor draws, a frame takes the cores that compute the picture. News therefore waits until the next
//! frame is due and shares it; what the user does is painted at once, by egui's own way.

use std::sync::Mutex;
use std::time::{Duration, Instant};

/// How long news is gathered before it causes a frame, when the processor draws.
const GATHER_STILL: Duration = Duration::from_millis(25);
/// The same with a GPU. Not zero: that would ask for two frames.
const GATHER: Duration = Duration::from_millis(1);
/// Shortest time between two frames for news, when the processor draws.
const INTERVAL_STILL: Duration = Duration::from_millis(125);
/// The same for each million pixels of the window: drawing them takes about a third of this on one core (measured with
/// lavapipe at 2 GHz, 0.8 to 1 million pixels), and the cost grows with the area.
const INTERVAL_PER_MEGAPIXEL: Duration = Duration::from_millis(250);
/// Windows beyond this are not painted less often still; four seconds are long enough.
const MAX_PIXELS: f32 = 16e6;

/// Decides how soon news is painted. Shared by the window and the threads that have news.
pub(super) struct Throttle {
    is_still: bool,
    /// When the last frame began, and how long to wait after it.
    last: Mutex<Option<(Instant, Duration)>>,
}

impl Throttle {
    /// * `is_still`: whether the processor draws.
    pub(super) fn new(is_still: bool) -> Self {
        Self {
            is_still,
            last: Mutex::default(),
        }
    }

    /// Notes that a frame begins, for whatever reason: it takes in all news so far.
    ///
    /// * `pixels`: of the window.
    pub(super) fn frame(&self, now: Instant, pixels: f32) {
        let interval = if self.is_still {
            let pixels = if pixels.is_nan() {
                0.0
            } else {
                pixels.clamp(0.0, MAX_PIXELS)
            };
            INTERVAL_STILL.max(INTERVAL_PER_MEGAPIXEL.mul_f32(pixels / 1e6))
        } else {
            Duration::ZERO
        };
        *crate::lock(&self.last) = Some((now, interval));
    }

    /// How long news that comes now has to wait for its frame; never zero.
    pub(super) fn delay(&self, now: Instant) -> Duration {
        let last = *crate::lock(&self.last);
        let due = last.map_or(now, |(began, interval)| began + interval);
        let gather = if self.is_still { GATHER_STILL } else { GATHER };
        gather.max(due.saturating_duration_since(now))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    #[test]
    fn the_first_news_should_be_painted_soon_and_the_next_wait_for_their_turn() {
        let (throttle, start) = (Throttle::new(true), Instant::now());
        assert_eq!(throttle.delay(start), GATHER_STILL);
        throttle.frame(start, 0.1e6);
        assert_eq!(throttle.delay(start + 5 * MS), 120 * MS);
        assert_eq!(throttle.delay(start + 124 * MS), GATHER_STILL);
        assert_eq!(throttle.delay(start + 10 * INTERVAL_STILL), GATHER_STILL);
    }

    #[test]
    fn large_windows_should_be_painted_less_often() {
        let (throttle, start) = (Throttle::new(true), Instant::now());
        throttle.frame(start, 2e6);
        assert_eq!(throttle.delay(start), 500 * MS);
        for impossible in [f32::INFINITY, f32::NAN, -1.0, 1e30] {
            throttle.frame(start, impossible);
            assert!(throttle.delay(start) <= 4000 * MS, "{impossible} pixels");
        }
    }

    #[test]
    fn a_gpu_should_paint_news_at_once() {
        let (throttle, start) = (Throttle::new(false), Instant::now());
        throttle.frame(start, 8e6);
        assert_eq!(throttle.delay(start), GATHER);
    }
}
