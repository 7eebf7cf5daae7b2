//! Changes of mind in the middle of a run, and where a run branched off another.
//!
//! There is one idea behind steering, branching and switching prompts: **a change belongs to a step**, and the request
//! lists all of them. A run that is steered writes them down as they come, a branch is the request of its parent with
//! one more, and either is made again from its request alone. A kept trajectory only saves the steps that are the same.

use super::LoraSpec;
use super::request_error::{MAX_STEPS, RequestError};

/// The table of what may change at a step: each field, how it is read from a request and written to it, and what the
/// networks have to be conditioned on anew for it (`None`: the denoise loop sees to it). Hands the table to another macro.
macro_rules! change_fields {
    ($macro:ident) => {
        $macro! {
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
    };
}
pub(super) use change_fields;

/// Declares [`Change`] with a field for each row of the table.
macro_rules! declare_change {
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

            /// The first of its fields that networks have to be conditioned on anew, in words; `None` if the denoise loop
            /// sees to all of them.
            pub fn conditioning(&self) -> Option<&'static str> {
                let changed = [$(self.$field.as_ref().and($conditioning),)*];
                changed.into_iter().flatten().next()
            }
        }
    };
}

change_fields!(declare_change);

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

    /// * `controls`: how many the request has.
    pub(super) fn validate(&self, controls: usize) -> Result<(), RequestError> {
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
            && weights.len() != controls
        {
            return Err(RequestError::Range {
                field: "number of control weights",
                expected: controls.to_string(),
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
