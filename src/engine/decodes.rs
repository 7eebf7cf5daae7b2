//! Latents that wait to be shown: asked for by the window, answered by the inference thread whenever it has a moment.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::job::DecodeRequest;

/// Questions that may wait.
const MAX_WAITING: usize = 64;

/// Questions in the order they were asked.
#[derive(Debug, Default)]
pub(super) struct Decodes(Mutex<VecDeque<DecodeRequest>>);

impl Decodes {
    /// Asks; `false` if too many wait already.
    pub(super) fn ask(&self, request: DecodeRequest) -> bool {
        let mut waiting = self.lock();
        let has_room = waiting.len() < MAX_WAITING;
        if has_room {
            waiting.push_back(request);
        }
        has_room
    }

    /// The oldest question.
    pub(super) fn take(&self) -> Option<DecodeRequest> {
        self.lock().pop_front()
    }

    /// The oldest question of those that `is_wanted`.
    pub(super) fn take_if(&self, is_wanted: impl Fn(&DecodeRequest) -> bool) -> Option<DecodeRequest> {
        let mut waiting = self.lock();
        let place = waiting.iter().position(is_wanted)?;
        waiting.remove(place)
    }

    /// A poisoned lock only means that another thread panicked between two whole operations.
    fn lock(&self) -> MutexGuard<'_, VecDeque<DecodeRequest>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
