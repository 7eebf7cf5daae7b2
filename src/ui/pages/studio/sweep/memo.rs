//! The sweep that the form asks for.

use super::draft::SweepProblem;
use crate::job::Sweep;
use crate::ui::pages::studio::form::draft::Draft;

impl Draft {
    /// The sweep of the form; `None` if it asks for none.
    ///
    /// # Errors
    /// [`SweepProblem`]: whatever keeps one of the runs from being carried out.
    pub fn to_sweep(&self) -> Option<Result<Sweep, SweepProblem>> {
        if !self.sweep.is_set() {
            return None;
        }
        let base = self.to_request().map_err(SweepProblem::Base);
        let sweep = base.and_then(|base| self.sweep.of(base));
        Some(sweep.and_then(|sweep| match sweep.cells() {
            Ok(_) => Ok(sweep),
            Err(error) => Err(SweepProblem::Sweep(error)),
        }))
    }
}

/// The sweep of the form, worked out anew only when the form has changed, because every request of it is checked.
#[derive(Default)]
pub(in crate::ui) struct SweepMemo {
    known: Option<(Draft, Option<Result<Sweep, SweepProblem>>)>,
}

impl SweepMemo {
    /// What [`Draft::to_sweep`] gives.
    pub(in crate::ui) fn of(&mut self, draft: &Draft) -> Option<&Result<Sweep, SweepProblem>> {
        if !draft.sweep.is_set() {
            return None;
        }
        if self.known.as_ref().is_none_or(|(of, _)| of != draft) {
            self.known = Some((draft.clone(), draft.to_sweep()));
        }
        self.known.as_ref()?.1.as_ref()
    }
}
