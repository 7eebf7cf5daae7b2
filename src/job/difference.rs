//! In which settings two requests differ, and what one changes on its way.

use serde_json::Value;

use super::{GenerateRequest, LatentPlane, Record, StepRecord};

/// One setting with two values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// The field of the request, such as `guidance_scale`; one inside another by its path, such as `loras.0.unet_weight`.
    pub field: String,
    /// The step from which on these values hold, from 0; `None` is from the beginning.
    pub step: Option<u32>,
    /// The one value in words; empty if there is none.
    pub a: String,
    /// The other.
    pub b: String,
}

/// One setting with its value in each of several records.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SettingRow {
    /// The field, as in [`Difference::field`]; `model_hash`, `family`, `precision`, `decoder` and `program` are those of
    /// the record.
    pub field: String,
    /// The step from which on these values hold, from 0; `None` is from the beginning.
    pub step: Option<u32>,
    /// The values in words, in the order of the records; empty where there is none, and where there is no record.
    pub values: Vec<String>,
}

/// Every setting in which any of the records differ: those they begin with, in the order of the fields, then those that
/// hold from a change of any on, in the order of steps. Pictures without a record differ from nothing.
pub fn settings_that_differ(records: &[Option<&Record>]) -> Vec<SettingRow> {
    let held_by = |leaves: &dyn Fn(&Record) -> Leaves| -> Vec<Option<Leaves>> {
        records.iter().map(|record| record.map(leaves)).collect()
    };
    let mut before = held_by(&|record| record.request.at_start());
    let mut rows = differing_rows(&before);
    rows.extend(differing_rows(&held_by(&around)));
    let requests = || records.iter().flatten().map(|record| &record.request);
    for step in steps_of_change(requests()) {
        let now = held_by(&|record| record.request.at(step));
        let mut fields = fields_of(&now);
        let gone = fields_of(&before).into_iter().filter(|field| !fields.contains(field));
        let gone: Vec<String> = gone.collect();
        fields.extend(gone);
        rows.extend(fields.into_iter().filter_map(|field| {
            let values = values_of(&now, &field);
            let is_changed = values != values_of(&before, &field);
            let is_of_interest = is_changed && (do_differ(&now, &field) || do_differ(&before, &field));
            let step = Some(step);
            is_of_interest.then_some(SettingRow { field, step, values })
        }));
        before = now;
    }
    rows
}

/// What is known of how it was computed, beside the request.
fn around(record: &Record) -> Leaves {
    let known = [
        ("model_hash", &record.model_hash),
        ("family", &record.family),
        ("precision", &record.precision),
        ("decoder", &record.decoder),
        ("program", &record.program),
    ];
    let known = known.into_iter();
    known.map(|(name, value)| (name.to_owned(), value.clone())).collect()
}

fn differing_rows(all: &[Option<Leaves>]) -> Vec<SettingRow> {
    let fields = fields_of(all).into_iter().filter(|field| do_differ(all, field));
    let row = |field: String| SettingRow {
        values: values_of(all, &field),
        field,
        step: None,
    };
    fields.map(row).collect()
}

/// The fields of all, each once, in the order in which they first appear.
fn fields_of(all: &[Option<Leaves>]) -> Vec<String> {
    let mut fields: Vec<String> = Vec::new();
    for (field, _) in all.iter().flatten().flatten() {
        if !fields.contains(field) {
            fields.push(field.clone());
        }
    }
    fields
}

fn values_of(all: &[Option<Leaves>], field: &str) -> Vec<String> {
    let value = |leaves: &Option<Leaves>| leaves.as_ref().map(|leaves| value_of(leaves, field));
    all.iter().map(|leaves| value(leaves).unwrap_or_default()).collect()
}

fn do_differ(all: &[Option<Leaves>], field: &str) -> bool {
    let mut values = all.iter().flatten().map(|leaves| value_of(leaves, field));
    let first = values.next();
    values.any(|value| Some(&value) != first.as_ref())
}

/// How far two kept runs are one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Parting {
    /// All that was kept of both is the same, bit for bit.
    Never,
    /// From this step on, from 0, their latents differ. In runs that were thinned out it is the first of those that both
    /// kept; one past the last if only the results differ.
    From(usize),
    /// No step was kept of both.
    Unknown,
}

impl Parting {
    /// Compares steps, in the order they were taken, and results. Two runs part where the network was the first to say
    /// something else, even on the same noisy latents.
    pub fn of<'a>(
        a: impl IntoIterator<Item = &'a StepRecord>,
        b: impl IntoIterator<Item = &'a StepRecord>,
        results: [Option<&LatentPlane>; 2],
    ) -> Self {
        let mut b = b.into_iter().peekable();
        let mut last = None;
        for step in a {
            while b.peek().is_some_and(|other| other.index < step.index) {
                b.next();
            }
            let Some(other) = b.next_if(|other| other.index == step.index) else {
                continue;
            };
            if (step.sigma, &step.x, &step.x0) != (other.sigma, &other.x, &other.x0) {
                return Self::From(step.index);
            }
            last = Some(step.index);
        }
        match (last, results) {
            (None, _) => Self::Unknown,
            (Some(last), [Some(a), Some(b)]) if a != b => Self::From(last + 1),
            _ => Self::Never,
        }
    }

    /// The step from which on they differ, if they do and it is known.
    pub fn step(self) -> Option<usize> {
        match self {
            Self::From(step) => Some(step),
            Self::Never | Self::Unknown => None,
        }
    }

    /// What holds for several runs of which each was compared with one: the first that leaves it.
    #[must_use]
    pub fn first(self, other: Self) -> Self {
        match (self, other) {
            (Self::From(a), Self::From(b)) => Self::From(a.min(b)),
            (Self::From(step), _) | (_, Self::From(step)) => Self::From(step),
            (Self::Unknown, _) | (_, Self::Unknown) => Self::Unknown,
            (Self::Never, Self::Never) => Self::Never,
        }
    }
}

impl GenerateRequest {
    /// Every setting in which two requests differ: those they begin with, in the order of the fields, then those that
    /// hold from a change of either on, in the order of steps.
    pub fn differences(&self, other: &Self) -> Vec<Difference> {
        let mut before = (self.at_start(), other.at_start());
        let mut found = compare(&before.0, &before.1, None);
        for step in steps_of_change([self, other]) {
            let now = (self.at(step), other.at(step));
            let was = compare(&before.0, &before.1, Some(step));
            let is = compare(&now.0, &now.1, Some(step));
            found.extend(is.iter().filter(|one| !was.contains(one)).cloned());
            // Where they agree again.
            for one in was {
                if !is.iter().any(|other| other.field == one.field) {
                    let value = |leaves: &Leaves| value_of(leaves, &one.field);
                    found.push(Difference {
                        a: value(&now.0),
                        b: value(&now.1),
                        ..one
                    });
                }
            }
            before = now;
        }
        found
    }

    /// What changes on the way: each setting with the value before and the value from that step on.
    pub fn course(&self) -> Vec<Difference> {
        let mut before = self.at_start();
        let mut found = Vec::new();
        for step in steps_of_change([self]) {
            let now = self.at(step);
            found.extend(compare(&before, &now, Some(step)));
            before = now;
        }
        found
    }

    fn at_start(&self) -> Leaves {
        held(&Self {
            changes: Vec::new(),
            prompt_switches: Vec::new(),
            ..self.clone()
        })
    }

    /// What holds at a step; where the run ends holds throughout.
    fn at(&self, step: u32) -> Leaves {
        held(&Self {
            stop_after: self.stop_after,
            ..self.as_of(step)
        })
    }
}

/// The values of a request by their paths, in the order of the fields.
type Leaves = Vec<(String, String)>;

/// What a request says; what it does not know is not among it.
fn held(request: &GenerateRequest) -> Leaves {
    let mut leaves = Leaves::new();
    if let Ok(value) = serde_json::to_value(request) {
        collect(String::new(), &value, &mut leaves);
    }
    let unknown: Vec<&str> = request
        .unknown
        .iter()
        .flat_map(|setting| setting.fields())
        .copied()
        .collect();
    leaves.retain(|(path, _)| path != "unknown" && !unknown.contains(&path.as_str()));
    leaves
}

fn collect(path: String, value: &Value, leaves: &mut Leaves) {
    let below = |name: &str| {
        if path.is_empty() {
            name.to_owned()
        } else {
            format!("{path}.{name}")
        }
    };
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                collect(below(name), value, leaves);
            }
        }
        Value::Array(items) if items.iter().any(Value::is_object) => {
            for (index, value) in items.iter().enumerate() {
                collect(below(&index.to_string()), value, leaves);
            }
        }
        Value::Array(items) => {
            let items: Vec<String> = items.iter().map(words).collect();
            leaves.push((path, items.join(", ")));
        }
        _ => leaves.push((path, words(value))),
    }
}

fn words(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Number(number) => number.as_f64().filter(|_| number.is_f64()).map_or_else(
            || number.to_string(),
            |value| value.to_string(), // 5, not 5.0
        ),
        other => other.to_string(),
    }
}

fn value_of(leaves: &Leaves, field: &str) -> String {
    let leaf = leaves.iter().find(|(path, _)| path == field);
    leaf.map(|(_, value)| value.clone()).unwrap_or_default()
}

fn compare(a: &Leaves, b: &Leaves, step: Option<u32>) -> Vec<Difference> {
    let only_in_b = b.iter().filter(|(path, _)| !a.iter().any(|(other, _)| other == path));
    let fields = a.iter().chain(only_in_b).map(|(path, _)| path);
    let both = fields.map(|field| Difference {
        field: field.clone(),
        step,
        a: value_of(a, field),
        b: value_of(b, field),
    });
    both.filter(|both| both.a != both.b).collect()
}

/// The steps at which any of the requests changes, in order, each once.
fn steps_of_change<'a>(requests: impl IntoIterator<Item = &'a GenerateRequest>) -> Vec<u32> {
    let changes = requests.into_iter().flat_map(GenerateRequest::all_changes);
    let mut steps: Vec<u32> = changes.map(|change| change.step).collect();
    steps.sort_unstable();
    steps.dedup();
    steps
}

#[cfg(test)]
mod tests {
    use super::super::{Change, LoraSpec, PromptSwitch};
    use super::*;

    fn difference(field: &str, step: Option<u32>, a: &str, b: &str) -> Difference {
        Difference {
            field: field.to_owned(),
            step,
            a: a.to_owned(),
            b: b.to_owned(),
        }
    }

    fn guided(step: u32, scale: f64) -> Change {
        Change {
            guidance_scale: Some(scale),
            ..Change::at(step)
        }
    }

    #[test]
    fn equal_requests_should_not_differ() {
        let request = GenerateRequest {
            changes: vec![guided(3, 2.0)],
            ..GenerateRequest::default()
        };
        assert_eq!(request.differences(&request), []);
        let short = GenerateRequest {
            stop_after: Some(7),
            ..request.clone()
        };
        assert_eq!(request.differences(&short), [difference("stop_after", None, "", "7")]);
    }

    #[test]
    fn only_what_differs_should_be_listed_in_the_order_of_the_fields() {
        let a = GenerateRequest::default();
        let b = GenerateRequest {
            prompt: "a cat".to_owned(),
            guidance_scale: -3.5,
            guidance_interval: [0.0, 0.5],
            loras: vec![LoraSpec::new("ink.safetensors", 0.5)],
            ..GenerateRequest::default()
        };
        let found = a.differences(&b);
        assert_eq!(found[0], difference("prompt", None, "", "a cat"));
        assert_eq!(found[1], difference("guidance_scale", None, "5", "-3.5"));
        assert_eq!(found[2], difference("guidance_interval", None, "0, 1", "0, 0.5"));
        assert_eq!(found[3], difference("loras.0.path", None, "", "ink.safetensors"));
        assert!(found.contains(&difference("loras.0.unet_weight", None, "", "0.5")));
        assert!(found.iter().all(|one| one.step.is_none()));
    }

    #[test]
    fn a_branch_should_differ_from_its_change_on() {
        let parent = GenerateRequest::default();
        let branch = parent.branched(guided(12, 9.0));
        let expected = [difference("guidance_scale", Some(12), "5", "9")];
        assert_eq!(parent.differences(&branch), expected);
    }

    #[test]
    fn changes_that_agree_should_not_be_listed_and_where_they_meet_again_should() {
        let a = GenerateRequest {
            changes: vec![guided(4, 7.0), guided(8, 2.0)],
            ..GenerateRequest::default()
        };
        let b = GenerateRequest {
            changes: vec![guided(4, 7.0), guided(6, 2.0)],
            ..GenerateRequest::default()
        };
        let expected = [
            difference("guidance_scale", Some(6), "7", "2"),
            difference("guidance_scale", Some(8), "2", "2"),
        ];
        assert_eq!(a.differences(&b), expected);
    }

    #[test]
    fn the_course_of_a_run_should_tell_what_was_and_what_is() {
        let request = GenerateRequest {
            prompt: "a cat".to_owned(),
            prompt_switches: vec![PromptSwitch {
                step: 5,
                prompt: "a dog".to_owned(),
            }],
            changes: vec![guided(12, 9.0), guided(15, 9.0)],
            ..GenerateRequest::default()
        };
        let expected = [
            difference("prompt", Some(5), "a cat", "a dog"),
            difference("guidance_scale", Some(12), "5", "9"),
        ];
        assert_eq!(request.course(), expected);
    }

    fn record(request: GenerateRequest) -> Record {
        Record {
            model_hash: "ab12".to_owned(),
            family: "sd15".to_owned(),
            precision: "f32".to_owned(),
            ..Record::of(request)
        }
    }

    fn row(field: &str, step: Option<u32>, values: &[&str]) -> SettingRow {
        SettingRow {
            field: field.to_owned(),
            step,
            values: values.iter().map(|value| (*value).to_owned()).collect(),
        }
    }

    #[test]
    fn a_table_should_have_only_what_differs_and_leave_pictures_without_a_record_empty() {
        let plain = record(GenerateRequest::default());
        let mut other = record(GenerateRequest {
            seed: 9,
            loras: vec![LoraSpec::new("ink.safetensors", 0.5)],
            ..GenerateRequest::default()
        });
        "f16".clone_into(&mut other.precision);
        let table = settings_that_differ(&[Some(&plain), None, Some(&other), Some(&plain)]);
        assert_eq!(table[0], row("seed", None, &["0", "", "9", "0"]));
        assert!(table.contains(&row("loras.0.unet_weight", None, &["", "", "0.5", ""])));
        assert_eq!(table.last(), Some(&row("precision", None, &["f32", "", "f16", "f32"])));
        assert_eq!(settings_that_differ(&[Some(&plain), None, Some(&plain)]), []);
        assert_eq!(settings_that_differ(&[Some(&plain)]), []);
        assert_eq!(settings_that_differ(&[]), []);
    }

    #[test]
    fn a_table_should_tell_what_changes_on_the_way_where_it_differs() {
        let with = |changes: &[(u32, f64)]| {
            record(GenerateRequest {
                changes: changes.iter().map(|(step, scale)| guided(*step, *scale)).collect(),
                ..GenerateRequest::default()
            })
        };
        let (a, b, c) = (
            with(&[(4, 7.0)]),
            with(&[(4, 7.0), (6, 2.0)]),
            with(&[(4, 7.0), (8, 3.0)]),
        );
        let expected = [
            row("guidance_scale", Some(6), &["7", "2", "7"]),
            row("guidance_scale", Some(8), &["7", "2", "3"]),
        ];
        assert_eq!(settings_that_differ(&[Some(&a), Some(&b), Some(&c)]), expected);
        // Where they meet again.
        let d = with(&[(4, 7.0), (6, 2.0), (9, 7.0)]);
        let expected = [
            row("guidance_scale", Some(6), &["7", "2"]),
            row("guidance_scale", Some(9), &["7", "7"]),
        ];
        assert_eq!(settings_that_differ(&[Some(&a), Some(&d)]), expected);
    }

    fn step(index: usize, value: f32) -> StepRecord {
        let plane = |value: f32| LatentPlane {
            channels: 1,
            height: 1,
            width: 2,
            values: vec![value; 2],
        };
        StepRecord {
            index,
            sigma: 1.0,
            timestep: 1.0,
            x: plane(1.0),
            x0: plane(value),
            branches: None,
            attention: Vec::new(),
            secs: 0.0,
        }
    }

    #[test]
    fn runs_should_part_at_the_first_step_that_differs() {
        let run = |values: &[f32]| -> Vec<StepRecord> {
            let steps = values.iter().enumerate();
            steps.map(|(index, value)| step(index, *value)).collect()
        };
        let (a, b) = (run(&[1.0, 2.0, 3.0, 4.0]), run(&[1.0, 2.0, 5.0, 4.0]));
        let (one, other) = (step(0, 1.0).x0, step(0, 2.0).x0);
        let same = [Some(&one), Some(&one)];
        assert_eq!(Parting::of(&a, &b, same), Parting::From(2));
        assert_eq!(Parting::of(&a, &a, same), Parting::Never);
        assert_eq!(Parting::of(&a, &a, [Some(&one), Some(&other)]), Parting::From(4));
        assert_eq!(Parting::of(&a[..1], &a[2..], same), Parting::Unknown);
        // Only steps that both kept count.
        let thinned = [b[0].clone(), b[3].clone()];
        assert_eq!(Parting::of(&a, &thinned, same), Parting::Never);
        assert_eq!(Parting::From(4).first(Parting::From(2)), Parting::From(2));
        assert_eq!(Parting::Never.first(Parting::Unknown).step(), None);
    }
}
