//! In which settings two requests differ, and what one changes on its way.

use serde_json::Value;

use super::GenerateRequest;

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

/// What a request says.
fn held(request: &GenerateRequest) -> Leaves {
    let mut leaves = Leaves::new();
    if let Ok(value) = serde_json::to_value(request) {
        collect(String::new(), &value, &mut leaves);
    }
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
}
