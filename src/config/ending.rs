//! The end of the program, which waits for no thread that has nothing to save.

use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// Longest wait for one thread. Few can be at something longer, so that the window is gone within two seconds.
const BOUND: Duration = Duration::from_secs(1);
/// Pause between two looks at the thread.
const PAUSE: Duration = Duration::from_millis(5);

/// Waits for a thread that computes or reads to end, up to a second. What it is at then is given up with the program: files
/// are replaced as a whole, so none is torn.
pub fn join_within_bound(thread: JoinHandle<()>) {
    let start = Instant::now();
    while !thread.is_finished() {
        if start.elapsed() >= BOUND {
            tracing::warn!("the thread {:?} has not ended in time", thread.thread().name());
            return;
        }
        std::thread::sleep(PAUSE);
    }
    thread.join().ok(); // a panic has been reported by its hook
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    #[test]
    fn a_thread_should_be_waited_for_but_not_without_end() {
        let (stop, stopped) = mpsc::channel::<()>();
        let start = |work: Box<dyn FnOnce() + Send>| std::thread::Builder::new().spawn(work).unwrap();
        join_within_bound(start(Box::new(move || {
            stopped.recv().ok();
        }))); // returns, though it would never end
        let (sender, done) = mpsc::channel();
        join_within_bound(start(Box::new(move || sender.send(()).unwrap())));
        assert_eq!(done.try_recv(), Ok(()), "it was waited for");
        drop(stop);
    }
}
