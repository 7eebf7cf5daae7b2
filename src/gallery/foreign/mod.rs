//! Records of other programs.
//!
//! | text of the file | whose | what it is |
//! |---|---|---|
//! | `parameters` | A1111, Forge, stable-diffusion.cpp, Krita and many more | [`a1111`]: prompt, negative prompt, a line of settings |
//! | `parameters`, JSON | `SwarmUI` | [`swarmui`]: `{"sui_image_params": {…}}` |
//! | `parameters`, `Comment`, JSON | Fooocus and its forks | [`fooocus`]: flat, with `base_model` and `performance` |
//! | `prompt` | `ComfyUI` | [`comfyui`]: the graph that made the picture, read back from what it saves |
//! | `workflow` | `ComfyUI` | the same graph as its editor has it, where there is no other |
//! | `invokeai_metadata`, `sd-metadata`, `Dream` | `InvokeAI` | [`invokeai`] |
//! | `Comment` beside `Software` | `NovelAI` | [`novelai`]; the same in the last bits of alpha, see `stealth.rs` |
//! | `UserComment` of EXIF or XMP, JSON | Draw Things | [`flat`] |
//! | a text for each field | Easy Diffusion | [`flat`] |
//!
//! In JPEG and WebP, the text is in the EXIF `UserComment`; `ComfyUI` takes other fields of EXIF.
//! What a record does not say is unknown ([`facts`]); a side of 0 px is one that it does not say. Nothing in a record is
//! believed: types, ranges and circles are checked, and what is wrong is left out.

mod a1111;
mod comfyui;
mod facts;
mod fields;
mod flat;
mod fooocus;
mod invokeai;
mod names;
mod novelai;
mod swarmui;
mod xmp_comment;

pub use a1111::record_from_infotext;
pub use comfyui::comfyui_graph;
pub(super) use fields::lora_name;
pub use invokeai::invokeai_metadata;
pub(super) use names::{Names, SAMPLERS, SCHEDULES, theirs};

use super::RecordSource;
use super::texts::{TextChunk, XMP_KEYWORD};
use crate::job::{Record, Setting};
use fields::Fields;

/// Keywords of the texts that are looked at.
pub(super) fn keywords() -> impl Iterator<Item = &'static str> {
    const KEYWORDS: [&str; 12] = [
        "parameters",
        "prompt",
        "workflow",
        "invokeai_metadata",
        "sd-metadata",
        "Dream",
        "Comment",
        "Software",
        "Description",
        "Source",
        "fooocus_scheme",
        XMP_KEYWORD,
    ];
    KEYWORDS.into_iter().chain(flat::KEYWORDS)
}

type Made = (Record, RecordSource);

/// The record in the texts of a file, and whose it is; the one that says most, if there are several.
pub(super) fn record_in(texts: &[TextChunk]) -> Option<Made> {
    let text_of = |keyword: &str| {
        let text = texts.iter().find(|text| text.keyword == keyword);
        text.map(|text| text.text.as_str())
    };
    let readers: [&dyn Fn() -> Option<Made>; 9] = [
        &|| invokeai::record(text_of("invokeai_metadata")?).map(by(RecordSource::InvokeAi)),
        &|| invokeai::old_record(text_of("sd-metadata")?).map(by(RecordSource::InvokeAi)),
        &|| record_from_text(text_of("parameters")?),
        &|| {
            let is_theirs = text_of("Software").is_some_and(|software| software.starts_with("NovelAI"));
            let comment = text_of("Comment").filter(|_| is_theirs)?;
            novelai::record(comment, text_of("Description"), text_of("Source")).map(by(RecordSource::NovelAi))
        },
        &|| comfyui::record(text_of("prompt")?).map(by(RecordSource::ComfyUi)),
        &|| record_from_json(text_of("Comment")?),
        &|| flat::easy_diffusion_texts(texts).map(by(RecordSource::EasyDiffusion)),
        &|| record_from_json(&xmp_comment::user_comment(text_of(XMP_KEYWORD)?)?),
        &|| invokeai::dream_record(text_of("Dream")?).map(by(RecordSource::InvokeAi)),
    ];
    let mut best: Option<Made> = None;
    for read in readers {
        let Some(made) = read() else { continue };
        if best.as_ref().is_none_or(|best| num_said(&made.0) > num_said(&best.0)) {
            best = Some(made);
        }
        if best.as_ref().is_some_and(|best| best.0.request.unknown.is_empty()) {
            return best;
        }
    }
    best.or_else(|| comfyui::record(text_of("workflow")?).map(by(RecordSource::ComfyUi)))
}

/// How much a record says.
fn num_said(record: &Record) -> usize {
    let request = &record.request;
    Setting::ALL.len() - request.unknown.len() + usize::from(!request.prompt.is_empty())
}

/// The record that a text amounts to, and whose it is: what stands in `parameters`, or what was copied from there or
/// from another program. `None` if it says nothing of how a picture was made.
pub fn record_from_text(text: &str) -> Option<(Record, RecordSource)> {
    let is_json = text.trim_start().starts_with('{'); // as a prompt may too
    let json = is_json.then(|| fields::parse(text)).flatten();
    if let Some(json) = json.as_ref().and_then(Fields::of) {
        return record_of_json(json);
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

fn record_from_json(text: &str) -> Option<Made> {
    let json = fields::parse(text)?;
    record_of_json(Fields::of(&json)?)
}

/// The record in an object of any of the programs that write one.
fn record_of_json(json: Fields<'_>) -> Option<Made> {
    swarmui::record(json)
        .map(by(RecordSource::SwarmUi))
        .or_else(|| invokeai::record_of(json).map(by(RecordSource::InvokeAi)))
        .or_else(|| novelai::record_of(json).map(by(RecordSource::NovelAi)))
        .or_else(|| fooocus::record(json).map(by(RecordSource::Fooocus)))
        .or_else(|| flat::draw_things(json).map(by(RecordSource::DrawThings)))
        .or_else(|| flat::easy_diffusion(json).map(by(RecordSource::EasyDiffusion)))
        .or_else(|| comfyui::record_of(json).map(by(RecordSource::ComfyUi)))
}

/// Says whose a record is.
fn by(source: RecordSource) -> impl Fn(Record) -> Made {
    move |record| (record, source)
}
