//! Two models that take turns in one run.

use candle_core::Device;

use super::Scheduler;
use super::families::Prompted;
use super::predictor::{Predicted, Predictor, Query};

/// A model for the first steps of a run and, if there is one, another for the last.
pub(super) struct Relay<'a> {
    pub(super) first: Prompted<'a>,
    /// From which step on the other one is asked.
    pub(super) second: Option<(usize, Prompted<'a>)>,
}

impl Predictor for Relay<'_> {
    fn device(&self) -> &Device {
        self.first.device()
    }

    fn scheduler(&self) -> &Scheduler {
        self.first.scheduler()
    }

    fn tokens(&self, step: usize) -> Vec<String> {
        self.first.tokens(step)
    }

    fn predict(&self, query: &Query<'_>) -> candle_core::Result<Predicted> {
        match &self.second {
            Some((step, second)) if query.step >= *step => second.predict(query),
            _ => self.first.predict(query),
        }
    }
}
