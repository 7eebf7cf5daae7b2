//! Latents that wait to be shown: asked for by the window, answered by the inference thread whenever it has a moment.

use std::collections::VecDeque;
use std::sync::Mutex;

use crossbeam_channel::{Receiver, Sender, bounded};

use crate::job::DecodeRequest;
use crate::lock;

/// Requests that may wait.
const MAX_WAITING: usize = 64;

/// Requests in the order they were made. The thread that answers them waits for [`Self::added`].
#[derive(Debug)]
pub(super) struct DecodeQueue {
    waiting: Mutex<VecDeque<DecodeRequest>>,
    /// Holds one message while requests may have been added since the last one was received.
    added: (Sender<()>, Receiver<()>),
}

impl DecodeQueue {
    pub(super) fn new() -> Self {
        Self {
            waiting: Mutex::default(),
            added: bounded(1),
        }
    }

    /// Puts a request at the end; `false` if too many wait already.
    pub(super) fn push(&self, request: DecodeRequest) -> bool {
        let mut waiting = lock(&self.waiting);
        let has_room = waiting.len() < MAX_WAITING;
        if has_room {
            waiting.push_back(request);
            self.added.0.try_send(()).ok(); // full is as good as sent
        }
        has_room
    }

    /// A channel that has a message whenever requests were added.
    pub(super) fn added(&self) -> &Receiver<()> {
        &self.added.1
    }

    /// Takes the oldest request.
    pub(super) fn pop(&self) -> Option<DecodeRequest> {
        lock(&self.waiting).pop_front()
    }

    /// Takes the oldest request of those that `is_wanted`.
    pub(super) fn pop_if(&self, is_wanted: impl Fn(&DecodeRequest) -> bool) -> Option<DecodeRequest> {
        let mut waiting = lock(&self.waiting);
        let place = waiting.iter().position(is_wanted)?;
        waiting.remove(place)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::job::{LatentPlane, ModelRef, Precision, PreviewMode, Tiling};

    fn request(ticket: u64, model: ModelRef) -> DecodeRequest {
        DecodeRequest {
            ticket,
            model,
            vae: None,
            precision: Precision::Auto,
            mode: PreviewMode::Auto,
            tiling: Tiling::default(),
            latents: Arc::new(LatentPlane::default()),
        }
    }

    #[test]
    fn one_message_should_stand_for_all_requests_that_were_added() {
        let queue = DecodeQueue::new();
        (0..3).for_each(|ticket| assert!(queue.push(request(ticket, ModelRef::Starter))));
        assert_eq!(queue.added().len(), 1, "the thread is woken once");
        let tickets: Vec<u64> = std::iter::from_fn(|| queue.pop())
            .map(|request| request.ticket)
            .collect();
        assert_eq!(tickets, [0, 1, 2]);
    }

    #[test]
    fn a_full_queue_should_refuse_and_those_that_are_wanted_should_come_first() {
        let queue = DecodeQueue::new();
        assert!(queue.push(request(0, ModelRef::Flowers)));
        (1..MAX_WAITING as u64).for_each(|ticket| assert!(queue.push(request(ticket, ModelRef::Starter))));
        assert!(
            !queue.push(request(99, ModelRef::Starter)),
            "{MAX_WAITING} wait already"
        );
        let first = queue.pop_if(|request| request.model == ModelRef::Starter);
        assert_eq!(first.map(|request| request.ticket), Some(1));
        assert_eq!(queue.pop().map(|request| request.ticket), Some(0));
    }
}
