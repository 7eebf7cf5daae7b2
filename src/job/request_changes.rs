//! Changes made in requests: what holds at a step, branches, and how far two requests are the same run.

use super::change::change_fields;
use super::request_error::MAX_STEPS;
use super::{Change, GenerateRequest, LoraSpec};
use crate::prompt::{Moment, PromptText, Role, switches};

/// Reads and writes the fields of the table in a request.
macro_rules! changes_of_requests {
    ($($(#[$doc:meta])* $field:ident: $type:ty { get: $get:expr, set: $set:expr, conditioning: $conditioning:expr })*) => {
        impl Change {
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

change_fields!(changes_of_requests);

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

    /// Steps of the first pass and of the second, 0 without one.
    pub fn passes(&self) -> [u32; 2] {
        let second = self.hires.map_or(0, |hires| hires.steps.unwrap_or(self.steps));
        [self.steps, second]
    }

    /// What its own prompt and negative prompt say at a step, whatever changes.
    pub fn texts_at(&self, step: u32) -> [PromptText; 2] {
        let passes = self.passes();
        let moment = Moment { step, passes };
        [(&self.prompt, Role::Prompt), (&self.negative_prompt, Role::Negative)]
            .map(|(text, role)| PromptText::at(text, (self.prompt_syntax, role), moment))
    }

    /// The steps, from 0 and in order, from which on anything may be different: those of all changes, and those at which a
    /// prompt by its own schedule goes over to something else; 0 is one of them.
    pub fn turns(&self) -> Vec<u32> {
        let mut begins: Vec<u32> = self.all_changes().iter().map(|change| change.step).chain([0]).collect();
        begins.sort_unstable();
        begins.dedup();
        let mut turns = begins.clone();
        for (place, &begin) in begins.iter().enumerate() {
            let end = begins.get(place + 1).copied().unwrap_or(u32::MAX);
            let now = self.as_of(begin);
            for (text, role) in [(&now.prompt, Role::Prompt), (&now.negative_prompt, Role::Negative)] {
                let found = switches(text, (self.prompt_syntax, role), self.passes());
                turns.extend(found.into_iter().filter(|step| (begin..end).contains(step)));
            }
        }
        turns.sort_unstable();
        turns.dedup();
        turns
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
        // The seed of the start's noise is that of the request, whatever changes.
        if self.seed != other.seed {
            return 0;
        }
        // What holds at a step, and what the prompts say at it.
        let at = |request: &Self, step: u32| {
            let mut now = request.as_of(step);
            let texts = now.texts_at(step);
            (now.prompt, now.negative_prompt) = (String::new(), String::new());
            (now, texts)
        };
        let mut turns = self.turns();
        turns.extend(other.turns());
        turns.sort_unstable();
        turns.dedup();
        let differs = turns.into_iter().find(|step| at(self, *step) != at(other, *step));
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
