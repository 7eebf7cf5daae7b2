//! `InvokeAI`: flat JSON in `invokeai_metadata`, and what versions before 3 wrote into `sd-metadata` and `Dream`.
//!
//! Source: <https://github.com/invoke-ai/InvokeAI/blob/main/invokeai/app/invocations/metadata.py>

mod old;

use serde_json::{Value, json};

use super::facts::{Facts, FieldNames};
use super::fields::{Fields, lora, lora_name, number, parse};
use crate::job::{GenerateRequest, NoiseSource, Record, Setting, Tiling};

pub(super) use old::{dream_record, old_record};

const NAMES: FieldNames = FieldNames {
    prompt: &["positive_prompt"],
    negative_prompt: &["negative_prompt"],
    steps: &["steps", "num_steps"],
    guidance_scale: &["cfg_scale"],
    sampler: &["scheduler"],
    schedule: &[],
};

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
    let mut facts = Facts::of(json, &NAMES);
    schedule_by_name(&mut facts);
    facts.others = GenerateRequest {
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
        ..facts.others
    };
    (facts.model_name, facts.model_hash) = model(json);
    facts.program = program(json);
    Some(facts.into_record())
}

fn program(json: Fields<'_>) -> String {
    let version = json.text(&["app_version"]).unwrap_or_default();
    format!("InvokeAI {version}").trim().to_owned()
}

/// Its samplers are named with their schedule: what does not end in `_k` is not Karras.
fn schedule_by_name(facts: &mut Facts) {
    if facts.sampler.is_some() && facts.schedule.is_none() {
        facts.schedule = Some("normal".to_owned());
    }
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

/// What `InvokeAI` would have written, so that it can recall these settings: what it has no words for is left out, and
/// what the record does not know.
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
    let mut metadata = json!({
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
    });
    let unknown = [
        (Setting::Size, "width"),
        (Setting::Size, "height"),
        (Setting::Steps, "steps"),
        (Setting::GuidanceScale, "cfg_scale"),
        (Setting::Sampler, "scheduler"),
        (Setting::Seed, "seed"),
    ];
    for (_, key) in unknown.iter().filter(|(setting, _)| !request.knows(*setting)) {
        metadata.as_object_mut().map(|fields| fields.remove(*key));
    }
    metadata
}

fn finite(value: f64) -> f64 {
    number(&json!(value)).unwrap_or(0.0)
}
