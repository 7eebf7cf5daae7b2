//! `SwarmUI`: JSON in `parameters`.
//!
//! Source: <https://github.com/mcmonkeyprojects/SwarmUI/blob/master/docs/Image%20Metadata%20Format.md>

use serde_json::Value;

use super::facts::{Facts, FieldNames};
use super::fields::{Fields, lora, model_name, number};
use crate::job::{GenerateRequest, LoraSpec, NoiseSource, Record, Variation};

const NAMES: FieldNames = FieldNames {
    prompt: &["prompt"],
    negative_prompt: &["negativeprompt"],
    steps: &["steps"],
    guidance_scale: &["cfgscale"],
    sampler: &["sampler"],
    schedule: &["scheduler"],
};

/// The record in an object; `None` if it is not one of `SwarmUI`.
pub(super) fn record(json: Fields<'_>) -> Option<Record> {
    let params = json.object("sui_image_params")?;
    let variation = params
        .whole(&["variationseed"])
        .zip(params.number(&["variationseedstrength"]));
    let mut facts = Facts::of(params, &NAMES);
    facts.others = GenerateRequest {
        // -1 is the last layer.
        clip_skip: params
            .number(&["clipstopatlayer"])
            .map_or(0, |layer| (-1.0 - layer).clamp(0.0, 12.0) as u32),
        variation: variation
            .map(|(seed, strength)| Variation { seed, strength })
            .filter(|variation| variation.strength > 0.0 && variation.strength <= 1.0),
        loras: loras(params),
        noise_source: NoiseSource::TorchCpu,
        ..facts.others
    };
    let version = params.text(&["swarm_version"]).unwrap_or_default();
    format!("SwarmUI {version}").trim().clone_into(&mut facts.program);
    let model = params.text(&["model"]);
    facts.model_name = model.map(|name| model_name(&name)).unwrap_or_default();
    facts.model_hash = hash(json).unwrap_or_default();
    Some(facts.into_record())
}

fn loras(params: Fields<'_>) -> Vec<LoraSpec> {
    let list = |key: &str| match params.0.get(key) {
        Some(Value::Array(values)) => values.clone(),
        Some(Value::String(text)) => text
            .split(',')
            .map(|part| Value::String(part.trim().to_owned()))
            .collect(),
        _ => Vec::new(),
    };
    let weights = list("loraweights");
    list("loras")
        .iter()
        .enumerate()
        .filter_map(|(place, name)| Some((place, name.as_str().filter(|name| !name.is_empty())?)))
        .map(|(place, name)| lora(name, weights.get(place).and_then(number).unwrap_or(1.0)))
        .collect()
}

/// The hash of the model, over its tensors alone.
fn hash(json: Fields<'_>) -> Option<String> {
    let Value::Array(models) = json.0.get("sui_models")? else {
        return None;
    };
    let mut models = models.iter().filter_map(Fields::of);
    let model = models.find(|model| model.text(&["param"]).as_deref() == Some("model"))?;
    Some(model.text(&["hash"])?.trim_start_matches("0x").to_owned())
}
