//! Fooocus and its forks: flat JSON in `parameters` or `Comment`. With the scheme `a1111` Fooocus writes as A1111 does.
//!
//! | program | prompt, guidance | model | adapters |
//! |---|---|---|---|
//! | Fooocus | `prompt`, `guidance_scale` | `base_model` | `loras` |
//! | its log, older versions | `Prompt`, `Guidance Scale` | `Base Model` | `LoRA 1`, `lora_combined_1` |
//! | MRE | `prompt`, `cfg` | `base_model` | `l1`, `w1` |
//! | `RuinedFooocus` | `Prompt`, `cfg` | `base_model_name` | `loras` |
//!
//! Source: <https://github.com/lllyasviel/Fooocus/blob/main/modules/meta_parser.py>

use serde_json::{Map, Value};

use super::facts::{Facts, FieldNames};
use super::fields::{Fields, lora, model_name, number};
use crate::job::{LoraSpec, NoiseSource, Record};

/// Adapters that it offers room for.
const MAX_LORAS: usize = 16;
const NAMES: FieldNames = FieldNames {
    prompt: &["prompt"],
    negative_prompt: &["negative_prompt", "negative"],
    steps: &["steps"],
    guidance_scale: &["guidance_scale", "cfg"],
    sampler: &["sampler", "sampler_name"],
    schedule: &["scheduler"],
};
const MODEL: [&str; 2] = ["base_model", "base_model_name"];

/// The record in an object; `None` if it is not one of Fooocus.
pub(super) fn record(json: Fields<'_>) -> Option<Record> {
    let json: Map<String, Value> = json
        .0
        .iter()
        .map(|(key, value)| (key.to_lowercase().replace(' ', "_"), value.clone()))
        .collect();
    let json = Fields(&json);
    let is_named = |name: String| name.to_lowercase().contains("fooocus");
    let is_theirs = json.text(&["software", "version", "program"]).is_some_and(is_named)
        || [
            "base_model",
            "base_model_name",
            "performance",
            "sharpness",
            "adm_guidance",
        ]
        .iter()
        .any(|key| json.0.contains_key(*key));
    if !is_theirs {
        return None;
    }
    let mut facts = Facts::of(json, &NAMES);
    let resolution = || json.text(&["resolution"]).and_then(|text| sides(&text));
    facts.size_px = facts.size_px.or_else(resolution);
    // The last layer is 1, or -1.
    let clip_skip = json.number(&["clip_skip", "base_clip_skip"]).unwrap_or(1.0).abs();
    facts.others.clip_skip = (clip_skip - 1.0).clamp(0.0, 12.0) as u32;
    facts.others.loras = loras(json);
    facts.others.noise_source = NoiseSource::TorchCpu;
    let version = json.text(&["version", "software"]);
    facts.program = version.unwrap_or_else(|| "Fooocus".to_owned());
    facts.model_name = json.text(&MODEL).map(|name| model_name(&name)).unwrap_or_default();
    facts.model_hash = json.text(&["base_model_hash"]).unwrap_or_default();
    Some(facts.into_record())
}

/// `(1152, 896)`.
fn sides(text: &str) -> Option<(u32, u32)> {
    let text = text.trim().trim_matches(['(', ')']);
    let (width, height) = text.split_once([',', '×', 'x'])?;
    Some((width.trim().parse().ok()?, height.trim().parse().ok()?))
}

/// `"loras": [["name", 0.5, "hash"]]` or `[["hash", "name - 0.5"]]`, `"lora_combined_1": "name : 0.5"`, `"l1"` with `"w1"`.
fn loras(json: Fields<'_>) -> Vec<LoraSpec> {
    if let Some(Value::Array(loras)) = json.0.get("loras") {
        let entries = loras.iter().filter_map(Value::as_array);
        return entries.filter_map(|entry| listed(entry)).collect();
    }
    let numbered = |place: usize| {
        let keys = [format!("lora_combined_{place}"), format!("lora_{place}")];
        let combined = json.text(&[&keys[0], &keys[1]]);
        let name = json.text(&[&format!("l{place}")]);
        combined
            .and_then(|text| named(&text, ':'))
            .or_else(|| used(&name?, json.number(&[&format!("w{place}")])?))
    };
    (1..=MAX_LORAS).filter_map(numbered).collect()
}

fn listed(entry: &[Value]) -> Option<LoraSpec> {
    let text = |place: usize| entry.get(place).and_then(Value::as_str);
    match entry.get(1).and_then(number) {
        Some(weight) => used(text(0)?, weight),
        None => named(text(1)?, '-'),
    }
}

/// A name and a weight in one text.
fn named(text: &str, separator: char) -> Option<LoraSpec> {
    let (name, weight) = text.rsplit_once(separator)?;
    used(name.trim(), weight.trim().parse().ok().filter(|w: &f64| w.is_finite())?)
}

/// An adapter, unless its place was left empty.
fn used(name: &str, weight: f64) -> Option<LoraSpec> {
    (!matches!(name, "" | "None")).then(|| lora(name, weight))
}
