//! What versions of `InvokeAI` before 3 wrote: JSON in `sd-metadata`, and in `Dream` what was typed, such as
//! `"a boat [fog]" -s 18 -S 7 -W 768 -H 512 -C 7.5 -A k_lms`. What to stay away from stands in square brackets.
//!
//! Source: <https://github.com/invoke-ai/InvokeAI/blob/v2.3.5/ldm/invoke/args.py>

use serde_json::Value;

use super::{program, schedule_by_name};
use crate::gallery::foreign::facts::{Facts, FieldNames};
use crate::gallery::foreign::fields::{Fields, model_name, parse};
use crate::job::{NoiseSource, Record};

const NAMES: FieldNames = FieldNames {
    prompt: &[],
    negative_prompt: &[],
    steps: &["steps"],
    guidance_scale: &["cfg_scale"],
    sampler: &["sampler"],
    schedule: &[],
};
/// The flags that are read, by their short and long names.
const FLAGS: [(&str, &str); 6] = [
    ("-s", "--steps"),
    ("-S", "--seed"),
    ("-W", "--width"),
    ("-H", "--height"),
    ("-C", "--cfg_scale"),
    ("-A", "--sampler"),
];

/// The record in `sd-metadata`.
pub(in crate::gallery::foreign) fn old_record(text: &str) -> Option<Record> {
    let json = parse(text)?;
    let json = Fields::of(&json)?;
    let image = json.object("image")?;
    let prompt = match image.any(&["prompt"]) {
        Some(Value::String(prompt)) => prompt.clone(),
        Some(Value::Array(parts)) => {
            let parts = parts.iter().filter_map(Fields::of);
            let parts: Vec<String> = parts.filter_map(|part| part.text(&["prompt"])).collect();
            parts.join(" ")
        }
        _ => String::new(),
    };
    let mut facts = Facts::of(image, &NAMES);
    (facts.prompt, facts.negative_prompt) = split_brackets(&prompt);
    facts.program = program(json);
    let model = json.text(&["model_weights"]);
    facts.model_name = model.map(|name| model_name(&name)).unwrap_or_default();
    facts.model_hash = json.text(&["model_hash"]).unwrap_or_default();
    Some(finished(facts))
}

/// The record in `Dream`; `None` if no flag says anything.
pub(in crate::gallery::foreign) fn dream_record(text: &str) -> Option<Record> {
    let (prompt, flags) = typed_prompt(text.trim());
    let mut facts = Facts::default();
    (facts.prompt, facts.negative_prompt) = split_brackets(&prompt);
    let (mut width, mut height) = (None, None);
    let mut is_known = false;
    let mut words = flags.split_whitespace();
    while let Some(word) = words.next() {
        let Some(((short, _), joined)) = flag(word) else {
            continue;
        };
        let value = if joined.is_empty() {
            words.next().unwrap_or_default()
        } else {
            joined
        };
        is_known = true;
        match *short {
            "-s" => facts.steps = value.parse().ok(),
            "-S" => facts.seed = value.parse().ok(),
            "-W" => width = value.parse().ok(),
            "-H" => height = value.parse().ok(),
            "-C" => facts.guidance_scale = value.parse().ok().filter(|scale: &f64| scale.is_finite()),
            _ => facts.set_names(Some(value), None),
        }
    }
    facts.size_px = width.zip(height);
    "InvokeAI".clone_into(&mut facts.program);
    is_known.then(|| finished(facts))
}

/// A flag, and the value that is joined to it.
fn flag(word: &str) -> Option<(&'static (&'static str, &'static str), &str)> {
    let long = |(_, long): &&(&str, &str)| word.split('=').next() == Some(*long);
    if let Some(found) = FLAGS.iter().find(long) {
        return Some((found, word.split_once('=').map_or("", |(_, value)| value)));
    }
    let joined = |known: &'static (&'static str, &'static str)| Some((known, word.strip_prefix(known.0)?));
    FLAGS.iter().find_map(joined)
}

/// The prompt as it was typed, and the flags behind it.
fn typed_prompt(text: &str) -> (String, &str) {
    let Some(quoted) = text.strip_prefix('"') else {
        let end = text.find(" -").unwrap_or(text.len());
        return (text[..end].to_owned(), &text[end..]);
    };
    let mut prompt = String::new();
    let mut chars = quoted.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '"' => return (prompt, &quoted[at + 1..]),
            '\\' => prompt.extend(chars.next().map(|(_, c)| c)),
            c => prompt.push(c),
        }
    }
    (prompt, "")
}

/// What stands outside of square brackets and what inside.
fn split_brackets(text: &str) -> (String, String) {
    let (mut outside, mut inside) = (String::new(), Vec::new());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('[') {
        let Some((within, behind)) = after.split_once(']') else {
            break;
        };
        outside.push_str(before.trim_end());
        inside.push(within.trim());
        rest = behind;
    }
    outside.push_str(rest);
    (outside.trim().to_owned(), inside.join(" "))
}

fn finished(mut facts: Facts) -> Record {
    schedule_by_name(&mut facts);
    facts.others.noise_source = NoiseSource::TorchCpu;
    facts.into_record()
}
