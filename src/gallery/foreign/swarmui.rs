//! `SwarmUI`: JSON in `parameters`.
//!
//! Source: <https://github.com/mcmonkeyprojects/SwarmUI/blob/master/docs/Image%20Metadata%20Format.md>

use serde_json::Value;

use super::fields::{Fields, lora, model_name, number};
use super::{FieldNames, common_request, record_of};
use crate::job::{GenerateRequest, LoraSpec, NoiseSource, Record, Variation};

/// The record in an object; `None` if it is not one of `SwarmUI`.
pub(super) fn record(json: Fields<'_>) -> Option<Record> {
    let params = json.object("sui_image_params")?;
    let names = FieldNames {
        prompt: "prompt",
        negative_prompt: &["negativeprompt"],
        guidance_scale: "cfgscale",
        sampler: "sampler",
        schedule: Some("scheduler"),
    };
    let variation = params
        .whole(&["variationseed"])
        .zip(params.number(&["variationseedstrength"]));
    let request = GenerateRequest {
        // -1 is the last layer.
        clip_skip: params
            .number(&["clipstopatlayer"])
            .map_or(0, |layer| (-1.0 - layer).clamp(0.0, 12.0) as u32),
        variation: variation
            .map(|(seed, strength)| Variation { seed, strength })
            .filter(|variation| variation.strength > 0.0 && variation.strength <= 1.0),
        loras: loras(params),
        noise_source: NoiseSource::TorchCpu,
        ..common_request(params, &names)
    };
    let version = params.text(&["swarm_version"]).unwrap_or_default();
    Some(record_of(
        request,
        format!("SwarmUI {version}").trim().to_owned(),
        params
            .text(&["model"])
            .map(|name| model_name(&name))
            .unwrap_or_default(),
        hash(json).unwrap_or_default(),
    ))
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
