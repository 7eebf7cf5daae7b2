//! Records of other programs.
//!
//! | text of the file | whose | what it is |
//! |---|---|---|
//! | `parameters` | A1111, Forge, stable-diffusion.cpp, Krita and many more | [`a1111`]: prompt, negative prompt, a line of settings |
//! | `parameters`, JSON | `SwarmUI` | [`swarmui`]: `{"sui_image_params": {…}}` |
//! | `parameters`, JSON | Fooocus | [`fooocus`]: flat, with `base_model` and `performance` |
//! | `prompt` | `ComfyUI` | [`comfyui`]: the graph that made the picture, read back from its sampler |
//! | `invokeai_metadata`, `sd-metadata` | `InvokeAI` | [`invokeai`] |
//! | `Comment` beside `Software` | `NovelAI` | [`novelai`] |
//!
//! In JPEG and WebP, the text is in the EXIF `UserComment`; `ComfyUI` takes other fields of EXIF.
//! What a record does not say has its default; a side of 0 px is one that it does not say. Nothing in a record is
//! believed: types, ranges and circles are checked, and what is wrong is left out.

mod a1111;
mod comfyui;
mod fields;
mod fooocus;
mod invokeai;
mod names;
mod novelai;
mod swarmui;

pub use a1111::record_from_infotext;
pub use comfyui::comfyui_graph;
pub(super) use fields::lora_name;
pub use invokeai::invokeai_metadata;
pub(super) use names::{Names, SAMPLERS, SCHEDULES, theirs};

use super::RecordSource;
use super::texts::TextChunk;
use crate::job::{GenerateRequest, Record};
use names::{sampler_id, schedule_id};

/// Keywords of the texts that are looked at.
pub(super) const KEYWORDS: [&str; 9] = [
    "parameters",
    "prompt",
    "invokeai_metadata",
    "sd-metadata",
    "Comment",
    "Software",
    "Description",
    "Source",
    "fooocus_scheme",
];

/// The record in the texts of a file, and whose it is; the one that says most, if there are several.
pub(super) fn record_in(texts: &[TextChunk]) -> Option<(Record, RecordSource)> {
    let text_of = |keyword: &str| {
        let text = texts.iter().find(|text| text.keyword == keyword);
        text.map(|text| text.text.as_str())
    };
    let invokeai = || text_of("invokeai_metadata").and_then(invokeai::record);
    let old_invokeai = || text_of("sd-metadata").and_then(invokeai::old_record);
    let novelai = || {
        let is_theirs = text_of("Software").is_some_and(|software| software.starts_with("NovelAI"));
        let comment = text_of("Comment").filter(|_| is_theirs)?;
        novelai::record(comment, text_of("Description"), text_of("Source"))
    };
    let comfyui = || text_of("prompt").and_then(comfyui::record);
    invokeai()
        .or_else(old_invokeai)
        .map(|record| (record, RecordSource::InvokeAi))
        .or_else(|| text_of("parameters").and_then(record_from_text))
        .or_else(|| novelai().map(|record| (record, RecordSource::NovelAi)))
        .or_else(|| comfyui().map(|record| (record, RecordSource::ComfyUi)))
}

/// The record that a text amounts to, and whose it is: what stands in `parameters`, or what was copied from there or
/// from another program. `None` if it says nothing of how a picture was made.
pub fn record_from_text(text: &str) -> Option<(Record, RecordSource)> {
    let json = text
        .trim_start()
        .starts_with('{')
        .then(|| fields::parse(text))
        .flatten();
    if let Some(json) = json.as_ref().and_then(fields::Fields::of) {
        return swarmui::record(json)
            .map(|record| (record, RecordSource::SwarmUi))
            .or_else(|| Some((invokeai::record_of(json)?, RecordSource::InvokeAi)))
            .or_else(|| Some((fooocus::record(json)?, RecordSource::Fooocus)))
            .or_else(|| Some((comfyui::record_of(json)?, RecordSource::ComfyUi)));
    }
    let record = record_from_infotext(text)?;
    let source = if record.program.starts_with("Fooocus") {
        RecordSource::Fooocus
    } else if record.program.starts_with("hareru") {
        RecordSource::Hareru
    } else {
        RecordSource::A1111
    };
    Some((record, source))
}

/// A record of another program.
///
/// * `model_hash`: as it stands there.
fn record_of(request: GenerateRequest, program: String, model_name: String, model_hash: String) -> Record {
    Record {
        program,
        rng: String::new(),
        model_name,
        model_hash,
        ..Record::of(request)
    }
}

/// Names of the fields that say the same with several programs; sides, steps and the seed are called alike by them all.
struct FieldNames {
    prompt: &'static str,
    negative_prompt: &'static [&'static str],
    guidance_scale: &'static str,
    sampler: &'static str,
    /// Where the schedule is said other than by the sampler's name.
    schedule: Option<&'static str>,
}

/// The part of a request that several programs write alike.
fn common_request(json: fields::Fields<'_>, names: &FieldNames) -> GenerateRequest {
    let defaults = unsaid();
    let sampler = json.text(&[names.sampler]);
    let sampler = sampler.as_deref().map(|name| name.strip_prefix("k_").unwrap_or(name));
    let (sampler, suffix) = sampler_id(sampler.unwrap_or("euler")); // which most programs begin with
    let schedule = names.schedule.and_then(|name| json.text(&[name]));
    GenerateRequest {
        prompt: json.text(&[names.prompt]).unwrap_or_default(),
        negative_prompt: json.text(names.negative_prompt).unwrap_or_default(),
        width_px: json.small(&["width"]).unwrap_or(0),
        height_px: json.small(&["height"]).unwrap_or(0),
        steps: json.small(&["steps"]).unwrap_or(defaults.steps),
        guidance_scale: json.number(&[names.guidance_scale]).unwrap_or(defaults.guidance_scale),
        sampler,
        schedule: schedule.map_or_else(|| suffix.unwrap_or("normal").to_owned(), |name| schedule_id(&name)),
        seed: json.whole(&["seed"]).unwrap_or(0),
        ..defaults
    }
}

/// A request that says nothing yet: its sides are 0.
fn unsaid() -> GenerateRequest {
    GenerateRequest {
        width_px: 0,
        height_px: 0,
        ..GenerateRequest::default()
    }
}
