//! `NovelAI`: JSON in `Comment`, the prompt in `Description` too.

use super::fields::{Fields, parse};
use super::{FieldNames, common_request, record_of};
use crate::job::{GenerateRequest, Record};

/// * `source`: which of its models, such as `Stable Diffusion XL C1E1DE52`.
pub(super) fn record(comment: &str, description: Option<&str>, source: Option<&str>) -> Option<Record> {
    let json = parse(comment)?;
    let json = Fields::of(&json)?;
    let names = FieldNames {
        prompt: "prompt",
        negative_prompt: &["uc", "negative_prompt"],
        guidance_scale: "scale",
        sampler: "sampler",
        schedule: Some("noise_schedule"),
    };
    let prompt = json.text(&["prompt"]);
    let request = GenerateRequest {
        prompt: prompt.or_else(|| description.map(str::to_owned)).unwrap_or_default(),
        guidance_rescale: json.number(&["cfg_rescale"]).unwrap_or(0.0),
        ..common_request(json, &names)
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
