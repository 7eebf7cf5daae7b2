//! Which steps the engine was asked to decode.

use std::sync::Arc;

use super::step_pictures::Quality;
use crate::job::StepRecord;

/// A step that the engine has not answered yet.
#[derive(Debug)]
pub(in crate::ui) struct AskedStep {
    /// Names the request in the engine's answer.
    pub(in crate::ui) ticket: u64,
    /// The step whose estimate is decoded.
    pub(in crate::ui) step: Arc<StepRecord>,
    /// By which decoder.
    pub(in crate::ui) quality: Quality,
}

/// Steps that the engine was asked to decode and that it has not answered yet, whichever page asked.
#[derive(Debug, Default)]
pub struct Decodes {
    asked: Vec<AskedStep>,
    last_ticket: u64,
}

impl Decodes {
    /// Whether every request has its answer.
    pub fn is_idle(&self) -> bool {
        self.asked.is_empty()
    }

    /// The ticket under which a step has been asked for already.
    pub(in crate::ui) fn ticket_of(&self, step: &Arc<StepRecord>, quality: Quality) -> Option<u64> {
        let is_same = |asked: &&AskedStep| Arc::ptr_eq(&asked.step, step) && asked.quality == quality;
        self.asked.iter().find(is_same).map(|asked| asked.ticket)
    }

    /// The ticket of the next request.
    pub(in crate::ui) fn next_ticket(&self) -> u64 {
        self.last_ticket + 1
    }

    /// Notes a request that the engine has taken.
    pub(in crate::ui) fn push(&mut self, asked: AskedStep) {
        self.last_ticket = asked.ticket;
        self.asked.push(asked);
    }

    /// The request that an answer belongs to, which is answered now.
    pub(in crate::ui) fn answered(&mut self, ticket: u64) -> Option<AskedStep> {
        let place = self.asked.iter().position(|asked| asked.ticket == ticket)?;
        Some(self.asked.remove(place))
    }

    /// Forgets every request, because another engine knows nothing of what the one before was asked.
    pub(in crate::ui) fn forget(&mut self) {
        self.asked.clear();
    }
}
