//! Undo and redo of the form.

use std::sync::{Arc, Weak};

use egui::util::undoer::Undoer;

use super::content::FormContent;
use super::draft::Draft;
use crate::ui::model::playhead::Branching;

/// What an undo step goes back to: everything that is typed, and the branch that it is typed for.
#[derive(Debug, Clone)]
struct Snapshot {
    content: FormContent,
    /// A weak reference, so that a run does not stay in memory for as long as a step of the history does.
    branching: Weak<Branching>,
}

impl PartialEq for Snapshot {
    fn eq(&self, other: &Self) -> bool {
        self.content == other.content && self.branching.ptr_eq(&other.branching)
    }
}

impl Snapshot {
    fn of(draft: &Draft, branching: Option<&Arc<Branching>>) -> Self {
        Self {
            content: FormContent::of(draft),
            branching: branching.map(Arc::downgrade).unwrap_or_default(),
        }
    }
}

/// The history of the form.
///
/// Edits in quick succession, such as the letters of a word or the drag of a slider, are one step. A form that is
/// overwritten as a whole is always a step of its own, see [`Self::mark`].
#[derive(Default)]
pub(in crate::ui) struct FormHistory {
    undoer: Undoer<Snapshot>,
    /// The newest branch, so that undo finds it again after it was left.
    branching: Option<Arc<Branching>>,
    /// Whether there was a step back, and one forward, when the form was looked at last.
    has_steps: [bool; 2],
}

impl FormHistory {
    /// Looks for edits; to be called once in every frame.
    ///
    /// * `now`: the clock of the window, in seconds.
    pub(in crate::ui) fn watch(&mut self, now: f64, draft: &Draft, branching: Option<&Arc<Branching>>) {
        if let Some(branching) = branching {
            self.branching = Some(Arc::clone(branching));
        }
        let snapshot = Snapshot::of(draft, branching);
        self.undoer.feed_state(now, &snapshot);
        self.has_steps = [self.undoer.has_undo(&snapshot), self.undoer.has_redo(&snapshot)];
    }

    /// Whether there is a step back.
    pub(in crate::ui) fn can_undo(&self) -> bool {
        self.has_steps[0]
    }

    /// Whether there is a step forward.
    pub(in crate::ui) fn can_redo(&self) -> bool {
        self.has_steps[1]
    }

    /// Makes what stands in the form a step that undo returns to; to be called before the form is overwritten.
    pub(in crate::ui) fn mark(&mut self, draft: &Draft, branching: Option<&Arc<Branching>>) {
        self.undoer.add_undo(&Snapshot::of(draft, branching));
    }

    /// Goes one step back; whether there was one.
    pub(in crate::ui) fn undo(&mut self, draft: &mut Draft, branching: &mut Option<Arc<Branching>>) -> bool {
        let now = Snapshot::of(draft, branching.as_ref());
        let before = self.undoer.undo(&now).cloned();
        Self::go_to(before, draft, branching)
    }

    /// Goes one step forward again; whether there was one.
    pub(in crate::ui) fn redo(&mut self, draft: &mut Draft, branching: &mut Option<Arc<Branching>>) -> bool {
        let now = Snapshot::of(draft, branching.as_ref());
        let after = self.undoer.redo(&now).cloned();
        Self::go_to(after, draft, branching)
    }

    fn go_to(there: Option<Snapshot>, draft: &mut Draft, branching: &mut Option<Arc<Branching>>) -> bool {
        let Some(there) = there else { return false };
        *branching = there.branching.upgrade();
        there.content.put_into(draft);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::job::GenerateRequest;

    #[test]
    fn an_overwritten_form_should_come_back_as_it_was_and_go_again() {
        let (mut history, mut draft, mut branching) = (FormHistory::default(), Draft::default(), None);
        history.watch(0.0, &draft, None);
        draft.request.steps = 7;
        history.watch(0.1, &draft, None);
        let typed = draft.clone();
        history.mark(&draft, None);
        draft.restore(&GenerateRequest {
            prompt: "another".to_owned(),
            ..GenerateRequest::default()
        });
        let restored = draft.clone();
        history.watch(0.2, &draft, None);

        assert!(history.undo(&mut draft, &mut branching));
        assert_eq!(draft.request.steps, typed.request.steps);
        assert_eq!(
            (&draft.request.prompt, draft.is_seed_locked),
            (&typed.request.prompt, false)
        );
        assert!(history.redo(&mut draft, &mut branching));
        assert_eq!(draft, restored);
        assert!(!history.redo(&mut draft, &mut branching), "there is nothing newer");
        assert!(history.undo(&mut draft, &mut branching) && history.undo(&mut draft, &mut branching));
        assert_eq!(draft.request.steps, Draft::default().request.steps);
        assert!(!history.undo(&mut draft, &mut branching), "there is nothing older");
    }

    #[test]
    fn a_seed_that_is_drawn_should_be_no_step() {
        let (mut history, mut draft, mut branching) = (FormHistory::default(), Draft::default(), None);
        for second in 0..4 {
            draft.roll_seed();
            history.watch(f64::from(second) * 2.0, &draft, None);
        }
        assert!(!history.undo(&mut draft, &mut branching), "nobody typed a seed");
    }
}
