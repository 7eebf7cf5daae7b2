//! A1111, Forge and all who write as they do: prompt, then `Negative prompt: …`, then one line of `key: value` pairs
//! separated by commas. stable-diffusion.cpp writes so too, with the schedule at the end of the sampler's name; SD.Next,
//! the AI Horde, Draw Things and Easy Diffusion nearly so.
//!
//! Source: `parse_generation_parameters` of <https://github.com/AUTOMATIC1111/stable-diffusion-webui>

mod parts;

use super::facts::Facts;
use super::fields::{lora, model_name, parse};
use super::names::{sampler_id, schedule_id};
use crate::job::{GenerateRequest, Hires, LoraSpec, ModelRef, NoiseSource, Record, Refiner, Tiling, Variation};
use parts::{Parts, parts};

/// Samplers to which A1111's schedule "Automatic" gives Karras; all others get its uniform one.
const KARRAS_BY_DEFAULT: &[&str] = &["dpmpp_2m", "dpmpp_sde", "dpmpp_2s_a", "dpm2", "dpm2_a"];
/// What A1111 writes where the sampler chose its schedule.
const AUTOMATIC: &str = "Automatic";
/// What A1111 takes where the text does not say how much a second pass may change.
const HIRES_STRENGTH: f64 = 0.7;

/// The record a text of this kind amounts to; what it does not say is unknown. `None` if it is JSON of another program or
/// says nothing.
pub fn record_from_infotext(text: &str) -> Option<Record> {
    let text = text.trim();
    if text.is_empty() || text.starts_with('{') && parse(text).is_some() {
        return None;
    }
    let Parts {
        prompt,
        negative_prompt,
        settings,
    } = parts(text);
    let settings = Settings(settings);
    let (prompt, loras) = split_loras(&prompt);
    let (prompt, negative_prompt) = settings.split_dash(prompt, negative_prompt);
    let mut facts = Facts {
        prompt,
        negative_prompt,
        ..settings.facts()
    };
    facts.others.loras = loras;
    facts.others.noise_source = settings.noise_source(&facts.program);
    let mut record = facts.into_record();
    record.rng = settings.text("rng");
    Some(record)
}

/// The settings, by their names in lower case.
struct Settings(Vec<(String, String)>);

impl Settings {
    fn value(&self, key: &str) -> Option<&str> {
        let pair = self.0.iter().find(|(found, value)| found == key && !value.is_empty());
        pair.map(|(_, value)| value.as_str())
    }

    fn any(&self, keys: &[&str]) -> Option<&str> {
        keys.iter().find_map(|key| self.value(key))
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

    fn facts(&self) -> Facts {
        let mut facts = Facts {
            size_px: self.size(),
            steps: self.whole("steps").or_else(|| self.whole("num inference steps")),
            guidance_scale: self.number(&["cfg scale", "guidance scale", "cfg"]),
            seed: self.whole("seed"),
            program: self.any(&["version", "app"]).unwrap_or_default().to_owned(),
            model_name: self
                .any(&["model", "stable diffusion model"])
                .map(model_name)
                .unwrap_or_default(),
            model_hash: self.text("model hash"),
            ..Facts::default()
        };
        let schedule = self.any(&["schedule type", "scheduler"]);
        facts.schedule = schedule.filter(|name| *name != AUTOMATIC).map(schedule_id);
        if let Some(sampler) = self.any(&["sampler", "sampler name"]) {
            let (sampler, schedule) = sampler_and_schedule(sampler, schedule);
            (facts.sampler, facts.schedule) = (Some(sampler), Some(schedule));
        }
        let defaults = GenerateRequest::default();
        let is_tiling = self
            .value("tiling")
            .is_some_and(|said| said.eq_ignore_ascii_case("true"));
        facts.others = GenerateRequest {
            guidance_rescale: self.number(&["cfg rescale"]).unwrap_or(defaults.guidance_rescale),
            eta: self
                .number(&["eta ddim", "eta"])
                .filter(|eta| (0.0..=1.0).contains(eta))
                .unwrap_or(defaults.eta),
            clip_skip: self
                .whole::<u32>("clip skip")
                .map_or(defaults.clip_skip, |layers| layers.saturating_sub(1)),
            hires: facts.size_px.and_then(|(width_px, _)| self.hires(width_px)),
            refiner: facts.steps.and_then(|steps| self.refiner(steps)),
            variation: self.variation(),
            tiling: Tiling {
                x: is_tiling,
                y: is_tiling,
            },
            ..defaults
        };
        facts
    }

    fn size(&self) -> Option<(u32, u32)> {
        let sides = || self.whole("width").zip(self.whole("height"));
        self.value("size").and_then(parse_size).or_else(sides)
    }

    /// Draw Things writes what to stay away from on a line that begins with a dash.
    fn split_dash(&self, prompt: String, negative_prompt: String) -> (String, String) {
        let is_theirs = negative_prompt.is_empty() && self.value("guidance scale").is_some();
        match prompt.rsplit_once('\n').filter(|_| is_theirs) {
            Some((before, last)) if last.starts_with('-') => (before.trim().to_owned(), last[1..].trim().to_owned()),
            _ if is_theirs && prompt.starts_with('-') => (String::new(), prompt[1..].trim().to_owned()),
            _ => (prompt, negative_prompt),
        }
    }

    fn hires(&self, width_px: u32) -> Option<Hires> {
        let resized = || {
            let (width, _) = self.value("hires resize").and_then(parse_size)?;
            Some(f64::from(width) / f64::from(width_px.max(1)))
        };
        let scale = self.number(&["hires upscale"]).or_else(resized)?;
        let strength = self.number(&["denoising strength"]).unwrap_or(HIRES_STRENGTH);
        ((1.0..=4.0).contains(&scale) && (0.0..=1.0).contains(&strength)).then(|| Hires {
            scale,
            strength,
            steps: self.whole("hires steps").filter(|steps| *steps > 0),
        })
    }

    fn refiner(&self, steps: u32) -> Option<Refiner> {
        let name = self.value("refiner")?;
        let part = self.number(&["refiner switch at"])?;
        // A hash in brackets follows the name.
        let name = name.split_once(" [").map_or(name, |(name, _)| name);
        (0.0..1.0).contains(&part).then(|| Refiner {
            model: ModelRef::from(name),
            step: (part * f64::from(steps)).round() as u32,
        })
    }

    fn variation(&self) -> Option<Variation> {
        let strength = self.number(&["variation seed strength"])?;
        let seed = self.whole("variation seed")?;
        (0.0..=1.0).contains(&strength).then_some(Variation { seed, strength })
    }

    /// A1111 writes what makes its noise only where it is not the GPU.
    fn noise_source(&self, program: &str) -> NoiseSource {
        match self.value("rng") {
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

/// Our ids for a sampler and a schedule of A1111. Before version 1.9 the schedule was the end of the sampler's name.
fn sampler_and_schedule(sampler: &str, schedule: Option<&str>) -> (String, String) {
    let (sampler, suffix) = sampler_id(sampler);
    let schedule = match (suffix, schedule) {
        (_, Some(schedule)) if schedule != AUTOMATIC => schedule_id(schedule),
        (Some(suffix), _) => suffix.to_owned(),
        // The old names said it when it was Karras, and "Automatic" came with the new ones.
        (None, Some(_)) if KARRAS_BY_DEFAULT.contains(&sampler.as_str()) => "karras".to_owned(),
        (None, _) => "normal".to_owned(),
    };
    (sampler, schedule)
}

fn parse_size(size: &str) -> Option<(u32, u32)> {
    let (width, height) = size.split_once(['x', 'X', '\u{d7}', '*'])?;
    Some((width.trim().parse().ok()?, height.trim().parse().ok()?))
}
