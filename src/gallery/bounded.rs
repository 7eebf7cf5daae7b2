//! Work on files that is given up where it takes too long: one file must not keep the others waiting.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use crossbeam_channel::{RecvTimeoutError, Sender, bounded};

/// Longest time that is spent over one file that a person did not ask for.
pub(super) const READING_BOUND: Duration = Duration::from_secs(20);
/// Threads that were given up and still work, in the whole program, before no more work is begun.
const MAX_GIVEN_UP: usize = 4;
/// How often it is looked whether the program ends.
const TICK: Duration = Duration::from_millis(100);

/// Threads that were given up and still work.
static GIVEN_UP: AtomicUsize = AtomicUsize::new(0);

const AT_WORK: u8 = 0;
const DONE: u8 = 1;
const LEFT: u8 = 2;

/// What became of one item.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Bounded<R> {
    /// The work was done.
    Done(R),
    /// The work took longer than the bound and was given up.
    TooLong,
    /// The work was not begun, or not waited for: the program ends, or too many threads were given up.
    NotBegun,
}

/// Does `work` on each of `items`, on up to `threads` threads of its own. A thread cannot be stopped from outside, so one
/// that takes longer than `bound` over an item is left behind, and another one goes on with the next item.
///
/// * `is_ending`: once it is set, no item is begun and none is waited for.
/// * `work`: does not panic.
pub(super) fn map_bounded<T, R>(
    items: Vec<T>,
    threads: usize,
    bound: Duration,
    is_ending: &Arc<AtomicBool>,
    work: impl Fn(&T) -> R + Send + Sync + 'static,
) -> Vec<Bounded<R>>
where
    T: Send + Sync + 'static,
    R: Send + 'static,
{
    let mut outcomes: Vec<Bounded<R>> = items.iter().map(|_| Bounded::NotBegun).collect();
    let (sender, notes) = bounded(4 * items.len().max(1)); // all that can be noted, so that no thread ever waits
    let shared = Arc::new(Shared {
        states: items.iter().map(|_| AtomicU8::new(AT_WORK)).collect(),
        next: AtomicUsize::new(0),
        is_ending: Arc::clone(is_ending),
        items,
        work,
    });
    let mut num_working = (0..threads.min(outcomes.len()))
        .filter(|_| start(&shared, &sender))
        .count();
    let mut begun: Vec<(usize, Instant)> = Vec::new();
    while num_working > 0 && !is_ending.load(Ordering::Relaxed) {
        match notes.recv_timeout(TICK.min(bound)) {
            Ok(Note::Begun(place)) => begun.push((place, Instant::now())),
            Ok(Note::Done(place, result)) => {
                let is_awaited = begun.iter().position(|(other, _)| *other == place);
                if let Some(at) = is_awaited {
                    begun.swap_remove(at);
                    outcomes[place] = Bounded::Done(result);
                }
            }
            Ok(Note::Ended) => num_working -= 1,
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => break,
        }
        let (late, rest): (Vec<_>, Vec<_>) = begun.into_iter().partition(|(_, at)| at.elapsed() >= bound);
        begun = rest;
        for (place, at) in late {
            let state = &shared.states[place];
            let left = state.compare_exchange(AT_WORK, LEFT, Ordering::AcqRel, Ordering::Acquire);
            if left.is_err() {
                begun.push((place, at)); // its result is on the way
                continue;
            }
            outcomes[place] = Bounded::TooLong;
            let is_too_many = GIVEN_UP.fetch_add(1, Ordering::AcqRel) + 1 >= MAX_GIVEN_UP;
            if is_too_many || !start(&shared, &sender) {
                num_working -= 1;
            }
        }
    }
    outcomes
}

enum Note<R> {
    Begun(usize),
    Done(usize, R),
    /// A thread has found nothing more to do.
    Ended,
}

struct Shared<T, W> {
    items: Vec<T>,
    states: Vec<AtomicU8>,
    next: AtomicUsize,
    is_ending: Arc<AtomicBool>,
    work: W,
}

/// Starts a thread that takes items until none is left. Returns false if the system refuses one.
fn start<T, R, W>(shared: &Arc<Shared<T, W>>, sender: &Sender<Note<R>>) -> bool
where
    T: Send + Sync + 'static,
    R: Send + 'static,
    W: Fn(&T) -> R + Send + Sync + 'static,
{
    let (shared, sender) = (Arc::clone(shared), sender.clone());
    let run = move || {
        while !shared.is_ending.load(Ordering::Relaxed) {
            let place = shared.next.fetch_add(1, Ordering::Relaxed);
            let Some(item) = shared.items.get(place) else { break };
            sender.try_send(Note::Begun(place)).ok(); // nobody listens once the program ends
            let result = (shared.work)(item);
            if shared.states[place].swap(DONE, Ordering::AcqRel) == LEFT {
                GIVEN_UP.fetch_sub(1, Ordering::AcqRel);
                return; // another one works in its place
            }
            sender.try_send(Note::Done(place, result)).ok();
        }
        sender.try_send(Note::Ended).ok();
    };
    let started = std::thread::Builder::new().name("gallery-reader".to_owned()).spawn(run);
    if let Err(error) = &started {
        tracing::warn!("the system refused a thread: {error}");
    }
    started.is_ok()
}

#[cfg(test)]
mod tests {
    use crossbeam_channel::unbounded;

    use super::*;

    const BOUND: Duration = Duration::from_millis(100);

    /// What becomes of numbers, of which those at `slow` keep their thread until the returned channel is dropped.
    fn mapped(count: usize, threads: usize, slow: &'static [usize]) -> (Vec<Bounded<usize>>, impl Sized) {
        #[expect(clippy::disallowed_methods, reason = "nothing is sent")]
        let (held, hold) = unbounded::<()>();
        let work = move |number: &usize| {
            if slow.contains(number) {
                hold.recv().ok();
            }
            2 * number
        };
        let outcomes = map_bounded((0..count).collect(), threads, BOUND, &Arc::default(), work);
        (outcomes, held)
    }

    #[test]
    fn every_item_should_have_its_own_result() {
        let (outcomes, _held) = mapped(200, 4, &[]);
        assert_eq!(
            outcomes,
            (0..200).map(|number| Bounded::Done(2 * number)).collect::<Vec<_>>()
        );
        assert!(mapped(0, 4, &[]).0.is_empty());
    }

    #[test]
    fn an_item_that_takes_too_long_should_be_given_up_and_the_others_be_done() {
        for threads in [1, 3] {
            let (outcomes, held) = mapped(20, threads, &[0, 7]);
            for (number, outcome) in outcomes.into_iter().enumerate() {
                let expected = match number {
                    0 | 7 => Bounded::TooLong,
                    _ => Bounded::Done(2 * number),
                };
                assert_eq!(outcome, expected, "{number} on {threads} threads");
            }
            drop(held);
        }
    }

    #[test]
    fn nothing_should_be_waited_for_once_the_program_ends() {
        let is_ending = Arc::new(AtomicBool::new(false));
        let seen = Arc::clone(&is_ending);
        #[expect(clippy::disallowed_methods, reason = "nothing is sent")]
        let (held, hold) = unbounded::<()>();
        let work = move |number: &usize| {
            if *number == 3 {
                seen.store(true, Ordering::Relaxed);
                hold.recv().ok();
            }
        };
        let outcomes = map_bounded((0..9).collect(), 1, Duration::MAX, &is_ending, work);
        drop(held);
        assert_eq!(outcomes[3..], [const { Bounded::NotBegun }; 6]);
    }
}
