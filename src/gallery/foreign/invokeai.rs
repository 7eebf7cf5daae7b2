//! `InvokeAI`: flat JSON in `invokeai_metadata`, and what versions before 3 wrote into `sd-metadata`.
//!
//! Source: <https://github.com/invoke-ai/InvokeAI/blob/main/invokeai/app/invocations/metadata.py>

use serde_json::{Value, json};

use super::fields::{Fields, lora, lora_name, model_name, number, parse};
use super::{FieldNames, common_request, record_of as record_with};
use crate::job::{GenerateRequest, NoiseSource, Record, Tiling};

pub(super) fn record(text: &str) -> Option<Record> {
    let json = parse(text)?;
    record_of(Fields::of(&json)?)
}

/// The record in an object; `None` if it is not one of `InvokeAI`.
pub(super) fn record_of(json: Fields<'_>) -> Option<Record> {
    let is_theirs = ["positive_prompt", "generation_mode", "app_version", "cfg_scale"]
        .iter()
        .filter(|key| json.0.contains_key(**key))
        .count()
        >= 2;
    if !is_theirs {
        return None;
    }
    let names = FieldNames {
        prompt: "positive_prompt",
        negative_prompt: &["negative_prompt"],
        guidance_scale: "cfg_scale",
        sampler: "scheduler",
        schedule: None,
    };
    let request = GenerateRequest {
        guidance_rescale: json.number(&["cfg_rescale_multiplier"]).unwrap_or(0.0),
        clip_skip: json.small(&["clip_skip"]).unwrap_or(0),
        tiling: Tiling {
            x: json.is_true("seamless_x"),
            y: json.is_true("seamless_y"),
        },
        noise_source: match json.text(&["rand_device"]).as_deref() {
            Some("cuda") => NoiseSource::A1111Gpu,
            _ => NoiseSource::TorchCpu,
        },
        loras: loras(json),
        ..common_request(json, &names)
    };
    let (name, hash) = model(json);
    let version = json.text(&["app_version"]).unwrap_or_default();
    Some(record_with(
        request,
        format!("InvokeAI {version}").trim().to_owned(),
        name,
        hash,
    ))
}

/// Name and hash; `model` was a text, then had a `model_name`, now has a `name`.
fn model(json: Fields<'_>) -> (String, String) {
    let Some(model) = json.object("model") else {
        return (json.text(&["model"]).unwrap_or_default(), String::new());
    };
    let name = model.text(&["name", "model_name"]).unwrap_or_default();
    let hash = model.text(&["hash"]).unwrap_or_default();
    (name, hash.trim_start_matches("blake3:").to_owned())
}

fn loras(json: Fields<'_>) -> Vec<crate::job::LoraSpec> {
    let Some(Value::Array(loras)) = json.any(&["loras"]) else {
        return Vec::new();
    };
    loras
        .iter()
        .filter_map(Fields::of)
        .filter_map(|entry| {
            let model = entry.object("model").or_else(|| entry.object("lora"))?;
            let name = model.text(&["name", "model_name"])?;
            Some(lora(&name, entry.number(&["weight"]).unwrap_or(1.0)))
        })
        .collect()
}

/// The record of a version before 3.
pub(super) fn old_record(text: &str) -> Option<Record> {
    let json = parse(text)?;
    let json = Fields::of(&json)?;
    let image = json.object("image")?;
    let names = FieldNames {
        prompt: "prompt",
        negative_prompt: &[],
        guidance_scale: "cfg_scale",
        sampler: "sampler",
        schedule: None,
    };
    let prompt = match image.any(&["prompt"]) {
        Some(Value::String(prompt)) => prompt.clone(),
        Some(Value::Array(parts)) => {
            let parts = parts.iter().filter_map(Fields::of);
            let parts: Vec<String> = parts.filter_map(|part| part.text(&["prompt"])).collect();
            parts.join(" ")
        }
        _ => String::new(),
    };
    let request = GenerateRequest {
        prompt,
        noise_source: NoiseSource::TorchCpu,
        ..common_request(image, &names)
    };
    let version = json.text(&["app_version"]).unwrap_or_default();
    Some(record_with(
        request,
        format!("InvokeAI {version}").trim().to_owned(),
        json.text(&["model_weights"])
            .map(|name| model_name(&name))
            .unwrap_or_default(),
        json.text(&["model_hash"]).unwrap_or_default(),
    ))
}

/// What `InvokeAI` would have written, so that it can recall these settings: what it has no words for is left out.
pub fn invokeai_metadata(record: &Record) -> Value {
    let Record {
        request,
        model_name,
        model_hash,
        program,
        ..
    } = record;
    let mut scheduler = match request.sampler.as_str() {
        "dpm2" => "kdpm_2".to_owned(),
        "dpm2_a" => "kdpm_2_a".to_owned(),
        sampler => sampler.to_owned(),
    };
    if request.schedule == "karras" {
        scheduler.push_str("_k");
    }
    let loras: Vec<Value> = request
        .loras
        .iter()
        .map(|lora| json!({ "model": { "name": lora_name(lora), "type": "lora" }, "weight": lora.unet_weight }))
        .collect();
    json!({
        "generation_mode": if request.init.is_some() { "img2img" } else { "txt2img" },
        "positive_prompt": request.prompt,
        "negative_prompt": request.negative_prompt,
        "width": request.width_px,
        "height": request.height_px,
        "seed": request.seed,
        "rand_device": if request.noise_source == NoiseSource::A1111Gpu { "cuda" } else { "cpu" },
        "cfg_scale": finite(request.guidance_scale),
        "cfg_rescale_multiplier": finite(request.guidance_rescale),
        "steps": request.steps,
        "scheduler": scheduler,
        "clip_skip": request.clip_skip,
        "seamless_x": request.tiling.x,
        "seamless_y": request.tiling.y,
        "model": { "name": model_name, "hash": model_hash, "type": "main" },
        "loras": loras,
        "app_version": program,
    })
}

fn finite(value: f64) -> f64 {
    number(&json!(value)).unwrap_or(0.0)
}
