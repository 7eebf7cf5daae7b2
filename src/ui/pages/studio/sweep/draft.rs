//! The form of a sweep: which fields differ between its runs, and by which values.

use crate::job::{Axis, Field, FieldError, GenerateRequest, PromptSwitch, Sweep, SweepError};
use crate::ui::i18n::Language;
use crate::ui::pages::studio::form::draft_error::DraftError;

/// Most steps a preset names one by one.
const MAX_PRESET_SWITCHES: u32 = 9;

/// One row of the form, as the user left it.
#[derive(Debug, Clone, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
#[serde(default)]
pub struct AxisDraft {
    /// What differs; `None` if the row is not used.
    pub field: Option<Field>,
    /// Its values, as typed: `-10..10:9` or `a, b, c`.
    pub values: String,
    /// From which step on, as typed; empty is from the beginning.
    pub from_step: String,
}

/// The form of a sweep; without a field there is none.
#[derive(Debug, Clone, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
#[serde(default)]
pub struct SweepDraft {
    /// Columns, rows and sheets.
    pub axes: [AxisDraft; 3],
    /// The prompt that a switch leads to, where the request has no other prompt yet.
    pub other_prompt: String,
}

/// A sweep that is often wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Preset {
    /// Guidance from −10 to 10.
    Guidance,
    /// φ from −10 to 10.
    Rescale,
    /// The switch to another prompt, from the first step to the last.
    Switch,
}

impl Preset {
    /// All of them, in the order they are offered.
    pub const ALL: [Self; 3] = [Self::Guidance, Self::Rescale, Self::Switch];

    /// Key of its name among the texts.
    pub fn key(self) -> &'static str {
        match self {
            Self::Guidance => "sweep-preset-guidance",
            Self::Rescale => "sweep-preset-rescale",
            Self::Switch => "sweep-preset-switch",
        }
    }
}

/// Why the form is no sweep.
#[derive(Debug, Clone, PartialEq)]
pub enum SweepProblem {
    /// What all runs have in common is not yet a request.
    Base(DraftError),
    /// A step is no number.
    FromStep(String),
    /// Rows or sheets without columns.
    NoColumns,
    /// A switch without another prompt.
    NoOtherPrompt,
    /// An axis or a run of it.
    Sweep(SweepError),
}

impl SweepDraft {
    /// Whether the user asks for a sweep.
    pub fn is_set(&self) -> bool {
        self.axes.iter().any(|axis| axis.field.is_some())
    }

    /// Puts a preset on the columns.
    ///
    /// * `steps`: of a run.
    pub fn take(&mut self, preset: Preset, steps: u32) {
        let (field, values) = match preset {
            Preset::Guidance => (Field::Guidance, "-10..10:9".to_owned()),
            Preset::Rescale => (Field::Rescale, "-10..10:9".to_owned()),
            Preset::Switch => {
                let count = steps.clamp(1, MAX_PRESET_SWITCHES);
                (Field::Switch, format!("0..{}:{count}", steps.saturating_sub(1)))
            }
        };
        self.axes[0] = AxisDraft {
            field: Some(field),
            values,
            from_step: String::new(),
        };
    }

    /// The sweep of a request.
    ///
    /// # Errors
    /// [`SweepProblem`]; whether each run can be carried out is checked by [`Sweep::cells`].
    pub fn of(&self, mut base: GenerateRequest) -> Result<Sweep, SweepProblem> {
        let fields = self.axes.iter().filter_map(|axis| axis.field.as_ref());
        if fields.clone().any(|field| *field == Field::Switch) && base.prompt_switches.is_empty() {
            if self.other_prompt.trim().is_empty() {
                return Err(SweepProblem::NoOtherPrompt);
            }
            base.prompt_switches = vec![PromptSwitch {
                step: 0,
                prompt: self.other_prompt.trim().to_owned(),
            }];
        }
        let [x, y, z] = &self.axes;
        Ok(Sweep {
            base,
            x: x.axis()?.ok_or(SweepProblem::NoColumns)?,
            y: y.axis()?,
            z: z.axis()?,
        })
    }
}

impl AxisDraft {
    fn axis(&self) -> Result<Option<Axis>, SweepProblem> {
        let Some(field) = &self.field else {
            return Ok(None);
        };
        let step = match self.from_step.trim() {
            "" => String::new(),
            step if step.parse::<u32>().is_ok() => format!("@{step}"),
            step => return Err(SweepProblem::FromStep(step.to_owned())),
        };
        let values = match field.is_whole() {
            Some(_) => self.values.replace('\u{2212}', "-"), // the minus sign that texts show
            None => self.values.clone(),
        };
        let axis = format!("{}{step}={values}", field.name()).parse();
        axis.map(Some).map_err(SweepProblem::Sweep)
    }
}

/// How many runs a sweep has: `9`, `9 × 2`, `9 × 2 × 3`.
pub fn size_words(sweep: &Sweep) -> String {
    let [columns, rows, sheets] = sweep.size();
    let sides = [
        Some(columns),
        sweep.y.as_ref().map(|_| rows),
        sweep.z.as_ref().map(|_| sheets),
    ];
    let sides: Vec<String> = sides.into_iter().flatten().map(|side| side.to_string()).collect();
    sides.join(" × ")
}

/// What a field is called.
pub fn field_words(field: &Field, language: Language) -> String {
    let key = match field {
        Field::Guidance => "sweep-field-guidance",
        Field::Rescale => "sweep-field-rescale",
        Field::Steps => "form-steps",
        Field::Seed => "form-seed",
        Field::VariationSeed => "sweep-field-variation",
        Field::Sampler => "form-sampler",
        Field::Schedule => "form-schedule",
        Field::Eta => "form-eta",
        Field::Strength => "sweep-field-strength",
        Field::ClipSkip => "form-clip-skip",
        Field::Switch => "sweep-field-switch",
        Field::Words(_) => "sweep-field-words",
        Field::Prompt => "form-prompt",
        Field::Negative => "form-negative",
        Field::Lora(place) => return language.tr_with("sweep-field-lora", &[("place", &place.to_string())]),
        Field::Control(place) => return language.tr_with("sweep-field-control", &[("place", &place.to_string())]),
    };
    language.tr(key)
}

/// What an axis is called: its field, and its first step if it does not hold from the beginning.
pub fn axis_words(axis: &Axis, language: Language) -> String {
    let field = field_words(&axis.field, language);
    match axis.from_step {
        None => field,
        Some(step) => language.tr_with("sweep-axis-from", &[("field", &field), ("step", &step.to_string())]),
    }
}

/// What a run of a sweep is called: its fields with their values.
pub fn cell_words(sweep: &Sweep, place: [usize; 3], language: Language) -> String {
    let axes = [Some(&sweep.x), sweep.y.as_ref(), sweep.z.as_ref()];
    let words = axes.into_iter().zip(place).filter_map(|(axis, place)| {
        let axis = axis?;
        let value = value_words(axis.values.get(place)?, &axis.field);
        let field = field_words(&axis.field, language);
        Some(match axis.from_step {
            None => format!("{field} {value}"),
            Some(step) => {
                let values = [("field", &*field), ("value", &*value), ("step", &*step.to_string())];
                language.tr_with("sweep-value-from", &values)
            }
        })
    });
    words.collect::<Vec<_>>().join(", ")
}

/// A value as it is read: numbers with a minus sign.
pub fn value_words(value: &str, field: &Field) -> String {
    match field.is_whole() {
        Some(_) => value.replacen('-', "\u{2212}", 1),
        None => value.to_owned(),
    }
}

impl SweepProblem {
    /// The same in one sentence.
    pub fn localise(&self, language: Language) -> String {
        match self {
            Self::Base(error) => error.text().localise(language),
            Self::FromStep(found) => language.tr_with("sweep-problem-from", &[("found", found)]),
            Self::NoColumns => language.tr("sweep-problem-columns"),
            Self::NoOtherPrompt => language.tr("sweep-problem-other"),
            Self::Sweep(SweepError::Axis { found }) => {
                let values = found.split_once('=').map_or("", |(_, values)| values);
                language.tr_with("sweep-problem-values", &[("found", values)])
            }
            Self::Sweep(SweepError::TooMany { found }) => language.tr_with(
                "sweep-problem-many",
                &[
                    ("max", &crate::job::MAX_SWEEP_CELLS.to_string()),
                    ("found", &found.to_string()),
                ],
            ),
            Self::Sweep(SweepError::Request { label, source }) => {
                let reason = crate::ui::pages::studio::form::draft_error::request_text(source).localise(language);
                format!("{label}: {reason}")
            }
            Self::Sweep(SweepError::Field(error)) => field_problem(error, language),
        }
    }
}

fn field_problem(error: &FieldError, language: Language) -> String {
    let named = |name: &str| {
        let field = Field::from_name(name).ok();
        field.map_or_else(|| name.to_owned(), |field| field_words(&field, language))
    };
    match error {
        FieldError::Unknown { found, .. } => named(found),
        FieldError::Value { field, found, .. } => {
            let is_whole = Field::from_name(field).ok().and_then(|field| field.is_whole());
            let key = match is_whole {
                Some(true) => "sweep-problem-whole",
                _ => "sweep-problem-number",
            };
            language.tr_with(key, &[("field", &named(field)), ("found", found)])
        }
        FieldError::Needs { field, .. } if field == "words" => language.tr("sweep-problem-words"),
        FieldError::Needs { field, .. } => language.tr_with("sweep-problem-needs", &[("field", &named(field))]),
        FieldError::Fixed { field } => language.tr_with("sweep-problem-fixed", &[("field", &named(field))]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ui::pages::studio::form::draft::Draft;

    fn draft(axes: [(Field, &str, &str); 1]) -> Draft {
        let mut draft = Draft::default();
        for (row, (field, values, from_step)) in axes.into_iter().enumerate() {
            draft.sweep.axes[row] = AxisDraft {
                field: Some(field),
                values: values.to_owned(),
                from_step: from_step.to_owned(),
            };
        }
        draft
    }

    #[test]
    fn a_row_should_become_an_axis() {
        let sweep = draft([(Field::Guidance, "\u{2212}10..10:9", " 12 ")])
            .to_sweep()
            .unwrap()
            .unwrap();
        assert_eq!((sweep.size(), sweep.x.from_step), ([9, 1, 1], Some(12)));
        assert_eq!(sweep.x.values[0], "-10");
        assert_eq!(size_words(&sweep), "9");
        assert_eq!(Draft::default().to_sweep(), None);
    }

    #[test]
    fn every_bad_row_should_be_said_in_a_sentence() {
        for (row, said) in [
            ((Field::Guidance, "", ""), "typed"),
            ((Field::Guidance, "a", ""), "a number"),
            ((Field::Steps, "1.5", ""), "whole number"),
            ((Field::Guidance, "1", "x"), "\u{201c}x\u{201d}"),
            ((Field::Steps, "1,2", "3"), "whole run"),
            ((Field::Seed, "0..9999:9999", ""), "1024"),
            ((Field::Words(String::new()), "unicorn,cat", ""), "words of the prompt"),
            ((Field::Switch, "0,1", ""), "prompt"),
            ((Field::Lora(1), "0,1", ""), "LoRA"),
            ((Field::Steps, "0,4", ""), "steps 0"),
        ] {
            let problem = draft([row.clone()]).to_sweep().unwrap().unwrap_err();
            let words = problem.localise(Language::English);
            assert!(words.contains(said), "{row:?}: {words}");
            assert_ne!(words, problem.localise(Language::Japanese));
        }
        let mut draft = Draft::default();
        draft.sweep.axes[1].field = Some(Field::Guidance);
        draft.sweep.axes[1].values = "1".to_owned();
        assert_eq!(draft.to_sweep(), Some(Err(SweepProblem::NoColumns)));
    }

    #[test]
    fn presets_should_be_sweeps_as_they_are() {
        for preset in Preset::ALL {
            let mut draft = Draft::default();
            draft.sweep.take(preset, draft.request.steps);
            "a dog".clone_into(&mut draft.sweep.other_prompt);
            let sweep = draft.to_sweep().unwrap().unwrap();
            assert_eq!(sweep.size(), [9, 1, 1], "{preset:?}");
        }
    }
}
