//! The search field: what is typed, when it is asked for, and what came of it.

use crate::gallery::query::QueryError;
use crate::gallery::{Completion, Ticket};

/// How long typing has to pause before it is searched for, in seconds.
const PAUSE_SECS: f64 = 0.06;
/// Searches that are remembered.
const MAX_HISTORY: usize = 20;

/// The search field.
#[derive(Debug, Default)]
pub struct Search {
    /// What is in it.
    pub text: String,
    /// Why that could not be understood.
    pub error: Option<QueryError>,
    /// How it may go on.
    pub completions: Vec<Completion>,
    /// Whether its language is explained.
    pub is_explained: bool,
    /// Searches of before, the newest first.
    pub history: Vec<String>,
    caret: usize,
    /// When the text was changed and not yet asked for, by the clock of the window in seconds.
    changed_at: Option<f64>,
    completes_at: Option<f64>,
    awaited: Option<Ticket>,
    completion_awaited: Option<Ticket>,
}

impl Search {
    /// Takes in what is typed.
    ///
    /// * `caret`: in bytes.
    /// * `now`: by the clock of the window, in seconds.
    pub(super) fn typed(&mut self, text: String, caret: usize, now: f64) {
        if text != self.text {
            self.changed_at = Some(now);
            self.error = None;
        }
        self.completes_at = Some(now);
        self.caret = caret.min(text.len());
        self.text = text;
    }

    /// Puts another text into the field, which is searched for at once.
    pub(super) fn replace(&mut self, text: String) {
        self.completions.clear();
        self.completes_at = None;
        self.completion_awaited = None;
        self.caret = text.len();
        self.error = None;
        self.text = text;
        self.changed_at = Some(f64::NEG_INFINITY);
    }

    /// Remembers what is in the field.
    pub(super) fn remember(&mut self) {
        let text = self.text.trim();
        if text.is_empty() || self.error.is_some() {
            return;
        }
        let text = text.to_owned();
        self.history.retain(|old| *old != text);
        self.history.insert(0, text);
        self.history.truncate(MAX_HISTORY);
    }

    /// Whether the text has to be asked for now.
    pub(super) fn is_due(&self, now: f64) -> bool {
        self.changed_at.is_some_and(|at| now - at >= PAUSE_SECS)
    }

    pub(super) fn asked(&mut self, ticket: Ticket) {
        self.changed_at = None;
        self.awaited = Some(ticket);
    }

    /// Whether the index is at work on it, or will be.
    pub fn is_waiting(&self) -> bool {
        self.changed_at.is_some() || self.awaited.is_some()
    }

    /// Takes the answer to the newest question only.
    pub(super) fn answered(&mut self, ticket: Ticket) -> bool {
        self.awaited.take_if(|awaited| *awaited == ticket).is_some()
    }

    /// What to ask for completions, if it is time.
    pub(super) fn completion_due(&self, now: f64) -> Option<(String, usize)> {
        let is_due = self.completes_at.is_some_and(|at| now - at >= PAUSE_SECS);
        is_due.then(|| (self.text.clone(), self.caret))
    }

    pub(super) fn completion_asked(&mut self, ticket: Ticket) {
        self.completes_at = None;
        self.completion_awaited = Some(ticket);
    }

    pub(super) fn take_completions(&mut self, ticket: Ticket, completions: Vec<Completion>) {
        if self.completion_awaited.take_if(|awaited| *awaited == ticket).is_some() {
            self.completions = completions;
        }
    }

    /// How long until something is due, in seconds.
    pub(super) fn secs_left(&self, now: f64) -> Option<f64> {
        [self.changed_at, self.completes_at]
            .into_iter()
            .flatten()
            .map(|at| (at + PAUSE_SECS - now).max(0.0))
            .reduce(f64::min)
    }

    /// An answer that will not come is no longer waited for.
    pub(super) fn give_up(&mut self) {
        self.awaited = None;
        self.completion_awaited = None;
    }
}
