//! What the window may ask of a job that is already running.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use super::Change;

/// Shared between the submitter of a job and the thread that runs it, which reads it before every step.
#[derive(Debug, Default)]
pub struct JobControl {
    cancelled: AtomicBool,
    pending: Mutex<PendingControls>,
    changed: Condvar,
}

/// What was asked for and not yet done.
#[derive(Debug, Default)]
struct PendingControls {
    is_paused: bool,
    /// Steps that may be taken all the same.
    single_steps: u32,
    back_to: Option<u32>,
    is_to_end: bool,
    changes: Vec<Change>,
}

/// What a run shall do before its next step.
#[derive(Debug, Clone, PartialEq)]
pub enum NextAction {
    /// Take it.
    Go,
    /// Take it by these changes, in order; their steps are not to be looked at.
    Change(Vec<Change>),
    /// Go back to the beginning of an earlier step, counted as records do.
    Back(u32),
    /// Take no more: the newest estimate is the picture.
    End,
}

impl JobControl {
    /// Asks the job to stop; it does so before its next network call.
    pub fn cancel(&self) {
        self.cancelled.store(true, Ordering::Relaxed);
        self.request(|pending| pending.is_paused = false);
    }

    /// Whether the job was asked to stop.
    pub fn is_cancelled(&self) -> bool {
        self.cancelled.load(Ordering::Relaxed)
    }

    /// Asks the run to wait before its next step.
    pub fn pause(&self) {
        self.request(|pending| pending.is_paused = true);
    }

    /// Lets a waiting run go on.
    pub fn resume(&self) {
        self.request(|pending| pending.is_paused = false);
    }

    /// Lets a waiting run take one step and wait again.
    pub fn single_step(&self) {
        self.request(|pending| {
            pending.is_paused = true;
            pending.single_steps += 1;
        });
    }

    /// Sends the run back to the beginning of an earlier step.
    pub fn back_to(&self, step: u32) {
        self.request(|pending| pending.back_to = Some(step));
    }

    /// Ends the run after the step it is taking, with the estimate it has then as its picture.
    pub fn end_early(&self) {
        self.request(|pending| pending.is_to_end = true);
    }

    /// Changes what holds from the next step on; the change's own step does not matter.
    pub fn change(&self, change: Change) {
        self.request(|pending| pending.changes.push(change));
    }

    /// Whether the run waits or will before its next step.
    pub fn is_paused(&self) -> bool {
        self.lock().is_paused
    }

    /// What the run shall do next; waits while it is paused and nothing is asked of it.
    ///
    /// * `waiting`: called once if it has to wait.
    pub fn next_action(&self, waiting: &mut dyn FnMut()) -> NextAction {
        let mut pending = self.lock();
        let mut has_notified = false;
        loop {
            if let Some(step) = pending.back_to.take() {
                return NextAction::Back(step);
            }
            if pending.is_to_end {
                pending.is_to_end = false;
                return NextAction::End;
            }
            let may_step = !pending.is_paused || pending.single_steps > 0 || self.is_cancelled();
            if may_step {
                pending.single_steps = pending.single_steps.saturating_sub(1);
                let changes = std::mem::take(&mut pending.changes);
                return if changes.is_empty() {
                    NextAction::Go
                } else {
                    NextAction::Change(changes)
                };
            }
            if !has_notified {
                has_notified = true;
                drop(pending); // the callback may ask for something
                waiting();
                pending = self.lock();
                continue;
            }
            pending = self.changed.wait(pending).unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn request(&self, ask: impl FnOnce(&mut PendingControls)) {
        ask(&mut self.lock());
        self.changed.notify_all();
    }

    /// A poisoned lock only means that a thread panicked elsewhere: every update is made whole.
    fn lock(&self) -> MutexGuard<'_, PendingControls> {
        self.pending.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_paused_run_should_take_single_steps_and_change_what_it_does() {
        let control = JobControl::default();
        assert_eq!(control.next_action(&mut || panic!("it must not wait")), NextAction::Go);
        control.single_step();
        assert_eq!(control.next_action(&mut || ()), NextAction::Go);
        let mut waits = 0;
        let action = control.next_action(&mut || {
            waits += 1;
            control.change(Change::at(9));
            control.back_to(3);
        });
        assert_eq!((action, waits), (NextAction::Back(3), 1));
        control.resume();
        assert_eq!(control.next_action(&mut || ()), NextAction::Change(vec![Change::at(9)]));
        control.end_early();
        assert_eq!(control.next_action(&mut || ()), NextAction::End);
    }

    #[test]
    fn cancelling_should_wake_a_run_that_waits() {
        let control = JobControl::default();
        control.pause();
        std::thread::scope(|scope| {
            let action = scope.spawn(|| control.next_action(&mut || ()));
            control.cancel();
            assert_eq!(action.join().unwrap(), NextAction::Go);
        });
        assert!(control.is_cancelled());
    }
}
