//! Has the engine decode steps of runs.

use std::path::PathBuf;
use std::sync::Arc;

use super::model::decodes::AskedStep;
use super::model::notifications::{Level, Text};
use super::model::state::AppState;
use super::model::step_pictures::Quality;
use super::services::Services;
use crate::job::{DecodeRequest, GenerateRequest, JobError, PreviewMode, StepRecord};

/// Asks for the picture of a step, unless it has been asked for already. The answer is [`crate::job::Event::Decoded`].
///
/// * `made_by`: the request of the run that the step belongs to.
///
/// Returns the ticket of the answer; `None` if no engine could take the request, or if the model must not be opened.
pub(super) fn ask(
    state: &mut AppState,
    services: &Services,
    made_by: &GenerateRequest,
    step: Arc<StepRecord>,
    quality: Quality,
) -> Option<u64> {
    if let Some(ticket) = state.decodes.ticket_of(&step, quality) {
        return Some(ticket);
    }
    let is_held = |path: &PathBuf| state.is_stranger(path);
    if state.is_strange_model(&made_by.model) || made_by.vae.as_ref().is_some_and(is_held) {
        return None; // the form asks about them when its settings are used
    }
    let engine = services.engine.as_ref()?;
    let ticket = state.decodes.next_ticket();
    let request = DecodeRequest {
        ticket,
        model: made_by.model.clone(),
        vae: made_by.vae.clone(),
        precision: state.precision,
        mode: match quality {
            Quality::Quick => PreviewMode::Auto,
            Quality::Exact => PreviewMode::Vae,
        },
        tiling: made_by.joined_edges(),
        latents: Arc::new(step.x0.clone()),
    };
    if let Err(error) = engine.decode(request) {
        let reason = [("reason", &JobError::from(&error))];
        state
            .notices
            .notify(Level::Error, Text::new("notice-failed-internal", reason));
        return None;
    }
    state.decodes.push(AskedStep { ticket, step, quality });
    Some(ticket)
}
