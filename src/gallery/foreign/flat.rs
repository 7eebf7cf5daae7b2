//! Draw Things and Easy Diffusion: flat JSON, and with Easy Diffusion a text for each field.

use serde_json::{Map, Value};

use super::facts::{Facts, FieldNames};
use super::fields::{Fields, lora, model_name, number};
use crate::gallery::texts::TextChunk;
use crate::job::{LoraSpec, Record};

const DRAW_THINGS: FieldNames = FieldNames {
    prompt: &["c"],
    negative_prompt: &["uc"],
    steps: &["steps"],
    guidance_scale: &["scale"],
    sampler: &["sampler"],
    schedule: &[],
};
const EASY_DIFFUSION: FieldNames = FieldNames {
    prompt: &["prompt"],
    negative_prompt: &["negative_prompt"],
    steps: &["num_inference_steps"],
    guidance_scale: &["guidance_scale"],
    sampler: &["sampler_name"],
    schedule: &["scheduler_name"],
};
/// Texts of a PNG by Easy Diffusion, beside those of others.
pub(super) const KEYWORDS: [&str; 10] = [
    "seed",
    "width",
    "height",
    "num_inference_steps",
    "guidance_scale",
    "sampler_name",
    "scheduler_name",
    "negative_prompt",
    "use_stable_diffusion_model",
    "use_lora_model",
];

/// The record in an object of Draw Things: `{"c": "…", "uc": "…", "scale": 3.5, "size": "768x512", …}`.
pub(super) fn draw_things(json: Fields<'_>) -> Option<Record> {
    if !json.0.contains_key("c") || !["scale", "sampler", "uc"].iter().any(|key| json.0.contains_key(*key)) {
        return None;
    }
    let mut facts = Facts::of(json, &DRAW_THINGS);
    if facts.sampler.is_some() && facts.schedule.is_none() {
        facts.schedule = Some("normal".to_owned()); // else the sampler's name says it
    }
    let size = json.text(&["size"]);
    let size = size.as_deref().and_then(|size| size.split_once('x'));
    facts.size_px = size.and_then(|(width, height)| Some((width.trim().parse().ok()?, height.trim().parse().ok()?)));
    if let Some(Value::Array(adapters)) = json.any(&["lora"]) {
        let adapter = |entry: Fields<'_>| Some(lora(&entry.text(&["model", "file"])?, entry.number(&["weight"])?));
        facts.others.loras = adapters.iter().filter_map(Fields::of).filter_map(adapter).collect();
    }
    facts.model_name = json.text(&["model"]).map(|name| model_name(&name)).unwrap_or_default();
    "Draw Things".clone_into(&mut facts.program);
    Some(facts.into_record())
}

/// The record in an object of Easy Diffusion.
pub(super) fn easy_diffusion(json: Fields<'_>) -> Option<Record> {
    let is_theirs = ["num_inference_steps", "use_stable_diffusion_model"]
        .iter()
        .any(|key| json.0.contains_key(*key));
    if !is_theirs {
        return None;
    }
    let mut facts = Facts::of(json, &EASY_DIFFUSION);
    if facts.sampler.is_some() && facts.schedule.is_none() {
        facts.schedule = Some("normal".to_owned());
    }
    facts.others.loras = loras(json);
    let model = json.text(&["use_stable_diffusion_model"]);
    facts.model_name = model.map(|name| model_name(&name)).unwrap_or_default();
    "Easy Diffusion".clone_into(&mut facts.program);
    Some(facts.into_record())
}

/// The record in the texts of a PNG, each of which is called like its field.
pub(super) fn easy_diffusion_texts(texts: &[TextChunk]) -> Option<Record> {
    let fields = texts
        .iter()
        .map(|text| (text.keyword.clone(), Value::from(text.text.as_str())));
    let fields: Map<String, Value> = fields.collect();
    easy_diffusion(Fields(&fields))
}

/// `use_lora_model` and `lora_alpha`, each a value or a list of them.
fn loras(json: Fields<'_>) -> Vec<LoraSpec> {
    let list = |key: &str| match json.any(&[key]) {
        Some(Value::Array(values)) => values.clone(),
        Some(value) => vec![value.clone()],
        None => Vec::new(),
    };
    let weights = list("lora_alpha");
    let names = list("use_lora_model").into_iter().enumerate();
    let names = names.filter_map(|(place, name)| Some((place, name.as_str()?.to_owned())));
    names
        .filter(|(_, name)| !matches!(name.as_str(), "" | "None"))
        .map(|(place, name)| lora(&name, weights.get(place).and_then(number).unwrap_or(1.0)))
        .collect()
}
