//! What the form says differently than a run does, of all that may change at a step.

use std::sync::Arc;

use super::draft::Draft;
use crate::job::{Change, DeviceInfo, GenerateRequest, Inexact, KeptRun, Precision};
use crate::ui::model::notifications::Text;
use crate::ui::model::playhead::Branching;
use crate::ui::model::state::AppState;
use crate::ui::pages::studio::state::StudioState;

/// What the run at work would change at its next step if it went by the form; `None` if nothing.
pub fn pending_change(page: &StudioState, app: &AppState, draft: &Draft) -> Option<Change> {
    let run = app.steerable_run().filter(|_| page.branching.is_none())?;
    let live = page.live_timeline()?;
    let wanted = draft
        .to_request()
        .ok()
        .filter(|wanted| wanted.model == live.request.model)?;
    let step = live.next_index() as u32;
    let now = run.asked.iter().fold(live.request_so_far(), |now, asked| {
        now.branched(Change { step, ..asked.clone() })
    });
    let change = Change {
        seed: None, // the form's is that of the next picture
        ..Change::between(&now.as_of(step), &wanted, step)
    };
    (!change.is_empty()).then_some(change)
}

/// What Generate would make of a branch that is being thought of.
#[derive(Debug, Clone, PartialEq)]
pub enum Plan {
    /// A branch, and why it would not be what the whole run would be.
    Branch(Box<GenerateRequest>, Option<Inexact>),
    /// Something changed that cannot change at a step.
    NewRun,
}

impl Branching {
    /// What becomes of the form.
    ///
    /// * `precision`: what it would be computed in; empty if unknown.
    pub fn plan(&self, form: &GenerateRequest, precision: &str) -> Plan {
        let base = &self.kept.record.request;
        let change = Change::between(&base.as_of(self.step), form, self.step);
        let branch = base.branched(change);
        let trimmed = |request: GenerateRequest| GenerateRequest {
            prompt: request.prompt.trim().to_owned(),
            negative_prompt: request.negative_prompt.trim().to_owned(),
            ..request
        };
        if trimmed(branch.as_of(self.step)) != trimmed(form.clone()) {
            return Plan::NewRun;
        }
        let inexact = KeptRun::why_inexact(&self.kept, &branch, self.step, "", precision);
        Plan::Branch(Box::new(branch), inexact)
    }
}

/// The number format a job of this form is computed in; empty if that is not known.
fn precision_of(precision: Precision, device: Option<&DeviceInfo>) -> &'static str {
    match (precision, device) {
        (Precision::Auto, Some(device)) => device.automatic.id(),
        (Precision::Auto, None) => "",
        (precision, _) => precision.id(),
    }
}

/// What a change changes, a text for each part.
pub fn change_texts(change: &Change) -> Vec<Text> {
    let number = |value: &Option<f64>| value.map(|value| value.to_string());
    let numbers = |values: Vec<f64>| values.iter().map(f64::to_string).collect::<Vec<_>>().join(", ");
    let loras = change.loras.as_ref().map(|loras| {
        let name = |path: &std::path::Path| path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let all = loras
            .iter()
            .map(|lora| format!("{} {}", name(&lora.path), lora.unet_weight));
        all.collect::<Vec<_>>().join(", ")
    });
    let parts: [(&'static str, Option<String>); 9] = [
        ("change-prompt", change.prompt.clone()),
        ("change-negative", change.negative_prompt.clone()),
        ("change-guidance", number(&change.guidance_scale)),
        ("change-rescale", number(&change.guidance_rescale)),
        ("change-sampler", change.sampler.clone()),
        ("change-eta", number(&change.eta)),
        ("change-seed", change.seed.map(|seed| seed.to_string())),
        ("change-loras", loras),
        ("change-controls", change.control_weights.clone().map(numbers)),
    ];
    let parts = parts.into_iter().filter_map(|(key, value)| Some((key, value?)));
    parts.map(|(key, value)| Text::new(key, [("value", value)])).collect()
}

/// The branch that is being thought of and what would become of the form, if it can become anything.
pub fn planned(page: &StudioState, app: &AppState, draft: &Draft) -> Option<(Arc<KeptRun>, u32, Plan)> {
    let branching = page.branching.as_ref()?;
    let form = draft.to_request().ok()?;
    let plan = branching.plan(&form, precision_of(app.precision, app.device.as_deref()));
    Some((Arc::clone(&branching.kept), branching.step, plan))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::job::Control;

    #[test]
    fn only_what_differs_should_be_in_the_change() {
        let now = GenerateRequest {
            prompt: "a cat".to_owned(),
            controls: vec![Control::default()],
            ..GenerateRequest::default()
        };
        let mut wanted = now.clone();
        assert!(Change::between(&now, &wanted, 3).is_empty());
        wanted.guidance_scale = -3.0;
        wanted.controls[0].weight = 0.5;
        wanted.prompt = " a cat ".to_owned();
        let expected = Change {
            guidance_scale: Some(-3.0),
            control_weights: Some(vec![0.5]),
            ..Change::at(3)
        };
        assert_eq!(Change::between(&now, &wanted, 3), expected);
        wanted.controls.clear();
        assert_eq!(
            Change::between(&now, &wanted, 3).control_weights,
            None,
            "they are others"
        );
    }
}
