//! `NovelAI`: JSON in `Comment`, the prompt in `Description` too. From version 4 on the prompts are in parts, one for each
//! character.

use super::facts::{Facts, FieldNames};
use super::fields::{Fields, parse};
use crate::job::Record;

const NAMES: FieldNames = FieldNames {
    prompt: &["prompt"],
    negative_prompt: &["uc", "negative_prompt"],
    steps: &["steps"],
    guidance_scale: &["scale"],
    sampler: &["sampler"],
    schedule: &["noise_schedule"],
};

/// The record in an object that holds the texts of a PNG, as in files of other kinds; `None` if it is not of `NovelAI`.
pub(super) fn record_of(json: Fields<'_>) -> Option<Record> {
    let software = json
        .text(&["Software"])
        .filter(|software| software.starts_with("NovelAI"));
    let (comment, _) = json.text(&["Comment"]).zip(software)?;
    let source = json.text(&["Source"]);
    record(&comment, json.text(&["Description"]).as_deref(), source.as_deref())
}

/// * `source`: which of its models, such as `Stable Diffusion XL C1E1DE52`.
pub(super) fn record(comment: &str, description: Option<&str>, source: Option<&str>) -> Option<Record> {
    let json = parse(comment)?;
    let json = Fields::of(&json)?;
    let mut facts = Facts::of(json, &NAMES);
    if let Some(parts) = caption(json, "v4_prompt") {
        facts.prompt = parts;
    } else if facts.prompt.is_empty() {
        description.unwrap_or_default().clone_into(&mut facts.prompt);
    }
    if let Some(parts) = caption(json, "v4_negative_prompt") {
        facts.negative_prompt = parts;
    }
    facts.others.guidance_rescale = json.number(&["cfg_rescale"]).unwrap_or(0.0);
    let (name, hash) = source
        .and_then(|source| source.rsplit_once(' '))
        .filter(|(_, hash)| hash.len() == 8 && hash.bytes().all(|b| b.is_ascii_hexdigit()))
        .unwrap_or_else(|| (source.unwrap_or_default(), ""));
    "NovelAI".clone_into(&mut facts.program);
    name.clone_into(&mut facts.model_name);
    facts.model_hash = hash.to_lowercase();
    Some(facts.into_record())
}

/// The text of the whole picture and those of the characters, each on a line of its own.
fn caption(json: Fields<'_>, key: &str) -> Option<String> {
    let caption = json.object(key)?.object("caption")?;
    let characters = caption.any(&["char_captions"]).and_then(serde_json::Value::as_array);
    let characters = characters.into_iter().flatten().filter_map(Fields::of);
    let texts = caption.text(&["base_caption"]).into_iter();
    let texts = texts.chain(characters.filter_map(|character| character.text(&["char_caption"])));
    let texts: Vec<String> = texts.filter(|text| !text.trim().is_empty()).collect();
    (!texts.is_empty()).then(|| texts.join("\n"))
}
