//! The `parameters` text that AUTOMATIC1111's web UI made customary: written for other tools, read from theirs.
//!
//! Prompt, then `Negative prompt: …`, then one line of `key: value` pairs separated by commas.
//! Source: `create_infotext` and `parse_generation_parameters` of
//! <https://github.com/AUTOMATIC1111/stable-diffusion-webui>

use crate::job::{GenerateRequest, NoiseSource, Record};

/// Our sampler ids and what A1111 calls them.
const SAMPLERS: &[(&str, &str)] = &[
    ("ddim", "DDIM"),
    ("ddim_cfg_pp", "DDIM CFG++"),
    ("ddpm", "DDPM"),
    ("deis", "DEIS"),
    ("dpm2", "DPM2"),
    ("dpm2_a", "DPM2 a"),
    ("dpmpp_2m", "DPM++ 2M"),
    ("dpmpp_2m_sde", "DPM++ 2M SDE"),
    ("dpmpp_2m_sde_heun", "DPM++ 2M SDE Heun"),
    ("dpmpp_2s_a", "DPM++ 2S a"),
    ("dpmpp_3m_sde", "DPM++ 3M SDE"),
    ("dpmpp_sde", "DPM++ SDE"),
    ("euler", "Euler"),
    ("euler_a", "Euler a"),
    ("heun", "Heun"),
    ("ipndm", "IPNDM"),
    ("lcm", "LCM"),
    ("lms", "LMS"),
    ("pndm", "PLMS"),
    ("restart", "Restart"),
    ("unipc", "UniPC"),
];
/// Our schedule ids and what A1111 calls them.
const SCHEDULES: &[(&str, &str)] = &[
    ("normal", "Normal"),
    ("karras", "Karras"),
    ("exponential", "Exponential"),
    ("polyexponential", "Polyexponential"),
    ("kl_optimal", "KL Optimal"),
    ("align_your_steps", "Align Your Steps"),
    ("sgm_uniform", "SGM Uniform"),
    ("simple", "Simple"),
    ("beta", "Beta"),
    ("ddim_uniform", "DDIM"),
];
/// Other names under which our schedules go.
const SCHEDULE_ALIASES: &[(&str, &str)] = &[("Uniform", "normal"), ("Discrete", "normal")];
/// Samplers to which A1111's schedule "Automatic" gives Karras; all others get its uniform one.
const KARRAS_BY_DEFAULT: &[&str] = &["dpmpp_2m", "dpmpp_sde", "dpmpp_2s_a", "dpm2", "dpm2_a"];
/// Start of the part that says what to stay away from.
const NEGATIVE: &str = "Negative prompt:";
/// Pairs that make a line one of settings, as A1111 has it.
const MIN_PAIRS: usize = 3;
/// Characters of the model's hash that are written.
const SHORT_HASH_LEN: usize = 10;

/// The text for a record, without our own fields that no other tool knows.
pub fn infotext(record: &Record) -> String {
    let Record {
        request,
        program,
        model_name,
        model_hash,
        ..
    } = record;
    let mut pairs: Vec<(&str, String)> = vec![
        ("Steps", request.steps.to_string()),
        ("Sampler", theirs(SAMPLERS, &request.sampler)),
        ("Schedule type", theirs(SCHEDULES, &request.schedule)),
        ("CFG scale", request.guidance_scale.to_string()),
        ("Seed", request.seed.to_string()),
        ("Size", format!("{}x{}", request.width_px, request.height_px)),
    ];
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
    if !request.negative_prompt.is_empty() {
        for part in ["\n", NEGATIVE, " ", &request.negative_prompt] {
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

/// The record a text of this kind amounts to; what it does not say has its default. `None` if it is JSON of another
/// program or says nothing.
pub fn record_from_infotext(text: &str) -> Option<Record> {
    let text = text.trim();
    if text.is_empty() || text.starts_with('{') {
        return None;
    }
    let (head, pairs) = split_settings(text);
    let (prompt, negative_prompt) = split_negative(head);
    let value = |key: &str| {
        pairs
            .iter()
            .find(|(found, _)| found == key)
            .map(|(_, value)| value.as_str())
    };
    let number = |keys: &[&str]| {
        keys.iter()
            .find_map(|key| value(key)?.trim().parse::<f64>().ok())
            .filter(|number| number.is_finite())
    };

    let defaults = GenerateRequest::default();
    let (sampler, schedule) = match value("Sampler") {
        Some(sampler) => sampler_and_schedule(sampler, value("Schedule type")),
        None => (defaults.sampler.clone(), defaults.schedule.clone()),
    };
    let (width_px, height_px) = value("Size")
        .and_then(parse_size)
        .unwrap_or((defaults.width_px, defaults.height_px));
    let request = GenerateRequest {
        prompt,
        negative_prompt,
        width_px,
        height_px,
        steps: value("Steps")
            .and_then(|steps| steps.parse().ok())
            .unwrap_or(defaults.steps),
        guidance_scale: number(&["CFG scale"]).unwrap_or(defaults.guidance_scale),
        guidance_rescale: number(&["CFG rescale"]).unwrap_or(defaults.guidance_rescale),
        sampler,
        schedule,
        eta: number(&["Eta DDIM", "Eta"])
            .filter(|eta| (0.0..=1.0).contains(eta))
            .unwrap_or(defaults.eta),
        seed: value("Seed")
            .and_then(|seed| seed.parse().ok())
            .unwrap_or(defaults.seed),
        clip_skip: value("Clip skip")
            .and_then(|layers| layers.parse::<u32>().ok())
            .map_or(defaults.clip_skip, |layers| layers.saturating_sub(1)),
        ..defaults
    };
    let text_of = |key| value(key).unwrap_or_default().to_owned();
    Some(Record {
        version: Record::VERSION,
        program: text_of("Version"),
        request,
        model_name: text_of("Model"),
        model_hash: text_of("Model hash"),
        family: String::new(),
        rng: text_of("RNG"),
        precision: String::new(),
        decoder: String::new(),
        run_id: String::new(),
        origin: None,
        batch_index: 0,
        created_unix_secs: 0,
        elapsed_secs: 0.0,
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
    while !rest.is_empty() {
        let end_of_part = rest.find(',').unwrap_or(rest.len());
        let Some(colon) = rest.find(':').filter(|&colon| colon < end_of_part) else {
            rest = rest[end_of_part..].trim_start_matches(',').trim_start(); // a bare key
            continue;
        };
        let key = rest[..colon].trim();
        let after = rest[colon + 1..].trim_start();
        let (value, length) = json_value(after).unwrap_or_else(|| {
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
    if !text.starts_with(['"', '{', '[']) {
        return None;
    }
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
    let split = SCHEDULES.iter().find_map(|(id, label)| {
        let (start, end) = sampler.split_at_checked(sampler.len().checked_sub(label.len())?)?;
        (end.eq_ignore_ascii_case(label) && start.ends_with(' ')).then(|| (start.trim_end(), *id))
    });
    let (sampler, suffix) = match split {
        Some((sampler, schedule)) => (sampler, Some(schedule)),
        None => (sampler, None),
    };
    let sampler = ours(SAMPLERS, sampler);
    let automatic = || {
        if KARRAS_BY_DEFAULT.contains(&sampler.as_str()) {
            "karras".to_owned()
        } else {
            "normal".to_owned()
        }
    };
    let schedule = match (suffix, schedule) {
        (Some(suffix), None | Some("Automatic")) => suffix.to_owned(),
        (_, Some(schedule)) if schedule != "Automatic" => SCHEDULE_ALIASES
            .iter()
            .find(|(label, _)| schedule.eq_ignore_ascii_case(label))
            .map_or_else(|| ours(SCHEDULES, schedule), |(_, id)| (*id).to_owned()),
        // The old names said it when it was Karras, and "Automatic" came with the new ones.
        (_, None) => "normal".to_owned(),
        _ => automatic(),
    };
    (sampler, schedule)
}

fn theirs(names: &[(&str, &str)], id: &str) -> String {
    let name = names.iter().find(|(known, _)| *known == id);
    name.map_or(id, |(_, label)| label).to_owned()
}

/// An unknown name is kept, in the form of an id, so that whoever uses it can say which one is unknown.
fn ours(names: &[(&str, &str)], label: &str) -> String {
    let label = label.trim();
    let name = names.iter().find(|(_, known)| known.eq_ignore_ascii_case(label));
    name.map_or_else(
        || label.to_lowercase().replace('+', "p").replace([' ', '-'], "_"),
        |(id, _)| (*id).to_owned(),
    )
}

fn parse_size(size: &str) -> Option<(u32, u32)> {
    let (width, height) = size.split_once('x')?;
    Some((width.trim().parse().ok()?, height.trim().parse().ok()?))
}

/// Values that would end the pair or the line too early are written as JSON strings.
fn quoted_if_needed(value: String) -> String {
    if value.contains([',', ':', '\n', '\r', '"']) {
        serde_json::Value::String(value).to_string()
    } else {
        value
    }
}
