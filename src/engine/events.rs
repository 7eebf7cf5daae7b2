//! The event channel: life-cycle events always arrive, steps only if the listener keeps up.

use std::sync::Arc;

use crossbeam_channel::Sender;

use crate::job::{Event, StepEvent};

/// The listener of the events is gone, which ends the inference thread.
#[derive(Debug, thiserror::Error)]
#[error("nobody listens to the engine any more")]
pub(super) struct EngineGone;

/// The worker's end of the event channel.
pub(super) struct EventSender {
    events: Sender<Event>,
    wake: Arc<dyn Fn() + Send + Sync>,
}

impl EventSender {
    pub(super) fn new(events: Sender<Event>, wake: Arc<dyn Fn() + Send + Sync>) -> Self {
        Self { events, wake }
    }

    /// Droppable unless every step is to be kept: the next one supersedes it, so a slow window never slows the
    /// inference.
    pub(super) fn step(&self, event: StepEvent, keep_every_step: bool) {
        if keep_every_step {
            self.lifecycle(Event::Step(event)).ok();
        } else {
            self.events.try_send(Event::Step(event)).ok();
            (self.wake)();
        }
    }

    /// Never dropped; fails only when the listener is gone, which ends the worker.
    pub(super) fn lifecycle(&self, event: Event) -> Result<(), EngineGone> {
        let sent = self.events.send(event).map_err(|_gone| EngineGone);
        (self.wake)();
        sent
    }
}
