//! `NovelAI`: JSON in `Comment`, the prompt in `Description` too.

use super::fields::{Fields, parse};
use super::names::{sampler_id_or_euler, schedule_id};
use super::{record_of, unsaid};
use crate::job::{GenerateRequest, Record};

/// * `source`: which of its models, such as `Stable Diffusion XL C1E1DE52`.
pub(super) fn record(comment: &str, description: Option<&str>, source: Option<&str>) -> Option<Record> {
    let json = parse(comment)?;
    let json = Fields::of(&json)?;
    let defaults = unsaid();
    let name = json.text(&["sampler"]);
    let name = name.as_deref().map(|name| name.strip_prefix("k_").unwrap_or(name));
    let (sampler, suffix) = sampler_id_or_euler(name);
    let schedule = json.text(&["noise_schedule"]).map(|name| schedule_id(&name));
    let prompt = json.text(&["prompt"]);
    let request = GenerateRequest {
        prompt: prompt.or_else(|| description.map(str::to_owned)).unwrap_or_default(),
        negative_prompt: json.text(&["uc", "negative_prompt"]).unwrap_or_default(),
        width_px: json.small(&["width"]).unwrap_or(0),
        height_px: json.small(&["height"]).unwrap_or(0),
        steps: json.small(&["steps"]).unwrap_or(defaults.steps),
        guidance_scale: json.number(&["scale"]).unwrap_or(defaults.guidance_scale),
        guidance_rescale: json.number(&["cfg_rescale"]).unwrap_or(0.0),
        sampler,
        schedule: schedule.unwrap_or_else(|| suffix.unwrap_or("normal").to_owned()),
        seed: json.whole(&["seed"]).unwrap_or(0),
        ..defaults
    };
    let (name, hash) = source
        .and_then(|source| source.rsplit_once(' '))
        .filter(|(_, hash)| hash.len() == 8 && hash.bytes().all(|b| b.is_ascii_hexdigit()))
        .unwrap_or_else(|| (source.unwrap_or_default(), ""));
    Some(record_of(
        request,
        "NovelAI".to_owned(),
        name.to_owned(),
        hash.to_lowercase(),
    ))
}
