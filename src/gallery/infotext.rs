//! The `parameters` text that AUTOMATIC1111's web UI made customary, written for other tools.
//!
//! Prompt, then `Negative prompt: …`, then one line of `key: value` pairs separated by commas.
//! Source: `create_infotext` of
//! <https://github.com/AUTOMATIC1111/stable-diffusion-webui>

use super::foreign::{Names, SAMPLERS, SCHEDULES, lora_name, theirs};
use crate::job::{GenerateRequest, NoiseSource, Record, Setting};

/// Characters of the model's hash that are written.
const SHORT_HASH_LEN: usize = 10;

/// The text for a record, without our own fields that no other tool knows, and without what the record does not know.
pub fn infotext(record: &Record) -> String {
    let Record {
        request,
        program,
        model_name,
        model_hash,
        ..
    } = record;
    let usual = [
        (Setting::Steps, "Steps", request.steps.to_string()),
        (Setting::Sampler, "Sampler", theirs(SAMPLERS, &request.sampler, a1111)),
        (
            Setting::Schedule,
            "Schedule type",
            theirs(SCHEDULES, &request.schedule, a1111),
        ),
        (Setting::GuidanceScale, "CFG scale", request.guidance_scale.to_string()),
        (Setting::Seed, "Seed", request.seed.to_string()),
        (
            Setting::Size,
            "Size",
            format!("{}x{}", request.width_px, request.height_px),
        ),
    ];
    let known = usual.into_iter().filter(|(setting, ..)| request.knows(*setting));
    let mut pairs: Vec<(&str, String)> = known.map(|(_, key, value)| (key, value)).collect();
    if let Some(short_hash) = model_hash.get(..SHORT_HASH_LEN) {
        pairs.push(("Model hash", short_hash.to_owned()));
    }
    if !model_name.is_empty() {
        pairs.push(("Model", model_name.clone()));
    }
    pairs.extend(task_pairs(request));
    if request.clip_skip > 0 {
        pairs.push(("Clip skip", (request.clip_skip + 1).to_string())); // A1111 counts the last layer as 1
    }
    if request.eta != 0.0 {
        let key = if request.sampler == "ddim" { "Eta DDIM" } else { "Eta" };
        pairs.push((key, request.eta.to_string()));
    }
    if request.guidance_rescale != 0.0 {
        pairs.push(("CFG rescale", request.guidance_rescale.to_string()));
    }
    pairs.push(("Version", program.clone()));

    let mut text = request.prompt.clone();
    text.push_str(&lora_words(request));
    if !request.negative_prompt.is_empty() {
        for part in ["\n", "Negative prompt:", " ", &request.negative_prompt] {
            text.push_str(part);
        }
    }
    let pairs: Vec<String> = pairs
        .into_iter()
        .map(|(key, value)| format!("{key}: {}", quoted_if_needed(value)))
        .collect();
    text.push('\n');
    text.push_str(&pairs.join(", "));
    text.trim().to_owned()
}

/// What A1111 writes of pictures to start from, second passes and variations.
fn task_pairs(request: &GenerateRequest) -> Vec<(&'static str, String)> {
    let mut pairs = Vec::new();
    if let Some(variation) = request.variation {
        pairs.push(("Variation seed", variation.seed.to_string()));
        pairs.push(("Variation seed strength", variation.strength.to_string()));
    }
    let strength = request.init.as_ref().map(|init| init.strength);
    if let Some(strength) = strength.or_else(|| request.hires.map(|hires| hires.strength)) {
        pairs.push(("Denoising strength", strength.to_string()));
    }
    if let Some(hires) = request.hires {
        pairs.push(("Hires upscale", hires.scale.to_string()));
        let steps = hires.steps.map(|steps| ("Hires steps", steps.to_string()));
        pairs.extend(steps);
    }
    if let Some(mask) = &request.mask {
        pairs.push(("Mask blur", mask.blur_px.to_string()));
    }
    if let Some(refiner) = &request.refiner {
        pairs.push(("Refiner", refiner.model.to_string()));
        let part = f64::from(refiner.step) / f64::from(request.steps.max(1));
        pairs.push(("Refiner switch at", part.to_string()));
    }
    match request.noise_source {
        NoiseSource::Hareru => {}
        NoiseSource::TorchCpu => pairs.push(("RNG", "CPU".to_owned())),
        NoiseSource::A1111Gpu => pairs.push(("RNG", "NV".to_owned())),
    }
    if request.tiling.x && request.tiling.y {
        pairs.push(("Tiling", "True".to_owned()));
    }
    pairs
}

fn a1111(names: &Names) -> &'static str {
    names.a1111
}

/// ` <lora:name:weight>` for each adapter; with two weights that of the text encoders stands first.
fn lora_words(request: &GenerateRequest) -> String {
    let word = |lora: &crate::job::LoraSpec| {
        let (name, unet, text) = (lora_name(lora), lora.unet_weight, lora.text_weight);
        if unet == text {
            format!(" <lora:{name}:{unet}>")
        } else {
            format!(" <lora:{name}:{text}:{unet}>")
        }
    };
    request.loras.iter().map(word).collect()
}

/// Values that would end the pair or the line too early are written as JSON strings.
fn quoted_if_needed(value: String) -> String {
    if value.contains([',', ':', '\n', '\r', '"']) {
        serde_json::Value::String(value).to_string()
    } else {
        value
    }
}
