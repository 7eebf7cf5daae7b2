//! What the fields of a request are called on the page.

use std::path::Path;

use crate::engine;
use crate::job::{Choice, Difference, ModelRef};
use crate::ui::i18n::Language;

/// The name of a field by its path, such as `loras.0.unet_weight`: its head in words, the rest as it is.
pub(in crate::ui) fn name(language: Language, path: &str) -> String {
    let (head, rest) = path.split_once('.').unwrap_or((path, ""));
    let head = match key(head) {
        Some(key) => language.tr(key),
        None => head.replace('_', " "),
    };
    if rest.is_empty() {
        return head;
    }
    let parts = rest.split('.').map(|part| match part.parse::<usize>() {
        Ok(index) => (index + 1).to_string(),
        Err(_) => part.replace('_', " "),
    });
    format!("{head} · {}", parts.collect::<Vec<_>>().join(" · "))
}

/// The name of a model of the program itself; `None` for those on disk.
pub(in crate::ui) fn built_in_name(language: Language, model: &ModelRef) -> Option<String> {
    let key = match model {
        ModelRef::Starter => "model-starter",
        ModelRef::Flowers => "model-flowers",
        ModelRef::Path(_) => return None,
    };
    Some(language.tr(key))
}

/// The name of a model by the one in its pictures' records, which for those of the program itself is English.
pub(in crate::ui) fn recorded_model_name(language: Language, name: &str) -> String {
    let mut built_in = ModelRef::BUILT_IN.iter();
    let model = built_in.find(|model| model.to_string().eq_ignore_ascii_case(name));
    let name_here = model.and_then(|model| built_in_name(language, model));
    name_here.unwrap_or_else(|| name.to_owned())
}

/// What people call a sampler or a schedule; the name in the record if it is not known.
pub(in crate::ui) fn choice_name(choices: &[Choice], id: &str) -> String {
    let choice = choices.iter().find(|choice| choice.id == id);
    choice.map_or(id, |choice| choice.label).to_owned()
}

/// A value in short: a sampler, a schedule or a model of the program by its name, a file by its own, a dash for nothing.
///
/// * `field`: see [`name`].
pub(in crate::ui) fn value(language: Language, field: &str, value: &str) -> String {
    let path = Path::new(value);
    match path.file_name() {
        _ if field == "sampler" => choice_name(&engine::samplers(), value),
        _ if field == "schedule" => choice_name(&engine::schedules(), value),
        _ if matches!(field, "prompt_syntax" | "emphasis") => prompt_choice(language, value),
        _ if field == "model" && !path.is_absolute() => recorded_model_name(language, value),
        _ if value.is_empty() => "–".to_owned(),
        _ if value.parse::<f64>().is_ok() => value.replacen('-', "−", 1),
        Some(name) if path.is_absolute() => name.to_string_lossy().into_owned(),
        _ => value.to_owned(),
    }
}

/// How prompts are read, or what their weights do; the value in the record if it is not known.
fn prompt_choice(language: Language, value: &str) -> String {
    let key = match value {
        "a1111" => "syntax-a1111",
        "literal" => "syntax-literal",
        "keep_mean" => "emphasis-keep-mean",
        "interpolate" => "emphasis-interpolate",
        _ => return value.to_owned(),
    };
    language.tr(key)
}

/// A change in one line, such as `Guidance (CFG) 5 → 9`.
pub(in crate::ui) fn change(language: Language, change: &Difference) -> String {
    let [a, b] = [&change.a, &change.b].map(|side| value(language, &change.field, side));
    format!("{} {a} → {b}", name(language, &change.field))
}

fn key(field: &str) -> Option<&'static str> {
    Some(match field {
        "model" => "form-model",
        "prompt" => "form-prompt",
        "negative_prompt" => "form-negative",
        "prompt_syntax" => "form-prompt-syntax",
        "emphasis" => "form-emphasis",
        "width_px" => "form-width",
        "height_px" => "form-height",
        "steps" => "form-steps",
        "guidance_scale" => "form-guidance",
        "guidance_rescale" => "form-rescale",
        "sampler" => "form-sampler",
        "schedule" => "form-schedule",
        "timestep_spacing" => "form-spacing",
        "eta" => "form-eta",
        "seed" => "form-seed",
        "batch_count" => "form-batch",
        "clip_skip" => "form-clip-skip",
        "vae" => "field-vae",
        "guidance_interval" => "field-guidance-interval",
        "guidance_schedule" => "field-guidance-schedule",
        "init" => "field-init",
        "mask" => "field-mask",
        "outpaint" => "field-outpaint",
        "controls" => "field-controls",
        "references" => "field-references",
        "hires" => "field-hires",
        "upscale" => "field-upscale",
        "refiner" => "field-refiner",
        "variation" => "field-variation",
        "tiling" => "field-tiling",
        "noise_source" => "field-noise-source",
        "loras" => "field-loras",
        "embeddings" => "field-embeddings",
        "class_label" => "field-class-label",
        "noise_level" => "field-noise-level",
        "film" => "field-film",
        "stop_after" => "field-stop-after",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::job::GenerateRequest;

    #[test]
    fn every_field_of_a_request_should_have_a_name() {
        let told_otherwise = ["changes", "prompt_switches"];
        let request = serde_json::to_value(GenerateRequest {
            stop_after: Some(3),
            ..GenerateRequest::default()
        });
        for field in request.unwrap().as_object().unwrap().keys() {
            assert!(key(field).is_some() || told_otherwise.contains(&&**field), "{field}");
        }
    }

    #[test]
    fn paths_and_empty_values_should_be_short() {
        assert_eq!(
            name(Language::English, "loras.0.unet_weight"),
            "Adapters · 1 · unet weight"
        );
        let value = |field, text| value(Language::English, field, text);
        assert_eq!(value("vae", "/models/ink.safetensors"), "ink.safetensors");
        assert_eq!(value("prompt", "black/white"), "black/white");
        assert_eq!(value("vae", ""), "–");
        assert_eq!(value("guidance_scale", "-3.5"), "−3.5");
    }

    #[test]
    fn samplers_schedules_and_models_should_be_called_as_in_the_form() {
        let value = |field, text| value(Language::English, field, text);
        assert_eq!(value("sampler", "dpmpp_2m"), "DPM++ 2M");
        assert_eq!(value("schedule", "karras"), "Karras");
        assert_eq!(value("model", "starter"), "Starter");
        assert_eq!(value("sampler", "one of tomorrow"), "one of tomorrow");
    }
}
