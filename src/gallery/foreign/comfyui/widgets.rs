//! What the values of a node in the editor are called, which keeps them in the order of its fields without names.

use serde_json::{Map, Value};

use crate::gallery::foreign::fields::Fields;

/// What stands behind a seed: what becomes of it after a run.
const AFTER_RUN: [&str; 4] = ["fixed", "randomize", "increment", "decrement"];

/// The fields of nodes that say how a picture is made.
const FIELDS: &[(&str, &[&str])] = &[
    (
        "KSampler",
        &["seed", "steps", "cfg", "sampler_name", "scheduler", "denoise"],
    ),
    (
        "KSamplerAdvanced",
        &[
            "add_noise",
            "noise_seed",
            "steps",
            "cfg",
            "sampler_name",
            "scheduler",
            "start_at_step",
            "end_at_step",
        ],
    ),
    ("SamplerCustom", &["add_noise", "noise_seed", "cfg"]),
    ("RandomNoise", &["noise_seed"]),
    ("KSamplerSelect", &["sampler_name"]),
    ("BasicScheduler", &["scheduler", "steps", "denoise"]),
    ("Flux2Scheduler", &["steps", "width", "height"]),
    ("KarrasScheduler", &["steps"]),
    ("ExponentialScheduler", &["steps"]),
    ("PolyexponentialScheduler", &["steps"]),
    ("LaplaceScheduler", &["steps"]),
    ("VPScheduler", &["steps"]),
    ("BetaSamplingScheduler", &["steps"]),
    ("SDTurboScheduler", &["steps", "denoise"]),
    ("LTXVScheduler", &["steps"]),
    ("AlignYourStepsScheduler", &["model_type", "steps", "denoise"]),
    ("OptimalStepsScheduler", &["model_type", "steps", "denoise"]),
    ("GITSScheduler", &["coeff", "steps", "denoise"]),
    ("ManualSigmas", &["sigmas"]),
    ("CFGGuider", &["cfg"]),
    ("DualCFGGuider", &["cfg_conds", "cfg_cond2_negative"]),
    ("CLIPTextEncode", &["text"]),
    ("CLIPTextEncodeFlux", &["clip_l", "t5xxl", "guidance"]),
    ("CLIPTextEncodeSD3", &["clip_l", "clip_g", "t5xxl"]),
    ("CLIPTextEncodeHiDream", &["clip_l", "clip_g", "t5xxl", "llama"]),
    ("CLIPTextEncodeHunyuanDiT", &["bert", "mt5xl"]),
    ("CLIPTextEncodeLumina2", &["system_prompt", "user_prompt"]),
    ("CLIPTextEncodePixArtAlpha", &["width", "height", "text"]),
    ("CLIPTextEncodeSDXLRefiner", &["ascore", "width", "height", "text"]),
    (
        "CLIPTextEncodeSDXL",
        &[
            "width",
            "height",
            "crop_w",
            "crop_h",
            "target_width",
            "target_height",
            "text_g",
            "text_l",
        ],
    ),
    ("TextEncodeQwenImageEdit", &["prompt"]),
    ("TextEncodeQwenImageEditPlus", &["prompt"]),
    ("TextEncodeHunyuanVideo_ImageToVideo", &["prompt"]),
    ("TextEncodeAceStepAudio", &["tags", "lyrics"]),
    ("TextEncodeAceStepAudio1.5", &["tags", "lyrics"]),
    ("CheckpointLoaderSimple", &["ckpt_name"]),
    ("ImageOnlyCheckpointLoader", &["ckpt_name"]),
    ("UNETLoader", &["unet_name"]),
    ("UnetLoaderGGUF", &["unet_name"]),
    ("LoraLoader", &["lora_name", "strength_model", "strength_clip"]),
    ("LoraLoaderModelOnly", &["lora_name", "strength_model"]),
    ("CLIPSetLastLayer", &["stop_at_clip_layer"]),
    ("RescaleCFG", &["multiplier"]),
    ("FluxGuidance", &["guidance"]),
    ("LatentUpscale", &["upscale_method", "width", "height"]),
    ("LatentUpscaleBy", &["upscale_method", "scale_by"]),
    ("ImageScale", &["upscale_method", "width", "height"]),
    ("ImageScaleBy", &["upscale_method", "scale_by"]),
    ("StringConcatenate", &["string_a", "string_b", "delimiter"]),
    ("StringReplace", &["string", "find", "replace"]),
    ("ComfySwitchNode", &["switch"]),
    ("SaveImage", &["filename_prefix"]),
    ("ImpactWildcardProcessor", &["wildcard_text", "populated_text", "mode"]),
    ("ImpactWildcardEncode", &["wildcard_text", "populated_text", "mode"]),
    ("SDXLPromptStyler", &["text_positive", "text_negative"]),
];
/// The fields of nodes that are called alike: by what their class begins with.
const FAMILIES: [(&str, &[&str]); 3] = [
    ("Empty", &["width", "height"]),
    ("Primitive", &["value"]),
    ("ShowText", &["text_0"]),
];

/// The values of a node by their names; where these are not known, a text alone is `text`.
pub(super) fn named_values(class: &str, node: Fields<'_>) -> Map<String, Value> {
    let values = match node.0.get("widgets_values") {
        Some(Value::Object(named)) => return named.clone(),
        Some(Value::Array(values)) => values,
        _ => return Map::new(),
    };
    let is_after_run = |value: &&Value| value.as_str().is_some_and(|text| AFTER_RUN.contains(&text));
    let plain: Vec<&Value> = values.iter().filter(|value| !is_after_run(value)).collect();
    if let Some((_, names)) = FIELDS.iter().find(|(known, _)| *known == class) {
        return named(names.iter().copied(), &plain);
    }
    let listed: Vec<&str> = listed_names(node);
    if !listed.is_empty() && listed.len() == plain.len() {
        return named(listed.into_iter(), &plain);
    }
    if let Some((_, names)) = FAMILIES.iter().find(|(start, _)| class.starts_with(start)) {
        return named(names.iter().copied(), &plain);
    }
    match plain[..] {
        [Value::String(_)] => named(["text"].into_iter(), &plain),
        _ => Map::new(),
    }
}

fn named<'n>(names: impl Iterator<Item = &'n str>, values: &[&Value]) -> Map<String, Value> {
    let pairs = names
        .zip(values)
        .map(|(name, value)| (name.to_owned(), (*value).clone()));
    pairs.collect()
}

/// The names of its fields, where the editor keeps them among the inputs.
fn listed_names(node: Fields<'_>) -> Vec<&str> {
    let inputs = node.0.get("inputs").and_then(Value::as_array);
    let inputs = inputs.into_iter().flatten().filter_map(Fields::of);
    let fields = inputs.filter(|input| input.0.contains_key("widget"));
    fields.filter_map(|input| input.0.get("name")?.as_str()).collect()
}
