//! What is typed in the form: what undo goes back to, and what is kept for the next start.

use super::draft::Draft;
use crate::job::{GenerateRequest, PreviewMode};
use crate::ui::pages::studio::sweep::draft::SweepDraft;

/// Everything in a [`Draft`] that the user typed.
#[derive(Debug, Clone, PartialEq, Default, serde::Serialize, serde::Deserialize)]
#[serde(default)]
pub struct FormContent {
    /// [`Draft::request`]; its seed is 0 unless it is locked.
    pub request: GenerateRequest,
    /// [`Draft::is_seed_locked`].
    pub is_seed_locked: bool,
    /// [`Draft::preview`].
    pub preview: PreviewMode,
    /// [`Draft::sweep`].
    pub sweep: SweepDraft,
}

impl FormContent {
    /// What is typed now.
    pub fn of(draft: &Draft) -> Self {
        let Draft {
            request,
            is_seed_locked,
            preview,
            sweep,
            defaults: _,
            follows_model: _,
        } = draft;
        let mut request = request.clone();
        if !is_seed_locked {
            request.seed = 0; // drawn anew for each picture, so it is not something the user typed
        }
        Self {
            request,
            is_seed_locked: *is_seed_locked,
            preview: *preview,
            sweep: sweep.clone(),
        }
    }

    /// Types it again.
    pub fn put_into(self, draft: &mut Draft) {
        let seed = draft.request.seed;
        draft.request = self.request;
        if !self.is_seed_locked {
            draft.request.seed = seed;
        }
        draft.is_seed_locked = self.is_seed_locked;
        draft.preview = self.preview;
        draft.sweep = self.sweep;
        draft.follows_model = false;
    }
}
