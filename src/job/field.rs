//! Fields of a request by name, as sweeps and the command line set them.

use super::{Change, GenerateRequest};

/// A field of a request that can be set from a text.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(into = "String", try_from = "String")]
pub enum Field {
    /// Guidance scale, any number.
    Guidance,
    /// φ, any number.
    Rescale,
    /// Sampler steps.
    Steps,
    /// Seed.
    Seed,
    /// Seed of the variation that a request has.
    VariationSeed,
    /// Sampler, by id.
    Sampler,
    /// Schedule, by id.
    Schedule,
    /// Noise added by DDIM and TCD.
    Eta,
    /// How much of the picture to start from may change.
    Strength,
    /// Layers of the text encoder to leave out.
    ClipSkip,
    /// The step from which on the request's first other prompt holds.
    Switch,
    /// Weight of an adapter, by its place from 1.
    Lora(usize),
    /// Weight of a control, by its place from 1.
    Control(usize),
    /// Words of the prompt: the value takes the place of these.
    Words(String),
    /// The prompt as a whole.
    Prompt,
    /// The negative prompt as a whole.
    Negative,
}

/// Why a field could not be set.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FieldError {
    /// There is no such field.
    #[error("expected one of {known}, found {found:?}")]
    Unknown {
        /// All names.
        known: &'static str,
        /// The name asked for.
        found: String,
    },
    /// The value is of another kind.
    #[error("{field} must be {expected}, found {found:?}")]
    Value {
        /// Which field.
        field: String,
        /// Its kind.
        expected: &'static str,
        /// The value.
        found: String,
    },
    /// The request has nothing that the field belongs to.
    #[error("{field} needs {needs}")]
    Needs {
        /// Which field.
        field: String,
        /// What the request lacks.
        needs: &'static str,
    },
    /// The field cannot change in the middle of a run.
    #[error("{field} holds for a whole run and cannot change at a step")]
    Fixed {
        /// Which field.
        field: String,
    },
}

/// The names, for error messages and help.
const NAMES: &str = "cfg, rescale, steps, seed, variation, sampler, schedule, eta, strength, clip-skip, switch, lora:N, control:N, words, prompt, negative";

impl From<Field> for String {
    fn from(field: Field) -> Self {
        field.name()
    }
}

impl TryFrom<String> for Field {
    type Error = FieldError;

    fn try_from(name: String) -> Result<Self, FieldError> {
        Self::from_name(&name)
    }
}

impl Field {
    /// The field of a name; `words` learns what it replaces from the first value of its axis.
    ///
    /// # Errors
    /// [`FieldError::Unknown`].
    pub fn from_name(name: &str) -> Result<Self, FieldError> {
        let unknown = || FieldError::Unknown {
            known: NAMES,
            found: name.to_owned(),
        };
        let (stem, place) = match name.split_once(':') {
            Some((stem, place)) => (stem, place.parse::<usize>().ok().filter(|place| *place > 0)),
            None => (name, Some(1)),
        };
        let place = place.ok_or_else(unknown)?;
        let field = match stem {
            "lora" => return Ok(Self::Lora(place)),
            "control" => return Ok(Self::Control(place)),
            "cfg" | "guidance" => Self::Guidance,
            "rescale" | "phi" => Self::Rescale,
            "steps" => Self::Steps,
            "seed" => Self::Seed,
            "variation" => Self::VariationSeed,
            "sampler" => Self::Sampler,
            "schedule" => Self::Schedule,
            "eta" => Self::Eta,
            "strength" => Self::Strength,
            "clip-skip" => Self::ClipSkip,
            "switch" => Self::Switch,
            "words" => Self::Words(String::new()),
            "prompt" => Self::Prompt,
            "negative" => Self::Negative,
            _ => return Err(unknown()),
        };
        if name.contains(':') { Err(unknown()) } else { Ok(field) }
    }

    /// Its name, for labels.
    pub fn name(&self) -> String {
        match self {
            Self::Guidance => "cfg".to_owned(),
            Self::Rescale => "rescale".to_owned(),
            Self::Steps => "steps".to_owned(),
            Self::Seed => "seed".to_owned(),
            Self::VariationSeed => "variation".to_owned(),
            Self::Sampler => "sampler".to_owned(),
            Self::Schedule => "schedule".to_owned(),
            Self::Eta => "eta".to_owned(),
            Self::Strength => "strength".to_owned(),
            Self::ClipSkip => "clip-skip".to_owned(),
            Self::Switch => "switch".to_owned(),
            Self::Lora(place) => format!("lora:{place}"),
            Self::Control(place) => format!("control:{place}"),
            Self::Words(_) => "words".to_owned(),
            Self::Prompt => "prompt".to_owned(),
            Self::Negative => "negative".to_owned(),
        }
    }

    /// Whether its values are whole numbers; `None` if they are no numbers.
    pub fn is_whole(&self) -> Option<bool> {
        match self {
            Self::Steps | Self::Seed | Self::VariationSeed | Self::ClipSkip | Self::Switch => Some(true),
            Self::Guidance | Self::Rescale | Self::Eta | Self::Strength | Self::Lora(_) | Self::Control(_) => {
                Some(false)
            }
            Self::Sampler | Self::Schedule | Self::Words(_) | Self::Prompt | Self::Negative => None,
        }
    }

    /// Sets the field for the whole run.
    ///
    /// # Errors
    /// [`FieldError`]: a value of another kind, or nothing it belongs to.
    pub fn set(&self, request: &mut GenerateRequest, value: &str) -> Result<(), FieldError> {
        match self {
            Self::Guidance => {
                request.guidance_scale = self.number(value)?;
                request.guidance_schedule.clear();
            }
            Self::Rescale => request.guidance_rescale = self.number(value)?,
            Self::Steps => request.steps = self.whole(value)?,
            Self::Seed => request.seed = self.whole(value)?,
            Self::VariationSeed => {
                let seed = self.whole(value)?;
                let variation = request.variation.as_mut();
                variation.ok_or_else(|| self.needs("a variation"))?.seed = seed;
            }
            Self::Sampler => value.clone_into(&mut request.sampler),
            Self::Schedule => value.clone_into(&mut request.schedule),
            Self::Eta => request.eta = self.number(value)?,
            Self::ClipSkip => request.clip_skip = self.whole(value)?,
            Self::Prompt => value.clone_into(&mut request.prompt),
            Self::Negative => value.clone_into(&mut request.negative_prompt),
            Self::Words(old) => {
                if !request.prompt.contains(old.as_str()) || old.is_empty() {
                    return Err(self.needs("its first value among the words of the prompt"));
                }
                request.prompt = request.prompt.replace(old.as_str(), value);
            }
            Self::Strength => {
                let strength = self.number(value)?;
                let init = request.init.as_mut();
                init.ok_or_else(|| self.needs("a picture to start from"))?.strength = strength;
            }
            Self::Switch => {
                let step = self.whole(value)?;
                let switch = request.prompt_switches.first_mut();
                switch.ok_or_else(|| self.needs("another prompt to switch to"))?.step = step;
            }
            Self::Lora(place) => {
                let weight = self.number(value)?;
                let lora = request.loras.get_mut(place - 1);
                let lora = lora.ok_or_else(|| self.needs("so many adapters"))?;
                (lora.unet_weight, lora.text_weight) = (weight, weight);
            }
            Self::Control(place) => {
                let weight = self.number(value)?;
                let control = request.controls.get_mut(place - 1);
                control.ok_or_else(|| self.needs("so many controls"))?.weight = weight;
            }
        }
        Ok(())
    }

    /// The change that sets the field from a step of the request on.
    ///
    /// # Errors
    /// [`FieldError::Fixed`] if it holds for a whole run; else as [`Self::set`].
    pub fn change(&self, request: &GenerateRequest, step: u32, value: &str) -> Result<Change, FieldError> {
        let mut then = request.as_of(step);
        self.set(&mut then, value)?;
        let mut change = Change::at(step);
        match self {
            Self::Guidance => change.guidance_scale = Some(then.guidance_scale),
            Self::Rescale => change.guidance_rescale = Some(then.guidance_rescale),
            Self::Sampler => change.sampler = Some(then.sampler),
            Self::Eta => change.eta = Some(then.eta),
            Self::Seed => change.seed = Some(then.seed),
            Self::Words(_) | Self::Prompt => change.prompt = Some(then.prompt),
            Self::Negative => change.negative_prompt = Some(then.negative_prompt),
            Self::Lora(_) => change.loras = Some(then.loras),
            Self::Control(_) => {
                change.control_weights = Some(then.controls.iter().map(|control| control.weight).collect());
            }
            Self::Steps | Self::VariationSeed | Self::Schedule | Self::Strength | Self::ClipSkip | Self::Switch => {
                return Err(FieldError::Fixed { field: self.name() });
            }
        }
        Ok(change)
    }

    fn number(&self, value: &str) -> Result<f64, FieldError> {
        let number = value.trim().parse::<f64>().ok().filter(|number| number.is_finite());
        number.ok_or_else(|| self.bad(value, "a number"))
    }

    fn whole<T: std::str::FromStr>(&self, value: &str) -> Result<T, FieldError> {
        value
            .trim()
            .parse()
            .map_err(|_unreadable| self.bad(value, "a whole number from 0"))
    }

    fn bad(&self, value: &str, expected: &'static str) -> FieldError {
        FieldError::Value {
            field: self.name(),
            expected,
            found: value.to_owned(),
        }
    }

    fn needs(&self, needs: &'static str) -> FieldError {
        FieldError::Needs {
            field: self.name(),
            needs,
        }
    }
}
