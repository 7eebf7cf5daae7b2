//! A1111, Forge and all who write as they do: prompt, then `Negative prompt: …`, then one line of `key: value` pairs
//! separated by commas. stable-diffusion.cpp writes so too, with the schedule at the end of the sampler's name.
//!
//! Source: `parse_generation_parameters` of <https://github.com/AUTOMATIC1111/stable-diffusion-webui>

use super::fields::{lora, parse};
use super::names::{sampler_id, schedule_id};
use super::record_of;
use crate::job::{GenerateRequest, Hires, LoraSpec, ModelRef, NoiseSource, Record, Refiner, Tiling, Variation};

/// Samplers to which A1111's schedule "Automatic" gives Karras; all others get its uniform one.
const KARRAS_BY_DEFAULT: &[&str] = &["dpmpp_2m", "dpmpp_sde", "dpmpp_2s_a", "dpm2", "dpm2_a"];
/// Start of the part that says what to stay away from.
const NEGATIVE: &str = "Negative prompt:";
/// Pairs that make a line one of settings, as A1111 has it.
const MIN_PAIRS: usize = 3;
/// Values that start as JSON and are none, after which no more is taken for JSON: each may be read to the end of the text.
const MAX_BROKEN_JSON: usize = 16;
/// What A1111 takes where the text does not say how much a second pass may change.
const HIRES_STRENGTH: f64 = 0.7;

/// The record a text of this kind amounts to; what it does not say has its default. `None` if it is JSON of another
/// program or says nothing.
pub fn record_from_infotext(text: &str) -> Option<Record> {
    let text = text.trim();
    if text.is_empty() || text.starts_with('{') && parse(text).is_some() {
        return None;
    }
    let (head, pairs) = split_settings(text);
    let settings = Settings(pairs);
    let (prompt, negative_prompt) = split_negative(head);
    let (prompt, loras) = split_loras(&prompt);
    let program = settings.text("Version");
    let request = GenerateRequest {
        prompt,
        negative_prompt,
        loras,
        noise_source: settings.noise_source(&program),
        ..settings.request()
    };
    let mut record = record_of(request, program, settings.text("Model"), settings.text("Model hash"));
    record.rng = settings.text("RNG");
    Some(record)
}

/// The pairs of the last line.
struct Settings(Vec<(String, String)>);

impl Settings {
    fn value(&self, key: &str) -> Option<&str> {
        let pair = self.0.iter().find(|(found, _)| found == key);
        pair.map(|(_, value)| value.as_str())
    }

    fn text(&self, key: &str) -> String {
        self.value(key).unwrap_or_default().to_owned()
    }

    fn number(&self, keys: &[&str]) -> Option<f64> {
        let mut values = keys
            .iter()
            .filter_map(|key| self.value(key)?.trim().parse::<f64>().ok());
        values.find(|number| number.is_finite())
    }

    fn whole<T: std::str::FromStr>(&self, key: &str) -> Option<T> {
        self.value(key)?.trim().parse().ok()
    }

    fn request(&self) -> GenerateRequest {
        let defaults = GenerateRequest::default();
        let (sampler, schedule) = match self.value("Sampler") {
            Some(sampler) => sampler_and_schedule(sampler, self.value("Schedule type")),
            None => (defaults.sampler.clone(), defaults.schedule.clone()),
        };
        let (width_px, height_px) = self
            .value("Size")
            .and_then(parse_size)
            .unwrap_or((defaults.width_px, defaults.height_px));
        let steps = self.whole("Steps").unwrap_or(defaults.steps);
        let is_tiling = self.value("Tiling") == Some("True");
        GenerateRequest {
            width_px,
            height_px,
            steps,
            guidance_scale: self.number(&["CFG scale"]).unwrap_or(defaults.guidance_scale),
            guidance_rescale: self.number(&["CFG rescale"]).unwrap_or(defaults.guidance_rescale),
            sampler,
            schedule,
            eta: self
                .number(&["Eta DDIM", "Eta"])
                .filter(|eta| (0.0..=1.0).contains(eta))
                .unwrap_or(defaults.eta),
            seed: self.whole("Seed").unwrap_or(defaults.seed),
            clip_skip: self
                .whole::<u32>("Clip skip")
                .map_or(defaults.clip_skip, |layers| layers.saturating_sub(1)),
            hires: self.hires(width_px),
            refiner: self.refiner(steps),
            variation: self.variation(),
            tiling: Tiling {
                x: is_tiling,
                y: is_tiling,
            },
            ..defaults
        }
    }

    fn hires(&self, width_px: u32) -> Option<Hires> {
        let resized = || {
            let (width, _) = self.value("Hires resize").and_then(parse_size)?;
            Some(f64::from(width) / f64::from(width_px.max(1)))
        };
        let scale = self.number(&["Hires upscale"]).or_else(resized)?;
        let strength = self.number(&["Denoising strength"]).unwrap_or(HIRES_STRENGTH);
        ((1.0..=4.0).contains(&scale) && (0.0..=1.0).contains(&strength)).then(|| Hires {
            scale,
            strength,
            steps: self.whole("Hires steps").filter(|steps| *steps > 0),
        })
    }

    fn refiner(&self, steps: u32) -> Option<Refiner> {
        let name = self.value("Refiner")?;
        let part = self.number(&["Refiner switch at"])?;
        // A hash in brackets follows the name.
        let name = name.split_once(" [").map_or(name, |(name, _)| name);
        (0.0..1.0).contains(&part).then(|| Refiner {
            model: ModelRef::from(name),
            step: (part * f64::from(steps)).round() as u32,
        })
    }

    fn variation(&self) -> Option<Variation> {
        let strength = self.number(&["Variation seed strength"])?;
        let seed = self.whole("Variation seed")?;
        (0.0..=1.0).contains(&strength).then_some(Variation { seed, strength })
    }

    /// A1111 writes what makes its noise only where it is not the GPU.
    fn noise_source(&self, program: &str) -> NoiseSource {
        match self.value("RNG") {
            Some(rng) if rng.eq_ignore_ascii_case("cpu") => NoiseSource::TorchCpu,
            None if self.0.is_empty() || program.starts_with("hareru") => NoiseSource::Hareru,
            _ => NoiseSource::A1111Gpu,
        }
    }
}

/// Takes `<lora:name:weight>` out of a prompt; with two weights that of the text encoders stands first.
fn split_loras(prompt: &str) -> (String, Vec<LoraSpec>) {
    let mut kept = String::new();
    let mut loras = Vec::new();
    // Between two `<` at most one adapter is named, so that every character is looked at but once.
    let mut is_open = false;
    for part in prompt.split_inclusive('<') {
        let inside = part.strip_suffix('<').unwrap_or(part);
        let word = is_open.then(|| inside.split_once('>')).flatten();
        if let Some((lora, after)) = word.and_then(|(word, after)| Some((lora_of(word)?, after))) {
            kept.truncate(kept.trim_end_matches(' ').len());
            kept.push_str(after);
            loras.push(lora);
        } else {
            if is_open {
                kept.push('<');
            }
            kept.push_str(inside);
        }
        is_open = inside.len() < part.len();
    }
    if is_open {
        kept.push('<');
    }
    (kept.trim().to_owned(), loras)
}

fn lora_of(inside: &str) -> Option<LoraSpec> {
    let mut parts = inside.split(':');
    if !matches!(parts.next()?, "lora" | "lyco") {
        return None;
    }
    let name = parts.next().filter(|name| !name.is_empty())?;
    let weights: Vec<f64> = parts
        .map(|part| part.trim().parse::<f64>().ok().filter(|weight| weight.is_finite()))
        .collect::<Option<_>>()?;
    let text_weight = weights.first().copied().unwrap_or(1.0);
    Some(LoraSpec {
        text_weight,
        ..lora(name, weights.get(1).copied().unwrap_or(text_weight))
    })
}

/// What stands before the settings, and the settings.
fn split_settings(text: &str) -> (&str, Vec<(String, String)>) {
    let last_line_start = text.rfind('\n').map_or(0, |newline| newline + 1);
    let last_line = &text[last_line_start..];
    // Some files have lost the newline before the settings.
    let start = last_line_start + steps_start(last_line).unwrap_or(0);
    let pairs = parse_pairs(&text[start..]);
    if pairs.len() >= MIN_PAIRS {
        (&text[..start], pairs)
    } else {
        (text, Vec::new())
    }
}

/// Where `Steps: NUMBER,` starts, unless it stands among other settings.
fn steps_start(line: &str) -> Option<usize> {
    const STEPS: &str = "Steps: ";
    line.match_indices(STEPS)
        .map(|(at, _)| at)
        .filter(|at| line[at + STEPS.len()..].starts_with(|c: char| c.is_ascii_digit()))
        .last()
        .filter(|&at| !line[..at].trim_end().ends_with(','))
}

/// `key: value` pairs. A value is JSON if it starts as such, else it ends at the next comma.
fn parse_pairs(line: &str) -> Vec<(String, String)> {
    let mut pairs = Vec::new();
    let mut rest = line.trim();
    let mut num_broken = 0;
    while !rest.is_empty() {
        // No further than the key: values may follow each other without a comma.
        let colon = rest.find([',', ':']).unwrap_or(rest.len());
        if !rest[colon..].starts_with(':') {
            rest = rest[colon..].trim_start_matches(',').trim_start(); // a bare key
            continue;
        }
        let key = rest[..colon].trim();
        let after = rest[colon + 1..].trim_start();
        let starts_json = after.starts_with(['"', '{', '[']) && num_broken < MAX_BROKEN_JSON;
        let json = starts_json.then(|| json_value(after)).flatten();
        num_broken += usize::from(starts_json && json.is_none());
        let (value, length) = json.unwrap_or_else(|| {
            let length = after.find(',').unwrap_or(after.len());
            (after[..length].trim().to_owned(), length)
        });
        if is_key(key) {
            pairs.push((key.to_owned(), value));
        }
        rest = after[length..].trim_start().trim_start_matches(',').trim_start();
    }
    pairs
}

/// As A1111's pattern has it: letters, digits, `_`, space, `-` and `/`, at least two.
fn is_key(key: &str) -> bool {
    key.chars().count() >= 2 && key.chars().all(|c| c.is_alphanumeric() || "_ -/".contains(c))
}

/// A JSON string, object or list at the start of `text`, unquoted if a string, and the bytes it takes.
fn json_value(text: &str) -> Option<(String, usize)> {
    let mut values = serde_json::Deserializer::from_str(text).into_iter::<serde_json::Value>();
    let value = values.next()?.ok()?;
    let text = match value {
        serde_json::Value::String(text) => text,
        other => other.to_string(),
    };
    Some((text, values.byte_offset()))
}

fn split_negative(head: &str) -> (String, String) {
    let start = if head.starts_with(NEGATIVE) {
        Some(0)
    } else {
        head.find(&format!("\n{NEGATIVE}")).map(|newline| newline + 1)
    };
    match start {
        Some(start) => (
            head[..start].trim().to_owned(),
            head[start + NEGATIVE.len()..].trim().to_owned(),
        ),
        None => (head.trim().to_owned(), String::new()),
    }
}

/// Our ids for a sampler and a schedule of A1111. Before version 1.9 the schedule was the end of the sampler's name.
fn sampler_and_schedule(sampler: &str, schedule: Option<&str>) -> (String, String) {
    let (sampler, suffix) = sampler_id(sampler);
    let schedule = match (suffix, schedule) {
        (_, Some(schedule)) if schedule != "Automatic" => schedule_id(schedule),
        (Some(suffix), _) => suffix.to_owned(),
        // The old names said it when it was Karras, and "Automatic" came with the new ones.
        (None, Some(_)) if KARRAS_BY_DEFAULT.contains(&sampler.as_str()) => "karras".to_owned(),
        (None, _) => "normal".to_owned(),
    };
    (sampler, schedule)
}

fn parse_size(size: &str) -> Option<(u32, u32)> {
    let (width, height) = size.split_once('x')?;
    Some((width.trim().parse().ok()?, height.trim().parse().ok()?))
}
