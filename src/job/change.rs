//! Changes of mind in the middle of a run, and where a run branched off another.
//!
//! There is one idea behind steering, branching and switching prompts: **a change belongs to a step**, and the request
//! lists all of them. A run that is steered writes them down as they come, a branch is the request of its parent with
//! one more, and either is made again from its request alone. A kept trajectory only saves the steps that are the same.

use super::{GenerateRequest, LoraSpec, MAX_STEPS, RequestError};

/// What is different from one step on. What is `None` stays as it was.
#[derive(Debug, Clone, PartialEq, Default, serde::Serialize, serde::Deserialize)]
#[serde(default)]
pub struct Change {
    /// The first step that goes by it, from 0. Steps are counted as [`StepRecord::index`](super::StepRecord::index)
    /// does; those of a second pass count on after the request's.
    pub step: u32,
    /// What to draw.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub prompt: Option<String>,
    /// What to stay away from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub negative_prompt: Option<String>,
    /// Guidance scale; takes the place of a schedule of scales too.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub guidance_scale: Option<f64>,
    /// φ.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub guidance_rescale: Option<f64>,
    /// Sampler, which goes on over the same noise levels.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sampler: Option<String>,
    /// Noise added by DDIM and TCD.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub eta: Option<f64>,
    /// Seed of the noise that steps add from here on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seed: Option<u64>,
    /// All adapters from here on, in place of those before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub loras: Option<Vec<LoraSpec>>,
    /// How much each of the request's controls counts from here on, in their order.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub control_weights: Option<Vec<f64>>,
}

impl Change {
    /// Nothing, at a step.
    pub fn at(step: u32) -> Self {
        Self {
            step,
            ..Self::default()
        }
    }

    /// Whether it changes nothing.
    pub fn is_empty(&self) -> bool {
        *self == Self::at(self.step)
    }

    /// Both changes in one, of which `later` wins; the step stays.
    #[must_use]
    pub fn then(self, later: Self) -> Self {
        Self {
            step: self.step,
            prompt: later.prompt.or(self.prompt),
            negative_prompt: later.negative_prompt.or(self.negative_prompt),
            guidance_scale: later.guidance_scale.or(self.guidance_scale),
            guidance_rescale: later.guidance_rescale.or(self.guidance_rescale),
            sampler: later.sampler.or(self.sampler),
            eta: later.eta.or(self.eta),
            seed: later.seed.or(self.seed),
            loras: later.loras.or(self.loras),
            control_weights: later.control_weights.or(self.control_weights),
        }
    }

    pub(super) fn validate(&self, request: &GenerateRequest) -> Result<(), RequestError> {
        if self.step >= 2 * MAX_STEPS {
            return Err(RequestError::Range {
                field: "step of a change",
                expected: format!("0 to {}", 2 * MAX_STEPS - 1),
                found: self.step.to_string(),
            });
        }
        let weights = self.control_weights.as_deref().unwrap_or_default();
        let numbers = [("guidance", self.guidance_scale), ("rescale φ", self.guidance_rescale)];
        let numbers = numbers.into_iter().filter_map(|(field, value)| Some((field, value?)));
        for (field, found) in numbers.chain(weights.iter().map(|weight| ("control weight", *weight))) {
            if !found.is_finite() {
                return Err(RequestError::NotFinite { field, found });
            }
        }
        if let Some(found) = self.eta.filter(|eta| !(0.0..=1.0).contains(eta)) {
            return Err(RequestError::Eta { found });
        }
        if let Some(weights) = &self.control_weights
            && weights.len() != request.controls.len()
        {
            return Err(RequestError::Range {
                field: "number of control weights",
                expected: request.controls.len().to_string(),
                found: weights.len().to_string(),
            });
        }
        self.loras.iter().flatten().try_for_each(LoraSpec::validate)
    }
}

/// Where a run left another one.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Origin {
    /// [`Record::run_id`](super::Record::run_id) of the run it left.
    pub run_id: String,
    /// The first step that is its own, from 0.
    pub step: u32,
}

impl GenerateRequest {
    /// Everything that changes on the way, prompt switches too, in the order of the steps.
    pub fn all_changes(&self) -> Vec<Change> {
        let switches = self.prompt_switches.iter().map(|switch| Change {
            prompt: Some(switch.prompt.clone()),
            ..Change::at(switch.step)
        });
        let mut all: Vec<Change> = switches.chain(self.changes.iter().cloned()).collect();
        all.sort_by_key(|change| change.step);
        all
    }

    /// What holds at one step: the request with all changes up to it made, and none to come.
    #[must_use]
    pub fn as_of(&self, step: u32) -> Self {
        let mut now = Self {
            changes: Vec::new(),
            prompt_switches: Vec::new(),
            stop_after: None,
            ..self.clone()
        };
        for change in self.all_changes() {
            if change.step <= step {
                now.take(change);
            }
        }
        now
    }

    /// Makes a change from the beginning.
    fn take(&mut self, change: Change) {
        fn set<T>(field: &mut T, value: Option<T>) {
            if let Some(value) = value {
                *field = value;
            }
        }
        if change.guidance_scale.is_some() {
            self.guidance_schedule.clear();
        }
        set(&mut self.prompt, change.prompt);
        set(&mut self.negative_prompt, change.negative_prompt);
        set(&mut self.guidance_scale, change.guidance_scale);
        set(&mut self.guidance_rescale, change.guidance_rescale);
        set(&mut self.sampler, change.sampler);
        set(&mut self.eta, change.eta);
        set(&mut self.seed, change.seed);
        set(&mut self.loras, change.loras);
        for (control, weight) in self.controls.iter_mut().zip(change.control_weights.unwrap_or_default()) {
            control.weight = weight;
        }
    }

    /// The same request with one change more, which takes the place of what was to change at that step or later.
    #[must_use]
    pub fn branched(&self, change: Change) -> Self {
        let mut branch = self.clone();
        branch.changes.retain(|other| other.step < change.step);
        branch.prompt_switches.retain(|switch| switch.step < change.step);
        branch.stop_after = None;
        let held = self.all_changes().into_iter().filter(|other| other.step == change.step);
        let change = held.fold(Change::at(change.step), Change::then).then(change);
        if !change.is_empty() {
            branch.changes.push(change);
        }
        branch
    }

    /// On how many of their first steps two requests for one picture each are the same run.
    pub fn shared_steps(&self, other: &Self) -> u32 {
        let steps = self.steps.min(other.steps);
        let start = |request: &Self| {
            let now = request.as_of(0);
            Self {
                // The seed of the start's noise is that of the request, whatever changes.
                seed: request.seed,
                ..now
            }
        };
        if start(self) != start(other) {
            return 0;
        }
        let mut changed: Vec<u32> = self.all_changes().iter().map(|change| change.step).collect();
        changed.extend(other.all_changes().iter().map(|change| change.step));
        changed.sort_unstable();
        let differs = changed.into_iter().find(|step| self.as_of(*step) != other.as_of(*step));
        let stops = [self.stop_after, other.stop_after].into_iter().flatten().min();
        let passes = if self.hires.is_some() { 2 * MAX_STEPS } else { steps };
        differs.unwrap_or(passes).min(stops.unwrap_or(passes)).min(passes)
    }
}

#[cfg(test)]
mod tests {
    use super::super::PromptSwitch;
    use super::*;

    fn request() -> GenerateRequest {
        GenerateRequest {
            prompt: "a cat".to_owned(),
            steps: 10,
            prompt_switches: vec![PromptSwitch {
                step: 6,
                prompt: "a dog".to_owned(),
            }],
            ..GenerateRequest::default()
        }
    }

    fn guided(step: u32, scale: f64) -> Change {
        Change {
            guidance_scale: Some(scale),
            ..Change::at(step)
        }
    }

    #[test]
    fn what_holds_at_a_step_should_be_the_newest_change() {
        let mut request = request();
        request.changes = vec![guided(3, 2.0), guided(8, -1.0)];
        let at = |step| {
            let now = request.as_of(step);
            (now.prompt, now.guidance_scale)
        };
        assert_eq!(at(2), ("a cat".to_owned(), 5.0));
        assert_eq!(at(3), ("a cat".to_owned(), 2.0));
        assert_eq!(at(7), ("a dog".to_owned(), 2.0));
        assert_eq!(at(9), ("a dog".to_owned(), -1.0));
    }

    #[test]
    fn a_branch_should_share_the_steps_before_its_change() {
        let parent = request();
        let branch = parent.branched(guided(4, 9.0));
        assert_eq!(branch.prompt_switches, [], "what was to change later is gone");
        assert_eq!(parent.shared_steps(&branch), 4);
        assert_eq!(parent.shared_steps(&parent), 10);
        assert_eq!(parent.shared_steps(&GenerateRequest { seed: 9, ..request() }), 0);
        let same = parent.branched(Change::at(6));
        assert_eq!(same.as_of(9), parent.as_of(9), "the switch at the step itself stays");
    }

    #[test]
    fn later_noise_should_not_change_the_start() {
        let parent = request();
        let branch = parent.branched(Change {
            seed: Some(77),
            ..Change::at(0)
        });
        assert_eq!(branch.shared_steps(&parent), 0);
        assert_eq!(branch.seed, parent.seed);
    }

    #[test]
    fn a_change_that_fits_no_run_should_be_refused() {
        for change in [
            guided(1, f64::INFINITY),
            guided(5000, 1.0),
            Change {
                control_weights: Some(vec![1.0]),
                ..Change::at(0)
            },
            Change {
                eta: Some(2.0),
                ..Change::at(0)
            },
        ] {
            let request = GenerateRequest {
                changes: vec![change.clone()],
                ..request()
            };
            assert!(request.validate().is_err(), "{change:?}");
        }
    }
}
