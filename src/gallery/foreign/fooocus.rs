//! Fooocus: JSON in `parameters`, where its scheme is `fooocus`; with the scheme `a1111` it writes as A1111 does.
//!
//! Source: <https://github.com/lllyasviel/Fooocus/blob/main/modules/meta_parser.py>

use serde_json::Value;

use super::fields::{Fields, lora, model_name, number};
use super::{FieldNames, common_request, record_of};
use crate::job::{GenerateRequest, LoraSpec, NoiseSource, Record};

/// Adapters that it offers room for.
const MAX_LORAS: usize = 16;

/// The record in an object; `None` if it is not one of Fooocus.
pub(super) fn record(json: Fields<'_>) -> Option<Record> {
    let is_theirs = ["base_model", "performance", "sharpness", "adm_guidance"]
        .iter()
        .any(|key| json.0.contains_key(*key));
    if !is_theirs {
        return None;
    }
    let names = FieldNames {
        prompt: "prompt",
        negative_prompt: &["negative_prompt"],
        guidance_scale: "guidance_scale",
        sampler: "sampler",
        schedule: Some("scheduler"),
    };
    let (width_px, height_px) = json
        .text(&["resolution"])
        .and_then(|text| sides(&text))
        .unwrap_or((0, 0));
    let request = GenerateRequest {
        width_px,
        height_px,
        clip_skip: json.small(&["clip_skip"]).unwrap_or(0).saturating_sub(1), // the last layer is 1
        loras: loras(json),
        noise_source: NoiseSource::TorchCpu,
        ..common_request(json, &names)
    };
    let version = json.text(&["version"]).unwrap_or_else(|| "Fooocus".to_owned());
    Some(record_of(
        request,
        version,
        json.text(&["base_model"])
            .map(|name| model_name(&name))
            .unwrap_or_default(),
        json.text(&["base_model_hash"]).unwrap_or_default(),
    ))
}

/// `(1152, 896)`.
fn sides(text: &str) -> Option<(u32, u32)> {
    let text = text.trim().trim_matches(['(', ')']);
    let (width, height) = text.split_once([',', '×', 'x'])?;
    Some((width.trim().parse().ok()?, height.trim().parse().ok()?))
}

/// `"loras": [["name", 0.5, "hash"]]`, before that `"lora_combined_1": "name : 0.5"`.
fn loras(json: Fields<'_>) -> Vec<LoraSpec> {
    if let Some(Value::Array(loras)) = json.0.get("loras") {
        return loras
            .iter()
            .filter_map(Value::as_array)
            .filter_map(|entry| Some(lora(entry.first()?.as_str()?, entry.get(1).and_then(number)?)))
            .collect();
    }
    (1..=MAX_LORAS)
        .filter_map(|place| json.text(&[&format!("lora_combined_{place}")]))
        .filter_map(|text| {
            let (name, weight) = text.rsplit_once(':')?;
            Some(lora(
                name.trim(),
                weight.trim().parse().ok().filter(|w: &f64| w.is_finite())?,
            ))
        })
        .collect()
}
