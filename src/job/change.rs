//! Changes of mind in the middle of a run, and where a run branched off another.
//!
//! There is one idea behind steering, branching and switching prompts: **a change belongs to a step**, and the request
//! lists all of them. A run that is steered writes them down as they come, a branch is the request of its parent with
//! one more, and either is made again from its request alone. A kept trajectory only saves the steps that are the same.

use super::{GenerateRequest, LoraSpec, MAX_STEPS, RequestError};

/// Declares [`Change`] from the table of what may change at a step: each field, how it is read from a request and written
/// to it, and what the networks have to be conditioned on anew for it (`None`: the denoise loop sees to it).
macro_rules! changes {
    ($($(#[$doc:meta])* $field:ident: $type:ty { get: $get:expr, set: $set:expr, conditioning: $conditioning:expr })*) => {
        /// What is different from one step on. What is `None` stays as it was.
        #[derive(Debug, Clone, PartialEq, Default, serde::Serialize, serde::Deserialize)]
        #[serde(default)]
        pub struct Change {
            /// The first step that goes by it, from 0. Steps are counted as
            /// [`StepRecord::index`](super::StepRecord::index) does; those of a second pass count on after the request's.
            pub step: u32,
            $($(#[$doc])* #[serde(skip_serializing_if = "Option::is_none")] pub $field: Option<$type>,)*
        }

        impl Change {
            /// Both changes in one, of which `later` wins; the step stays.
            #[must_use]
            pub fn then(self, later: Self) -> Self {
                Self { step: self.step, $($field: later.$field.or(self.$field),)* }
            }

            /// The difference between two requests as a change at a step, as far as it can be one.
            pub fn between(now: &GenerateRequest, wanted: &GenerateRequest, step: u32) -> Self {
                Self {
                    step,
                    $($field: {
                        let get: fn(&GenerateRequest) -> $type = $get;
                        let (now, wanted) = (get(now), get(wanted));
                        now.differs(&wanted).then_some(wanted)
                    },)*
                }
            }

            /// The first of its fields that networks have to be conditioned on anew, in words; `None` if the denoise loop
            /// sees to all of them.
            pub fn conditioning(&self) -> Option<&'static str> {
                let changed = [$(self.$field.as_ref().and($conditioning),)*];
                changed.into_iter().flatten().next()
            }

            /// Makes the change in a request from the beginning.
            fn apply_to(self, request: &mut GenerateRequest) {
                $(if let Some(value) = self.$field {
                    let set: fn(&mut GenerateRequest, $type) = $set;
                    set(request, value);
                })*
            }
        }
    };
}

changes! {
    /// What to draw.
    prompt: String {
        get: |request| request.prompt.clone(),
        set: |request, prompt| request.prompt = prompt,
        conditioning: Some("a change of the prompt")
    }
    /// What to stay away from.
    negative_prompt: String {
        get: |request| request.negative_prompt.clone(),
        set: |request, prompt| request.negative_prompt = prompt,
        conditioning: Some("a change of the negative prompt")
    }
    /// Guidance scale; takes the place of a schedule of scales too.
    guidance_scale: f64 {
        get: |request| request.guidance_scale,
        set: |request, scale| {
            request.guidance_scale = scale;
            request.guidance_schedule.clear();
        },
        conditioning: None
    }
    /// φ.
    guidance_rescale: f64 {
        get: |request| request.guidance_rescale,
        set: |request, phi| request.guidance_rescale = phi,
        conditioning: None
    }
    /// Sampler, which goes on over the same noise levels.
    sampler: String {
        get: |request| request.sampler.clone(),
        set: |request, sampler| request.sampler = sampler,
        conditioning: None
    }
    /// Noise added by DDIM and TCD.
    eta: f64 {
        get: |request| request.eta,
        set: |request, eta| request.eta = eta,
        conditioning: None
    }
    /// Seed of the noise that steps add from here on.
    seed: u64 {
        get: |request| request.seed,
        set: |request, seed| request.seed = seed,
        conditioning: None
    }
    /// All adapters from here on, in place of those before.
    loras: Vec<LoraSpec> {
        get: |request| request.loras.clone(),
        set: |request, loras| request.loras = loras,
        conditioning: Some("a change of adapters")
    }
    /// How much each of the request's controls counts from here on, in their order.
    control_weights: Vec<f64> {
        get: |request| request.controls.iter().map(|control| control.weight).collect(),
        set: |request, weights| {
            for (control, weight) in request.controls.iter_mut().zip(weights) {
                control.weight = weight;
            }
        },
        conditioning: Some("a change of controls")
    }
}

/// Whether a wanted value is another one than that of now, and can take its place.
trait Differs: PartialEq {
    fn differs(&self, wanted: &Self) -> bool {
        self != wanted
    }
}

impl Differs for String {
    fn differs(&self, wanted: &Self) -> bool {
        self.trim() != wanted.trim()
    }
}

impl Differs for f64 {}
impl Differs for u64 {}
impl Differs for Vec<LoraSpec> {}

impl Differs for Vec<f64> {
    /// Weights of other controls cannot take the place of these.
    fn differs(&self, wanted: &Self) -> bool {
        self.len() == wanted.len() && self != wanted
    }
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
                change.apply_to(&mut now);
            }
        }
        now
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
    fn the_difference_of_two_requests_should_lead_from_one_to_the_other() {
        let now = request();
        let wanted = GenerateRequest {
            prompt: "  a cat ".to_owned(), // only blanks differ
            negative_prompt: "rain".to_owned(),
            guidance_scale: 2.5,
            eta: 0.5,
            seed: 8,
            loras: vec![LoraSpec::new("/a.safetensors", 0.5)],
            ..request()
        };
        let change = Change::between(&now, &wanted, 3);
        let expected = Change {
            negative_prompt: Some("rain".to_owned()),
            guidance_scale: Some(2.5),
            eta: Some(0.5),
            seed: Some(8),
            loras: Some(wanted.loras.clone()),
            ..Change::at(3)
        };
        assert_eq!(change, expected);
        assert_eq!(Change::between(&now, &now, 3), Change::at(3));
        assert_eq!(change.conditioning(), Some("a change of the negative prompt"));
        assert_eq!(guided(3, 1.0).conditioning(), None);
        assert_eq!(
            Change::between(&now.branched(change).as_of(3), &wanted, 3),
            Change::at(3)
        );
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
