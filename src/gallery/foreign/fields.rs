//! JSON of other programs, in which nothing is sure to have the type that it should.

use std::path::Path;

use serde_json::{Map, Value};

use crate::job::LoraSpec;

/// Endings of model files.
const MODEL_ENDINGS: [&str; 6] = ["safetensors", "sft", "ckpt", "pt", "bin", "gguf"];

/// The fields of an object.
#[derive(Clone, Copy)]
pub(super) struct Fields<'a>(pub(super) &'a Map<String, Value>);

impl<'a> Fields<'a> {
    /// The fields of what may be an object.
    pub(super) fn of(value: &'a Value) -> Option<Self> {
        value.as_object().map(Self)
    }

    /// The first of these fields that is there and not null.
    pub(super) fn any(self, keys: &[&str]) -> Option<&'a Value> {
        let values = keys.iter().filter_map(|key| self.0.get(*key));
        values.into_iter().find(|value| !value.is_null())
    }

    pub(super) fn object(self, key: &str) -> Option<Self> {
        self.0.get(key).and_then(Self::of)
    }

    /// A text, also one in several parts.
    pub(super) fn text(self, keys: &[&str]) -> Option<String> {
        match self.any(keys)? {
            Value::String(text) => Some(text.clone()),
            Value::Array(parts) => {
                let parts: Vec<&str> = parts.iter().filter_map(Value::as_str).collect();
                (!parts.is_empty()).then(|| parts.join("\n"))
            }
            _ => None,
        }
    }

    pub(super) fn number(self, keys: &[&str]) -> Option<f64> {
        number(self.any(keys)?)
    }

    pub(super) fn whole(self, keys: &[&str]) -> Option<u64> {
        whole(self.any(keys)?)
    }

    pub(super) fn small(self, keys: &[&str]) -> Option<u32> {
        u32::try_from(self.whole(keys)?).ok()
    }

    pub(super) fn is_true(self, key: &str) -> bool {
        match self.0.get(key) {
            Some(Value::Bool(is_true)) => *is_true,
            Some(Value::String(text)) => text.eq_ignore_ascii_case("true"),
            _ => false,
        }
    }
}

/// A finite number, also as text.
pub(super) fn number(value: &Value) -> Option<f64> {
    let number = match value {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    };
    number.filter(|number| number.is_finite())
}

/// A whole number from 0, also as text or with a point.
pub(super) fn whole(value: &Value) -> Option<u64> {
    match value {
        Value::Number(number) => number.as_u64().or_else(|| {
            number
                .as_f64()
                .filter(|n| *n >= 0.0 && n.fract() == 0.0)
                .map(|n| n as u64)
        }),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    }
}

/// Text as JSON. Python writes numbers that JSON does not have, which are taken for null.
pub(super) fn parse(text: &str) -> Option<Value> {
    serde_json::from_str(text)
        .or_else(|_not_json| serde_json::from_str(&without_nan(text)))
        .ok()
}

fn without_nan(text: &str) -> String {
    let mut json = String::with_capacity(text.len());
    let mut is_string = false;
    let mut is_escaped = false;
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let python = ["NaN", "-Infinity", "Infinity"];
        if !is_string && let Some(word) = python.iter().find(|word| rest.starts_with(**word)) {
            json.push_str("null");
            rest = &rest[word.len()..];
            continue;
        }
        match c {
            '"' if !is_escaped => is_string = !is_string,
            _ => {}
        }
        is_escaped = is_string && c == '\\' && !is_escaped;
        json.push(c);
        rest = &rest[c.len_utf8()..];
    }
    json
}

/// The name of a model in a path of any system: no folders, no ending.
pub(super) fn model_name(path: &str) -> String {
    let name = path.rsplit(['/', '\\']).next().unwrap_or(path).trim();
    let ending = Path::new(name).extension().and_then(|ending| ending.to_str());
    match ending {
        Some(ending) if MODEL_ENDINGS.contains(&ending.to_lowercase().as_str()) => {
            name[..name.len() - ending.len() - 1].to_owned()
        }
        _ => name.to_owned(),
    }
}

/// An adapter as others name it.
pub(super) fn lora(name: &str, weight: f64) -> LoraSpec {
    LoraSpec::new(model_name(name), weight)
}

/// What an adapter is called elsewhere: its file's name without folders and ending.
pub(in crate::gallery) fn lora_name(lora: &LoraSpec) -> String {
    model_name(&lora.path.to_string_lossy())
}
