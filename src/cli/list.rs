//! `hareru models` and `hareru samplers`: what there is to choose from.

use std::io;
use std::path::{Path, PathBuf};

use serde_json::json;

use super::CliError;
use super::output::Output;
use crate::config::Paths;
use crate::engine::{self, EngineHandle, EngineOptions};
use crate::job::{Choice, Event, ModelInfo, ModelRef};

/// How files end that may be models.
const MODEL_ENDINGS: [&str; 4] = ["safetensors", "ckpt", "pt", "gguf"];

/// The built-in models and those in the models folder; what cannot be used is listed with the reason.
pub(super) fn models(output: Output, paths: &Paths) -> Result<(), CliError> {
    let mut models = ModelRef::BUILT_IN.to_vec();
    models.extend(models_in(&paths.models_dir).into_iter().map(ModelRef::Path));

    let engine = EngineHandle::start(EngineOptions::of_user(), || {})?;
    for model in models {
        engine.describe(model)?;
        match engine.wait() {
            Some(Event::ModelDescribed { info }) => show_model(output, &info)?,
            Some(Event::ModelRefused { model, error }) => {
                output.json(&json!({ "model": model, "error": error.message }))?;
                output.line(&format!("{model}  cannot be used: {error}"))?;
            }
            _ => return Err(CliError::Failed("the engine has stopped".to_owned())),
        }
    }
    Ok(())
}

fn show_model(output: Output, info: &ModelInfo) -> Result<(), CliError> {
    let value = serde_json::to_value(info).map_err(io::Error::from)?;
    output.json(&value)?;
    let ModelInfo {
        model,
        name,
        family,
        prediction,
        defaults,
        ..
    } = info;
    output.line(&format!(
        "{model}  {name}, {family}, predicts {prediction}, {}x{}, {} steps with {} {}, guidance {}",
        defaults.width_px,
        defaults.height_px,
        defaults.steps,
        defaults.sampler,
        defaults.schedule,
        defaults.guidance_scale
    ))?;
    Ok(())
}

/// Folders in the diffusers layout and models in one file, in order of name.
fn models_in(folder: &Path) -> Vec<PathBuf> {
    let is_model = |path: &PathBuf| {
        let end = path.extension().map(|end| end.to_string_lossy().to_lowercase());
        path.join("model_index.json").is_file()
            || end.is_some_and(|end| MODEL_ENDINGS.contains(&end.as_str())) && path.is_file()
    };
    let mut models: Vec<_> = std::fs::read_dir(folder)
        .into_iter()
        .flatten()
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(is_model)
        .collect();
    models.sort();
    models
}

/// Every preprocessor of pictures to follow.
pub(super) fn preprocessors(output: Output) -> io::Result<()> {
    let choices = engine::preprocessors();
    let width = choices.iter().map(|(id, _)| id.len()).max().unwrap_or_default();
    for (id, label) in choices {
        output.json(&json!({ "kind": "preprocessor", "id": id, "label": label }))?;
        output.line(&format!("{id:width$}  {label}"))?;
    }
    Ok(())
}

/// Every sampler and every schedule.
pub(super) fn samplers(output: Output) -> io::Result<()> {
    for (kind, heading, choices) in [
        ("sampler", "Samplers", engine::samplers()),
        ("schedule", "Schedules", engine::schedules()),
    ] {
        output.line(heading)?;
        let width = choices.iter().map(|choice| choice.id.len()).max().unwrap_or_default();
        for Choice { id, label, aliases } in choices {
            output.json(&json!({ "kind": kind, "id": id, "label": label, "aliases": aliases }))?;
            output.line(&format!("  {id:width$}  {label}"))?;
        }
    }
    Ok(())
}
