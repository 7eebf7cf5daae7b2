//! `hareru models` and `hareru samplers`: what there is to choose from.

use std::io;

use serde_json::json;

use super::CliError;
use super::output::Output;
use crate::config::Paths;
use crate::engine::{self, EngineHandle, EngineOptions};
use crate::job::{Choice, Event, ModelInfo, ModelRef};

/// The built-in model and those in the models folder; what cannot be used is listed with the reason.
pub(super) fn models(output: Output, paths: &Paths) -> Result<(), CliError> {
    let mut models = vec![ModelRef::Starter];
    models.extend(folders_with_models(paths).into_iter().map(ModelRef::Path));

    let engine = EngineHandle::start(EngineOptions::default(), || {})?;
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

/// Folders in the diffusers layout, in order of name.
fn folders_with_models(paths: &Paths) -> Vec<std::path::PathBuf> {
    let mut folders: Vec<_> = std::fs::read_dir(&paths.models_dir)
        .into_iter()
        .flatten()
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|folder| folder.join("model_index.json").is_file())
        .collect();
    folders.sort();
    folders
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
